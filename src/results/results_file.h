// results.jsonl: what a campaign has come to, a record a line, only ever
// appended to (docs/results-format.md). The database, the summary and the
// reports are made from it.

#ifndef LASTCOMMIT_RESULTS_RESULTS_FILE_H_
#define LASTCOMMIT_RESULTS_RESULTS_FILE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "results/tally.h"

namespace lastcommit {

// A line with its newline, and back. Directories of findings are relative to
// that of the campaign in it.
std::string PrintRecord(const Record& record);
// InvalidArgument.
absl::StatusOr<Record> ParseRecord(std::string_view line);

struct Results {
  Tally tally;
  // In words, where the last line was cut off; it is no record.
  std::string cut;
};

// Called with each record, in order; an error of it ends the reading.
using OnRecord = std::function<absl::Status(const Record& record)>;

// What all records of DIRECTORY/results.jsonl come to. No file = none.
// InvalidArgument "FILE:LINE: what is wrong" for a line that is no record,
// unless it is the last and has no newline, or is followed by a CutRecord; and
// for a record that counts an index again.
absl::StatusOr<Results> ReadResults(
    const std::string& directory,
    const OnRecord& on_record = [](const Record&) { return absl::OkStatus(); });

class ResultsFile {
 public:
  // Opens DIRECTORY/results.jsonl, or makes it. Ends a line that was cut off.
  static absl::StatusOr<std::unique_ptr<ResultsFile>> Open(
      const std::string& directory, const Results& found);
  ~ResultsFile();
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  // Synced: the record survives a crash of the machine, too.
  absl::Status Append(const Record& record);
  // Of many that are made anew after a crash: synced by Sync() alone.
  absl::Status AppendUnsynced(const Record& record);
  absl::Status Sync();

 private:
  ResultsFile(std::string directory, int file);
  // An error is kept, with the name of the file.
  absl::Status Note(const absl::Status& status);

  const std::string directory_;
  const int file_;
  absl::Status broken_;  // the first error; nothing is written after it
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RESULTS_FILE_H_
