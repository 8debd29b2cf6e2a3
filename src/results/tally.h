// Tally: what a run has come to. A supervisor adds to it what its workers tell;
// a campaign that goes on, a merge and a report make it from the records of
// results.jsonl (docs/results-format.md). Both ways it is the sum of the same
// records.

#ifndef LASTCOMMIT_RESULTS_TALLY_H_
#define LASTCOMMIT_RESULTS_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "explain/finding.h"
#include "results/cell.h"
#include "results/index_ranges.h"
#include "results/ledger.h"

namespace lastcommit {

// A supervisor begins. What follows belongs to it, up to the next one.
struct StartRecord {
  double at = 0;  // seconds since 1970
  int jobs = 0;
  std::string tester = {};
  std::string machine = {};  // empty: of before it was recorded
};

// These plans were run, each once, since the last such record.
struct TrialsRecord {
  double at = 0;
  double seconds = 0;
  IndexRanges indexes;
  Cells cells;
  std::uint64_t digest_sum = 0;
};

// The last one about a finding holds.
struct FindingRecord {
  Finding finding;
};

// A supervisor ended by itself.
struct EndRecord {
  double at = 0;
  bool was_interrupted = false;
  std::string error;
  int exit_code = 0;
};

// The line before this one was cut off when its writer died.
struct CutRecord {};

using Record = std::variant<StartRecord, TrialsRecord, FindingRecord, EndRecord,
                            CutRecord>;

// One life of a supervisor.
struct Session {
  StartRecord start;
  std::optional<EndRecord> end;  // nullopt: it was killed, or it runs
  double seconds = 0;
  std::int64_t trials = 0;
};

// Trials over time.
struct Slice {
  std::size_t session = 0;  // counted from 0
  double at = 0;
  double seconds = 0;
  std::int64_t trials = 0;
};

// An index may have a violation and the death of a worker.
using FindingKey = std::pair<std::uint64_t, std::string>;  // filed_under

struct Tally {
  IndexRanges done;
  Ledger ledger;
  std::uint64_t digest_sum = 0;
  std::map<FindingKey, Finding> findings;
  std::vector<Session> sessions;
  std::vector<Slice> slices;
  // Of each cell of the group kSignature: how many trials had been recorded
  // with the record that has its first one.
  std::map<Cell, std::int64_t> first_trials;
  // Of each finding: how many had been recorded before it.
  std::vector<std::int64_t> found_after;

  // False if it says nothing new: a finding that is known as well as that.
  bool Add(const Record& record);

  bool has_violations() const;
  bool has_worker_findings() const;
  // Of workers over the plan of that index.
  int DeathsAt(std::uint64_t index) const;
  double seconds() const;      // of all sessions
  std::string digest() const;  // 16 hexadecimal digits
  // How many violations look like which bug (JoinedNames of
  // explain/known_bugs.h): "wal-reset-race", "unknown".
  std::map<std::string, std::int64_t> Likenesses() const;
};

// Findings of one class and shape that look like the same bugs.
struct FindingGroup {
  Finding first;  // the one with the lowest index, if one was shrunk to its end
                  // of those
  std::vector<std::uint64_t> indexes;
};

// Explained ones by class and shape; those without a shape each on its own;
// then, a group for each class, those that were not explained.
std::vector<FindingGroup> Grouped(const Tally& tally);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_TALLY_H_
