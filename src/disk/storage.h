// Storage: files and directories on a simulated disk that knows what was
// synced. Each file is its durable bytes and the ordered list of changes that
// no sync has covered; directory entries are separate from the files they name.
// A name is a whole path; the entry belongs to the directory before its last
// '/'.
// No SQLite in it: sim_vfs.h puts a VFS on it, and a recorded stream of system
// calls can be replayed into it.
//
// Copies are cheap (copy on write), so that an image of a running system can
// be taken at any moment. Gigabytes of holes cost little. Not thread-safe.

#ifndef LASTCOMMIT_DISK_STORAGE_H_
#define LASTCOMMIT_DISK_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/fault.h"

namespace lastcommit {

using InodeId = std::int64_t;
inline constexpr InodeId kNoInode = -1;

// One change that no sync has covered.
struct PendingChange {
  enum class Kind { kWrite, kTruncate, kLink, kUnlink, kRename };
  std::uint64_t id = 0;  // in the order in which they were made, never reused
  Kind kind = Kind::kWrite;
  InodeId inode = kNoInode;
  std::string path;         // the file's name then; of a directory: the entry
  std::string to;           // rename: the new name
  std::int64_t offset = 0;  // write: bytes; truncate: the new size
  std::int64_t amount = 0;  // write: bytes

  bool is_of_directory() const {
    return kind == Kind::kLink || kind == Kind::kUnlink ||
           kind == Kind::kRename;
  }
};

// What becomes of the pending changes: Fate::change counts those of files in
// PendingChanges(), without the directory's.
struct Fates {
  std::vector<Fate> files;      // in the order of `change`; others survive
  std::int64_t directory = -1;  // how many of the directory's; -1 = all
  std::uint64_t garbage_seed = 0;
};

class Storage {
 public:
  struct Options {
    int sector_size = 4096;
    // A write never changes bytes outside of it, whatever happens
    // (https://sqlite.org/psow.html). False: a write that does not survive
    // whole puts the sectors it touches at risk.
    bool powersafe_overwrite = true;
  };

  explicit Storage(const Options& options);
  Storage(const Storage&);
  Storage& operator=(const Storage&);
  Storage(Storage&&) noexcept;
  Storage& operator=(Storage&&) noexcept;
  ~Storage();

  const Options& options() const { return options_; }

  // ---- Names ----
  InodeId Find(const std::string& path) const;  // kNoInode if there is none
  InodeId Create(const std::string& path);      // an empty file; it must not be
  void Unlink(const std::string& path);         // it must be there
  void CreateDirectory(const std::string& path);  // it must not be
  // Another name for a file that is there; the name must not be.
  void Link(const std::string& path, InodeId inode);
  // One change: what has the name `to` loses it, and what lies below `from`
  // comes along. `from` must be there.
  void Rename(const std::string& from, const std::string& to);
  // Two names that must be there swap what they name: one change.
  void Exchange(const std::string& path, const std::string& other);
  // What was created, unlinked and renamed until now is durable.
  void SyncDirectory();
  // The same of the entries of one directory only.
  void SyncDirectory(const std::string& directory);
  void SyncEverything();
  std::vector<std::string> Paths() const;  // in byte order
  // The same, without a copy of each.
  void ForEachPath(
      const std::function<void(const std::string& path)>& take) const;
  bool IsDirectory(InodeId inode) const;
  // What has one of these names, and nothing else, without a crash to come: it
  // costs as much as they are, however many others there are.
  Storage Alone(const std::vector<std::string>& paths) const;
  // Takes away the names whose directory is not there: what a crash took the
  // directory of. `root` is there.
  void DropUnreachable(const std::string& root);

  // ---- Files; the inode must exist ----
  bool Exists(InodeId inode) const;
  // A file without a name, gone after the crash.
  InodeId CreateAnonymous();
  // A file without a name that may get one by Link. `called` is its name in
  // PendingChange until then.
  InodeId CreateNameless(const std::string& called);
  // Forgets an anonymous or unlinked file, whose last user is gone.
  void Forget(InodeId inode);
  std::int64_t Size(InodeId inode) const;
  // Bytes beyond the end are 0; returns how many were before it.
  std::int64_t Read(InodeId inode, std::int64_t offset, char* bytes,
                    std::int64_t amount) const;
  void Write(InodeId inode, std::int64_t offset, std::string_view bytes);
  void Truncate(InodeId inode, std::int64_t size);  // may also grow it
  void Sync(InodeId inode);  // everything of it until now is durable

  // Blocks of 4096 bytes with something in them, over all files: what a full
  // disk counts.
  std::int64_t AllocatedSectors() const;
  // How many of those a write would add.
  std::int64_t NewSectors(InodeId inode, std::int64_t offset,
                          std::int64_t amount) const;

  // ---- Crashes ----
  // In the order in which they were made; those of anonymous files are left
  // out.
  std::vector<PendingChange> PendingChanges() const;
  std::size_t CountPendingChanges() const;
  bool has_pending_changes() const { return CountPendingChanges() > 0; }
  // Of the content of one file; of the entry of one name.
  bool HasPendingChanges(InodeId inode) const;
  bool HasPendingName(const std::string& path) const;
  // What the disk holds after the crash; everything in it is durable.
  Storage AfterCrash(const Fates& fates) const;
  // From now on it does not keep what a crash could undo: no change is pending,
  // and it must not crash. For who only reads what a crash left.
  void NeverLosesPower();

  // Of the size and content of a file, the same on every machine.
  std::uint64_t DigestOf(InodeId inode) const;
  // Names, sizes and contents, the same on every machine.
  std::uint64_t Digest() const;

 private:
  struct Inode;
  struct Data;
  Inode& Mutable(InodeId inode);
  const Inode& Get(InodeId inode) const;

  Options options_;
  std::unique_ptr<Data> data_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_STORAGE_H_
