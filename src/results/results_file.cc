#include "results/results_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

std::string PathIn(const std::string& directory) {
  return absl::StrCat(directory, "/results.jsonl");
}

// A campaign may be moved: its findings are named from its own directory.
void MakeRelative(const std::string& directory, std::string& path) {
  if (path.starts_with(absl::StrCat(directory, "/"))) {
    path.erase(0, directory.size() + 1);
  }
}

void MakeAbsolute(const std::string& directory, std::string& path) {
  if (!path.empty()) path = absl::StrCat(directory, "/", path);
}

template <typename Change>
Record WithPaths(Record record, const std::string& directory, Change change) {
  if (auto* found = std::get_if<FindingRecord>(&record)) {
    change(directory, found->finding.directory);
    change(directory, found->finding.plan_path);
  }
  return record;
}

class Reader {
 public:
  Reader(std::string directory, const OnRecord& on_record)
      : directory_(std::move(directory)), on_record_(on_record) {}

  absl::Status TakePart(std::string_view part) {
    for (std::size_t end = part.find('\n'); end != std::string_view::npos;
         end = part.find('\n')) {
      line_ += part.substr(0, end);
      ++line_number_;
      RETURN_IF_ERROR(Take(line_));
      line_.clear();
      part.remove_prefix(end + 1);
    }
    line_ += part;
    if (line_.size() <= kLongestLine) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(Place(line_number_ + 1),
                                                   ": a line of more than ",
                                                   kLongestLine >> 20, " MiB"));
  }

  absl::StatusOr<Results> End() {
    RETURN_IF_ERROR(TakePending());
    if (!line_.empty()) {
      results_.cut = absl::StrCat(Place(line_number_ + 1),
                                  ": the last line was cut off; what it "
                                  "counted is run again");
    }
    return std::move(results_);
  }

 private:
  // A line counts when it is seen that no CutRecord follows.
  absl::Status Take(std::string_view line) {
    absl::StatusOr<Record> record = ParseRecord(line);
    if (record.ok() && std::holds_alternative<CutRecord>(*record)) {
      pending_.reset();  // and no record itself: it says nothing of another one
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(TakePending());
    pending_ = std::move(record);
    pending_line_ = line_number_;
    return absl::OkStatus();
  }

  absl::Status TakePending() {
    if (!pending_.has_value()) return absl::OkStatus();
    absl::StatusOr<Record> record = *std::exchange(pending_, std::nullopt);
    if (!record.ok()) return Wrong(record.status().message());
    if (const auto* trials = std::get_if<TrialsRecord>(&*record)) {
      if (results_.tally.done.Overlaps(trials->indexes)) {
        return Wrong("it counts an index that was counted before");
      }
    }
    const Record absolute =
        WithPaths(*std::move(record), directory_, MakeAbsolute);
    results_.tally.Add(absolute);
    return on_record_(absolute);
  }

  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Place(pending_line_), ": ", what));
  }

  std::string Place(std::size_t line) const {
    return absl::StrCat(absl::CHexEscape(PathIn(directory_)), ":", line);
  }

  static constexpr std::size_t kLongestLine = std::size_t{256} << 20;

  const std::string directory_;
  const OnRecord& on_record_;
  Results results_;
  std::string line_;             // what there is of it until now
  std::size_t line_number_ = 0;  // of the last whole one
  std::optional<absl::StatusOr<Record>> pending_;
  std::size_t pending_line_ = 0;
};

absl::Status Sync(int file) {
  // Some things that are no files cannot be synced.
  if (fdatasync(file) == 0 || errno == EINVAL) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "");
}

absl::Status WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "");
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Results> ReadResults(const std::string& directory,
                                    const OnRecord& on_record) {
  Reader reader(directory, on_record);
  // None of the reader's errors is a NotFound.
  const absl::Status read =
      ReadInParts(PathIn(directory),
                  [&](std::string_view part) { return reader.TakePart(part); });
  if (absl::IsNotFound(read)) return Results();
  RETURN_IF_ERROR(read);
  return reader.End();
}

absl::StatusOr<std::unique_ptr<ResultsFile>> ResultsFile::Open(
    const std::string& directory, const Results& found) {
  const std::string path = PathIn(directory);
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
           0666);
  if (file < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot write ", absl::CHexEscape(path)));
  }
  std::unique_ptr<ResultsFile> results(new ResultsFile(directory, file));
  if (!found.cut.empty()) {
    // In one: a newline alone would make an error of the line.
    const absl::Status ended =
        WriteAll(file, absl::StrCat("\n", PrintRecord(CutRecord())));
    RETURN_IF_ERROR(results->Note(ended));
  }
  return results;
}

ResultsFile::ResultsFile(std::string directory, int file)
    : directory_(std::move(directory)), file_(file) {}

ResultsFile::~ResultsFile() { close(file_); }

absl::Status ResultsFile::Append(const Record& record) {
  RETURN_IF_ERROR(AppendUnsynced(record));
  return Note(lastcommit::Sync(file_));
}

absl::Status ResultsFile::AppendUnsynced(const Record& record) {
  RETURN_IF_ERROR(broken_);
  return Note(WriteAll(
      file_, PrintRecord(WithPaths(record, directory_, MakeRelative))));
}

absl::Status ResultsFile::Sync() {
  RETURN_IF_ERROR(broken_);
  return Note(lastcommit::Sync(file_));
}

absl::Status ResultsFile::Note(const absl::Status& status) {
  if (!status.ok()) {
    broken_ = absl::Status(
        status.code(),
        absl::StrCat("cannot write ", absl::CHexEscape(PathIn(directory_)),
                     status.message()));
  }
  return status.ok() ? status : broken_;
}

}  // namespace lastcommit
