// A real process that runs SQL on a real file and kills itself, with what it
// asked of the kernel recorded.

#ifndef LASTCOMMIT_TESTS_DISK_REAL_PROCESS_H_
#define LASTCOMMIT_TESTS_DISK_REAL_PROCESS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "directory.h"
#include "disk/call_log.h"
#include "disk/storage.h"
#include "disk/system_calls.h"

namespace lastcommit {

class RealProcess {
 public:
  RealProcess();

  // Each statement must give `result`; then SIGKILL. "Wrap" puts an observer
  // between SQLite and the recorder.
  using Wrap = std::function<SystemCallObserver*(SystemCallObserver*)>;
  void Run(const std::vector<std::string>& statements, int result = 0,
           const Wrap& wrap = nullptr);
  // As Run, then replays.
  void RunAndReplay(const std::vector<std::string>& statements);

  const std::string& directory() const { return path_; }
  CallLog& log() { return *log_; }
  Storage& storage() { return storage_; }
  // "sync x-wal", "write x 0+4096", ... of the newest Run.
  std::vector<std::string> Calls() const;

 private:
  Directory directory_;
  std::string path_;
  std::unique_ptr<CallLog> log_;
  Storage storage_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_DISK_REAL_PROCESS_H_
