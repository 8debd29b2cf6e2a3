// CallEffects: what a system call of the recorded program does to the watched
// directory. Begin() looks before the call takes place, Finish() after it; the
// recorder lets no other recorded call take place between the two, but for the
// calls that may wait for others.

#ifndef LASTCOMMIT_RECORD_CALL_EFFECTS_H_
#define LASTCOMMIT_RECORD_CALL_EFFECTS_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "record/file_reader.h"
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

class CallEffects {
 public:
  CallEffects(FileTable& files, Outlets outlets)
      : files_(files), outlets_(std::move(outlets)) {}

  // Everything below a name that has come to be there: its effects.
  absl::Status Appeared(const std::string& path, std::vector<Effect>& effects);
  // nullopt: it is of no interest.
  std::optional<BegunCall> Begin(const Tracee& tracee, WatchedCall call,
                                 const CallEntry& entry);
  // After it returned `result`. Internal: what it wrote cannot be read back.
  absl::Status Finish(const Tracee& tracee, const BegunCall& call,
                      std::int64_t result, std::vector<Effect>& effects);
  // What was written through mappings since the last time. Those of a wal-index
  // ("-shm") only if `with_index`.
  absl::Status LookAtMappings(bool with_index, std::vector<Effect>& effects);

  const OutsideChanges& outside() const { return outside_; }

 private:
  struct Mapping {
    std::string content;  // as it was recorded
    bool is_index = false;
  };

  bool BeginOnDescriptor(const Tracee& tracee, int descriptor,
                         BegunCall& begun);
  bool BeginWrite(const Tracee& tracee, BegunCall& begun);
  bool BeginOpen(const Tracee& tracee, BegunCall& begun);
  bool BeginNames(const Tracee& tracee, BegunCall& begun);
  bool BeginSync(const Tracee& tracee, BegunCall& begun);
  bool BeginLock(const Tracee& tracee, BegunCall& begun);
  std::optional<std::string> Below(const Tracee& tracee, const BegunCall& begun,
                                   int directory, int argument) const;

  absl::Status FinishWrite(const Tracee& tracee, const BegunCall& call,
                           std::int64_t result, std::vector<Effect>& effects);
  absl::Status FinishOpen(const Tracee& tracee, const BegunCall& call,
                          std::int64_t result, std::vector<Effect>& effects);
  absl::Status FinishAllocate(const Tracee& tracee, const BegunCall& call,
                              std::vector<Effect>& effects);
  absl::Status FinishNames(const BegunCall& call, std::vector<Effect>& effects);
  absl::Status FinishRename(const BegunCall& call,
                            std::vector<Effect>& effects);
  absl::Status FinishMapping(const Tracee& tracee, const BegunCall& call);
  void FinishLock(const BegunCall& call, std::vector<Effect>& effects);

  void Create(const std::string& path, const struct stat& found,
              EffectKind kind, std::vector<Effect>& effects);
  void Remove(const std::string& path, std::vector<Effect>& effects);
  absl::Status Put(FileId file, const std::string& path, std::int64_t offset,
                   std::int64_t amount, std::vector<Effect>& effects);
  absl::Status PutAll(FileId file, const std::string& path,
                      std::vector<Effect>& effects);
  void Change(Effect effect, std::vector<Effect>& effects);

  FileTable& files_;
  const Outlets outlets_;
  FileReader reader_;
  std::map<FileId, Mapping> mappings_;
  OutsideChanges outside_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_CALL_EFFECTS_H_
