// WorkCount: what the processes of a trial really asked of SQLite and of the
// kernel, so that a comparison of two loops can show that both do the same.
// Counts every connection of every VFS that ends in SQLite's "unix" one.

#ifndef LASTCOMMIT_BENCH_WORK_COUNT_H_
#define LASTCOMMIT_BENCH_WORK_COUNT_H_

#include <array>
#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

namespace lastcommit {

struct WorkCount {
  std::int64_t connections = 0;
  std::int64_t statements = 0;  // started, triggers and foreign keys apart
  std::int64_t opens = 0;
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  std::int64_t written_bytes = 0;
  std::int64_t truncates = 0;
  std::int64_t syncs = 0;
  std::int64_t locks = 0;  // fcntl
  std::int64_t unlinks = 0;
};

// One process a fork: [0] is the first child of `run`. Later ones are not
// counted apart but with the last.
inline constexpr int kCountedProcesses = 2;
using WorkCounts = std::array<WorkCount, kCountedProcesses>;

// Runs `run` in a child, which counts what its own children do; the calling
// process stays as it is. Internal if the child failed or `run` was false.
absl::StatusOr<WorkCounts> CountWork(absl::FunctionRef<bool()> run);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_WORK_COUNT_H_
