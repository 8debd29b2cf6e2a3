// What benchmarks share: time, a place for files, the end of the program.

#ifndef LASTCOMMIT_BENCH_HARNESS_H_
#define LASTCOMMIT_BENCH_HARNESS_H_

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "status/status.h"

namespace lastcommit {

// Of this process and its children that were waited for.
inline double CpuSeconds() {
  double seconds = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage = {};
    getrusage(who, &usage);
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
      seconds += static_cast<double>(time.tv_sec) +
                 static_cast<double>(time.tv_usec) * 1e-6;
    }
  }
  return seconds;
}

struct Spent {
  double wall = 0;
  double cpu = 0;

  // Adds what `work` takes.
  absl::Status Time(absl::FunctionRef<absl::Status()> work) {
    const auto begin = std::chrono::steady_clock::now();
    const double begin_cpu = CpuSeconds();
    RETURN_IF_ERROR(work());
    const auto end = std::chrono::steady_clock::now();
    wall += std::chrono::duration<double>(end - begin).count();
    cpu += CpuSeconds() - begin_cpu;
    return absl::OkStatus();
  }
};

inline double Median(std::vector<double> values) {
  const auto middle =
      values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Named as SQLite names it. Removed with all that is in it.
class TemporaryDirectory {
 public:
  static absl::StatusOr<TemporaryDirectory> Make(const std::string& parent) {
    std::error_code ignored;  // by mkdtemp, too
    std::string path = std::filesystem::weakly_canonical(parent, ignored) /
                       "lastcommit-bench-XXXXXX";
    if (mkdtemp(path.data()) != nullptr) return TemporaryDirectory(path);
    return absl::ErrnoToStatus(errno, "no directory in " + parent);
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept
      : path_(std::exchange(other.path_, std::string())) {}
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

// What `main` returns. Exit code 1 when `run` gives false, 2 for bad arguments,
// 3 for an error.
inline int RunBenchmark(CLI::App& app, int argc, char** argv,
                        absl::FunctionRef<absl::StatusOr<bool>()> run) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::StatusOr<bool> is_sound = run();
  if (is_sound.ok()) return *is_sound ? 0 : 1;
  std::fprintf(stderr, "%s\n", is_sound.status().ToString().c_str());
  return 3;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HARNESS_H_
