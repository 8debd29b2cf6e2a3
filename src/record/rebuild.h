// Rebuild: the files of a recording on a simulated disk, call by call. And the
// proof of a recording: the files that come out of it are those that the
// program left, byte for byte.

#ifndef LASTCOMMIT_RECORD_REBUILD_H_
#define LASTCOMMIT_RECORD_REBUILD_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "record/recording.h"

namespace lastcommit {

// How names and contents become durable.
enum class DiskModel {
  kPosix,  // nothing but what is synced; docs/fault-model.md
  kExt4,   // as it is mounted by default: data=ordered, auto_da_alloc
};

class Rebuild {
 public:
  // Paths of the storage begin with `root`.
  Rebuild(std::string root, DiskModel model);

  // Only these files have their contents; nothing is said of that of others.
  void KeepOnly(std::set<FileId> files);
  // InvalidArgument: it cannot be, as the name of a file that is not there.
  absl::Status Apply(const Effect& effect);

  Storage& storage() { return storage_; }
  const Storage& storage() const { return storage_; }
  // kNoInode: it is gone for good.
  InodeId InodeOf(FileId file) const;
  const std::string& root() const { return root_; }
  std::string PathOf(const std::string& relative) const;
  // What a symbolic link says; "" if it is none.
  const std::string& TargetOf(InodeId inode) const;

 private:
  bool HasContent(FileId file) const;
  absl::Status ApplyName(const Effect& effect);
  void ApplyContent(const Effect& effect, InodeId inode);
  void Sync(InodeId inode);

  const std::string root_;
  const DiskModel model_;
  Storage storage_;
  bool keeps_all_ = true;
  std::set<FileId> kept_;
  std::map<FileId, InodeId> inodes_;
  std::map<InodeId, std::string> targets_;
};

// What a recording is about, gathered in one pass.
struct RecordingDigest {
  std::set<FileId> changed;  // files, after the program began
  std::uint64_t calls = 0;
  std::uint64_t first_call = 0;  // of the program
  bool has_acks = false;
  RecordingFrame frame;
};
absl::StatusOr<RecordingDigest> ReadThrough(const std::string& recording);

// Compares what comes out of the recording with what is in the directory.
// Internal: the first difference, named, and who may have made it
// (record/outside_processes.h).
absl::Status CompareWithFiles(const std::string& recording,
                              const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_REBUILD_H_
