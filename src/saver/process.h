// Which process a saver belongs to. SQLite knows its locks as those of the
// process, and after a fork() the child takes the parent's for its own
// (https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_):
// the child must not use a connection of the parent, nor close it.

#ifndef LASTCOMMIT_SAVER_PROCESS_H_
#define LASTCOMMIT_SAVER_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"

namespace lastcommit::saver {

// FailedPrecondition: this process has inherited an open saver of the file. Its
// SQLite would believe that it holds the locks which the parent has.
absl::Status CheckIsNotInherited(const std::string& path);

// A saver that is open, as long as it lives. In a child it is not destroyed, so
// that the child goes on knowing what it has inherited.
class OpenInProcess {
 public:
  explicit OpenInProcess(const std::string& path);
  ~OpenInProcess();
  OpenInProcess(const OpenInProcess&) = delete;
  OpenInProcess& operator=(const OpenInProcess&) = delete;

  // False in a child, which has a copy. One load from memory.
  bool IsHere() const;

 private:
  friend absl::Status CheckIsNotInherited(const std::string& path);

  const pid_t process_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0: not a file of the operating system
  OpenInProcess* previous_ = nullptr;
  OpenInProcess* next_ = nullptr;
};

// What a call in a child is answered with: FailedPrecondition.
absl::Status WasInherited();

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_PROCESS_H_
