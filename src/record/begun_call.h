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
#include "record/tracee.h"
#include "record/watched_calls.h"

namespace lastcommit {

// Which file of the kernel: device and number.
using KernelFile = std::pair<dev_t, ino_t>;

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
  enum class Target { kFile, kPath, kOutput, kAck, kOpen, kEverything };
  Target target = Target::kFile;
  // It may wait for another thread or process, which must go on meanwhile.
  bool may_wait = false;
  int descriptor = -1;
  FileId file = 0;
  std::int64_t size = -1;  // of the file, before
  std::optional<std::int64_t> offset;
  // Of names, below the directory; nullopt: outside of it.
  std::optional<std::string> path;
  std::optional<std::string> to;
  std::string text;  // what a symlink says, what was put out
  struct flock lock = {};
};

// What was changed outside of the directory.
struct OutsideChanges {
  static constexpr std::size_t kMostPaths = 20;
  std::int64_t count = 0;
  std::vector<std::string> paths;  // the first, each once

  void Add(const std::string& path);
};

class CallBeginnings {
 public:
  // `files` must outlive it.
  CallBeginnings(const FileTable& files, Outlets outlets)
      : files_(files), outlets_(std::move(outlets)) {}

  // nullopt: it is of no interest.
  std::optional<BegunCall> Begin(const Tracee& tracee, WatchedCall call,
                                 const CallEntry& entry);

  const OutsideChanges& outside() const { return outside_; }

 private:
  bool IsOfInterest(const Tracee& tracee, BegunCall& begun);
  bool BeginOnDescriptor(const Tracee& tracee, int descriptor,
                         BegunCall& begun) const;
  bool BeginWrite(const Tracee& tracee, BegunCall& begun);
  static bool BeginOpen(const Tracee& tracee, BegunCall& begun);
  bool BeginTruncate(const Tracee& tracee, BegunCall& begun) const;
  bool BeginNames(const Tracee& tracee, BegunCall& begun);
  bool BeginSync(const Tracee& tracee, BegunCall& begun) const;
  bool BeginLock(const Tracee& tracee, BegunCall& begun) const;
  std::optional<std::string> Below(const Tracee& tracee, const BegunCall& begun,
                                   int directory, int argument) const;

  const FileTable& files_;
  const Outlets outlets_;
  OutsideChanges outside_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_BEGUN_CALL_H_
