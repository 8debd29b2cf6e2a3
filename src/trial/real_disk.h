// RealDisk: a directory of real files whose unsynced changes are known, because
// every process that writes there records its system calls. With them the power
// can be lost: the files become what the fates of those changes make of them.

#ifndef LASTCOMMIT_TRIAL_REAL_DISK_H_
#define LASTCOMMIT_TRIAL_REAL_DISK_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "disk/call_log.h"
#include "disk/storage.h"
#include "disk/survival.h"
#include "plan/fault.h"

namespace lastcommit {

class RealDisk {
 public:
  static absl::StatusOr<std::unique_ptr<RealDisk>> Create();

  // A new disk; the directory exists and is empty.
  absl::Status Format(const std::string& directory,
                      const Storage::Options& options);
  // Symbolic links are resolved, as SQLite does.
  const std::string& directory() const { return directory_; }

  // Around each process that opens files there, which are one at a time.
  void BeginProcess() { log_->Clear(); }
  CallLog& log() { return *log_; }
  // The process is dead. Returns what differs from what it asked of SQLite's
  // VFS, a line for each file: somebody changed the file past SQLite. From then
  // on the file counts as changed, and not synced. ResourceExhausted: the
  // process wrote more than the log holds.
  absl::StatusOr<std::vector<std::string>> EndProcess();

  // Pending changes of all processes since Format and the last loss of power.
  const Storage& storage() const { return storage_; }
  absl::StatusOr<Survived> LosePower(const Survival& survival);

 private:
  explicit RealDisk(std::unique_ptr<CallLog> log);
  void Adopt();

  std::unique_ptr<CallLog> log_;
  std::string directory_;
  Storage storage_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_REAL_DISK_H_
