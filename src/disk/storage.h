// Storage: files and a directory on a simulated disk that knows what was
// synced. Each file is its durable bytes and the ordered list of changes that
// no sync has covered; directory entries are separate from the files they name.
// No SQLite in it: sim_vfs.h puts a VFS on it, and a recorded stream of system
// calls can be replayed into it.
//
// Copies are cheap (copy on write), so that an image of a running system can
// be taken at any moment. Gigabytes of holes cost little. Not thread-safe.

#ifndef LASTCOMMIT_DISK_STORAGE_H_
#define LASTCOMMIT_DISK_STORAGE_H_

#include <cstdint>
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
  enum class Kind { kWrite, kTruncate, kLink, kUnlink };
  std::uint64_t id = 0;  // in the order in which they were made, never reused
  Kind kind = Kind::kWrite;
  InodeId inode = kNoInode;
  std::string path;         // the file's name then; link and unlink: the entry
  std::int64_t offset = 0;  // write: bytes; truncate: the new size
  std::int64_t amount = 0;  // write: bytes

  bool is_of_directory() const {
    return kind == Kind::kLink || kind == Kind::kUnlink;
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

  // ---- The directory (one for all paths) ----
  InodeId Find(const std::string& path) const;  // kNoInode if there is none
  InodeId Create(const std::string& path);      // an empty file; it must not be
  void Unlink(const std::string& path);         // it must be there
  // What was created and unlinked until now is durable.
  void SyncDirectory();
  std::vector<std::string> Paths() const;  // in byte order

  // ---- Files; the inode must exist ----
  // A file without a name, gone after the crash.
  InodeId CreateAnonymous();
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
  bool has_pending_changes() const;
  // What the disk holds after the crash; everything in it is durable.
  Storage AfterCrash(const Fates& fates) const;
  // From now on it does not keep what a crash could undo: no change is pending,
  // and it must not crash. For who only reads what a crash left.
  void NeverLosesPower();

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
