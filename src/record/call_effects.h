// CallEffects: what a system call of the recorded program has done to the
// watched directory, seen after it. What it was about to do was looked at
// before (record/begun_call.h); the recorder lets no other recorded call take
// place between the two, but for the calls that may wait for others.

#ifndef LASTCOMMIT_RECORD_CALL_EFFECTS_H_
#define LASTCOMMIT_RECORD_CALL_EFFECTS_H_

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "record/begun_call.h"
#include "record/file_reader.h"
#include "record/file_table.h"
#include "record/recording.h"
#include "record/tracee.h"

namespace lastcommit {

// What was changed outside of the directory.
struct OutsideChanges {
  static constexpr std::size_t kMostPaths = 20;
  std::int64_t count = 0;
  std::vector<std::string> paths;  // the first, each once

  void Add(const std::string& path);
};

class CallEffects {
 public:
  // `files` must outlive it.
  explicit CallEffects(FileTable& files) : files_(files) {}

  // Everything below a name that has come to be there: its effects, one after
  // the other. An error that it gets back ends it.
  using TakeEffect = std::function<absl::Status(Effect effect)>;
  absl::Status Appeared(const std::string& path, const TakeEffect& take);
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

  absl::Status FinishWrite(const Tracee& tracee, const BegunCall& call,
                           std::int64_t result, std::vector<Effect>& effects);
  absl::Status FinishAck(const Tracee& tracee, const BegunCall& call,
                         std::int64_t result, std::vector<Effect>& effects);
  absl::Status FinishOpen(const Tracee& tracee, const BegunCall& call,
                          std::int64_t result, std::vector<Effect>& effects);
  absl::Status FinishAllocate(const Tracee& tracee, const BegunCall& call,
                              std::vector<Effect>& effects);
  absl::Status FinishNames(const BegunCall& call, std::vector<Effect>& effects);
  absl::Status FinishRename(const BegunCall& call,
                            std::vector<Effect>& effects);
  absl::Status FinishMapping(const Tracee& tracee, const BegunCall& call);
  static void FinishSync(const BegunCall& call, std::vector<Effect>& effects);
  static void FinishLock(const BegunCall& call, std::vector<Effect>& effects);

  Effect Create(const std::string& path, const struct stat& found,
                EffectKind kind);
  void Remove(const std::string& path, std::vector<Effect>& effects);
  absl::Status Put(FileId file, const std::string& path, std::int64_t offset,
                   std::int64_t amount, const TakeEffect& take);
  absl::Status PutAll(FileId file, const std::string& path,
                      std::vector<Effect>& effects);
  void Follow(const Effect& effect);
  void Change(Effect effect, std::vector<Effect>& effects);

  FileTable& files_;
  FileReader reader_;
  OutsideChanges outside_;
  std::map<FileId, Mapping> mappings_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_CALL_EFFECTS_H_
