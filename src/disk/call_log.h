// CallLog: what a process asked of the kernel about the files of one directory
// (disk/system_calls.h), in memory that outlives its SIGKILL.
//
// Files have their names in that directory. -shm files are left out: they are
// written through mmap, and the first opener truncates them.

#ifndef LASTCOMMIT_DISK_CALL_LOG_H_
#define LASTCOMMIT_DISK_CALL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/system_calls.h"

namespace lastcommit {

// One call as it was recorded.
struct LoggedCall {
  SystemCallKind kind = SystemCallKind::kOpen;
  std::string_view name;  // open, unlink; empty: the directory itself
  int descriptor = -1;    // of an open: the one it returned
  std::int64_t offset = 0;
  std::string_view bytes;  // those that were to be written
  bool creates = false;
  bool has_returned = false;
  std::int64_t result = 0;  // if it has
};

class CallLog {
 public:
  static constexpr std::size_t kDefaultCapacity = 256 << 20;

  // Shared with the processes that are forked from then on. Memory is taken
  // as it is used.
  static absl::StatusOr<std::unique_ptr<CallLog>> Create(
      std::size_t capacity = kDefaultCapacity);
  ~CallLog();
  CallLog(const CallLog&) = delete;
  CallLog& operator=(const CallLog&) = delete;

  void Clear();
  // Some calls are missing.
  bool is_full() const;
  // Those that were begun, in that order. Valid until Clear.
  std::vector<LoggedCall> Calls() const;

  // ---- In the child; from any thread ----
  // A number for End; 0 if the log is full.
  std::size_t Begin(const SystemCall& call, std::string_view name);
  void End(std::size_t number, std::int64_t result);

 private:
  struct Header;
  struct Entry;
  CallLog(void* memory, std::size_t capacity);
  Header& header() const;
  Entry& EntryAt(std::size_t offset) const;

  void* const memory_;
  const std::size_t capacity_;
};

// Records what changes or syncs files directly in `directory`.
class CallRecorder : public SystemCallObserver {
 public:
  // The directory's symbolic links must be resolved.
  CallRecorder(std::string directory, CallLog& log);

  SystemCallAnswer BeforeCall(const SystemCall& call) override;
  void AfterCall(const SystemCall& call, std::int64_t result) override;

 private:
  const std::string directory_;
  CallLog& log_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_CALL_LOG_H_
