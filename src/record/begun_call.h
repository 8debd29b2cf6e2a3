// CallBeginnings: looks at a system call of the recorded program before it
// takes place: which file it is about, whether it is of interest, what it puts
// out.

#ifndef LASTCOMMIT_RECORD_BEGUN_CALL_H_
#define LASTCOMMIT_RECORD_BEGUN_CALL_H_

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "record/file_table.h"
#include "record/recording.h"
#include "record/socket_peers.h"
#include "record/tracee.h"
#include "record/watched_calls.h"

namespace lastcommit {

// Where what the program writes is seen by others.
struct Outlets {
  std::set<KernelFile> outputs;  // descriptors that the program was given
  std::set<dev_t> terminals;     // devices
  KernelFile ack = {0, 0};
};

// A call that has begun, and what was seen then.
struct BegunCall {
  WatchedCall call = WatchedCall::kWrite;
  CallEntry entry;
  enum class Target {
    kFile,
    kPath,
    kOutput,
    kAck,
    kOpen,
    kEverything,
    kOutside,  // of the directory
  };
  Target target = Target::kFile;
  // It may wait for another thread or process, which must go on meanwhile.
  bool may_wait = false;
  int descriptor = -1;
  FileId file = 0;
  std::int64_t size = -1;  // of the file, before
  std::optional<std::int64_t> offset;
  // Of names, and of what is opened, below the directory; nullopt: outside.
  std::optional<std::string> path;
  std::optional<std::string> to;
  // What a symlink says, what was put out; kOutside: the path.
  std::string text;
  struct flock lock = {};
};

class CallBeginnings {
 public:
  // `files` must outlive it.
  CallBeginnings(const FileTable& files, Outlets outlets)
      : files_(files), outlets_(std::move(outlets)) {}

  // nullopt: it is of no interest.
  std::optional<BegunCall> Begin(const Tracee& tracee, WatchedCall call,
                                 const CallEntry& entry);
  // A process that is recorded.
  void AddProcess(pid_t process) { peers_.AddProcess(process); }

 private:
  bool IsOfInterest(const Tracee& tracee, BegunCall& begun);
  bool BeginOnDescriptor(const Tracee& tracee, int descriptor,
                         BegunCall& begun) const;
  bool BeginWrite(const Tracee& tracee, BegunCall& begun);
  bool BeginOpen(const Tracee& tracee, BegunCall& begun) const;
  bool BeginTruncate(const Tracee& tracee, BegunCall& begun) const;
  bool BeginNames(const Tracee& tracee, BegunCall& begun) const;
  bool BeginSync(const Tracee& tracee, BegunCall& begun) const;
  bool BeginLock(const Tracee& tracee, BegunCall& begun) const;
  const FileTable& files_;
  const Outlets outlets_;
  SocketPeers peers_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_BEGUN_CALL_H_
