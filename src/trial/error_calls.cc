#include "trial/error_calls.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>

#include "disk/file_role.h"

namespace lastcommit {
namespace {

FileRole RoleIn(std::string_view directory, std::string_view path) {
  const FileRole role = RoleOfPath(path);
  const bool has_no_role = role == FileRole::kTemporary;
  return has_no_role && path.starts_with(directory) ? FileRole::kDatabase
                                                    : role;
}

// Overwriting is free on a full disk.
bool NeedsSpace(const SystemCall& call) {
  struct stat info = {};
  return fstat(call.descriptor, &info) == 0 &&
         call.offset + call.amount > info.st_size;
}

}  // namespace

std::optional<Allocator> AllocatorOf(ErrorKind kind) {
  switch (SpecOf(kind).counts) {
    case ErrorSpec::Counts::kCalls:
      return std::nullopt;
    case ErrorSpec::Counts::kAllocations:
      return Allocator::kSqlite;
    case ErrorSpec::Counts::kOwnAllocations:
      return Allocator::kNew;
  }
  return std::nullopt;
}

bool CanFail(ErrorKind kind, const VfsCall& call) {
  switch (kind) {
    case ErrorKind::kRead:
      return call.kind == VfsCallKind::kRead;
    case ErrorKind::kWrite:
    case ErrorKind::kFull:
      return call.kind == VfsCallKind::kWrite;
    case ErrorKind::kSync:
      return call.kind == VfsCallKind::kSync;
    case ErrorKind::kTruncate:
      return call.kind == VfsCallKind::kTruncate;
    case ErrorKind::kOpen:
      return (call.kind == VfsCallKind::kOpen &&
              call.role != FileRole::kDatabase) ||
             (call.kind == VfsCallKind::kShmMap && call.extends);
    case ErrorKind::kDelete:
      return call.kind == VfsCallKind::kDelete;
    case ErrorKind::kBusy:
      return call.kind == VfsCallKind::kLock ||
             call.kind == VfsCallKind::kShmLock;
    case ErrorKind::kInterrupt:
      return call.kind == VfsCallKind::kRead ||
             call.kind == VfsCallKind::kWrite;
    case ErrorKind::kNoMemory:
    case ErrorKind::kNoProcessMemory:
      return false;
  }
  return false;
}

int ResultOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kRead:
      return SQLITE_IOERR_READ;
    case ErrorKind::kWrite:
      return SQLITE_IOERR_WRITE;
    case ErrorKind::kSync:
      return SQLITE_IOERR_FSYNC;
    case ErrorKind::kTruncate:
      return SQLITE_IOERR_TRUNCATE;
    case ErrorKind::kOpen:
      return SQLITE_CANTOPEN;
    case ErrorKind::kDelete:
      return SQLITE_IOERR_DELETE;
    case ErrorKind::kBusy:
      return SQLITE_BUSY;
    default:
      return SQLITE_OK;
  }
}

bool CanFail(ErrorKind kind, std::string_view directory,
             const SystemCall& call) {
  if (call.is_directory) return false;
  const FileRole role = RoleIn(directory, call.path);
  const bool is_shm = role == FileRole::kShm;
  switch (kind) {
    case ErrorKind::kRead:
      return call.kind == SystemCallKind::kRead && !is_shm;
    case ErrorKind::kWrite:
      return call.kind == SystemCallKind::kWrite && !is_shm;
    case ErrorKind::kFull:
      return call.kind == SystemCallKind::kWrite && NeedsSpace(call);
    case ErrorKind::kSync:
      return call.kind == SystemCallKind::kSync;
    case ErrorKind::kTruncate:
      return call.kind == SystemCallKind::kTruncate && !is_shm;
    case ErrorKind::kOpen:
      return call.kind == SystemCallKind::kOpen && role != FileRole::kDatabase;
    case ErrorKind::kDelete:
      // os_unix unlinks temporary files while they are open, and -shm files
      // itself; it looks at neither result.
      return call.kind == SystemCallKind::kUnlink && !is_shm &&
             role != FileRole::kTemporary;
    case ErrorKind::kBusy:
      return call.kind == SystemCallKind::kLock;
    case ErrorKind::kInterrupt:
      return (call.kind == SystemCallKind::kRead ||
              call.kind == SystemCallKind::kWrite) &&
             !is_shm;
    case ErrorKind::kNoMemory:
    case ErrorKind::kNoProcessMemory:
      return false;
  }
  return false;
}

int ErrnoOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kOpen:
      return EMFILE;
    case ErrorKind::kBusy:
      return EAGAIN;
    case ErrorKind::kFull:
      return ENOSPC;
    default:
      return EIO;
  }
}

}  // namespace lastcommit
