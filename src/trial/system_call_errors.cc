#include "trial/system_call_errors.h"

#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "disk/memory_faults.h"
#include "disk/shim_vfs.h"
#include "trial/error_injector.h"

namespace lastcommit {
namespace {

FileRole RoleIn(std::string_view directory, std::string_view path) {
  if (path.ends_with("-journal")) return FileRole::kJournal;
  if (path.ends_with("-wal")) return FileRole::kWal;
  if (path.ends_with("-shm")) return FileRole::kShm;
  return path.starts_with(directory) ? FileRole::kDatabase
                                     : FileRole::kTemporary;
}

// Overwriting is free on a full disk.
bool NeedsSpace(const SystemCall& call) {
  struct stat info = {};
  return fstat(call.descriptor, &info) == 0 &&
         call.offset + call.amount > info.st_size;
}

int ErrorOf(ErrorKind kind) {
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

}  // namespace

SystemCallErrors::SystemCallErrors(std::string directory,
                                   SystemCallObserver& next)
    : directory_(std::move(directory)), next_(next) {}

void SystemCallErrors::Arm(const IoError& error) {
  error_ = error;
  const std::optional<Allocator> allocator = AllocatorOf(error.kind);
  if (allocator) FailAllocations(*allocator, error.at, error.count);
}

std::int64_t SystemCallErrors::errors() const {
  return error_.has_value() && AllocatorOf(error_->kind) ? FailedAllocations()
                                                         : errors_;
}

bool SystemCallErrors::CanFail(const SystemCall& call) const {
  if (call.is_directory) return false;
  const FileRole role = RoleIn(directory_, call.path);
  const bool is_shm = role == FileRole::kShm;
  switch (error_->kind) {
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

// Every other one fails half-way: the kernel writes some, and SQLite's retry
// for the rest fails.
SystemCallAnswer SystemCallErrors::FailWrite(const SystemCall& call) {
  SystemCallAnswer answer;
  ++errors_;
  is_half_way_ = errors_ % 2 == error_->at % 2 && call.amount > 1;
  if (is_half_way_) {
    answer.most = call.amount / 2;
  } else {
    answer.error = EIO;
  }
  return answer;
}

SystemCallAnswer SystemCallErrors::Answer(const SystemCall& call) {
  SystemCallAnswer answer;
  if (!error_.has_value() || !CanFail(call)) return answer;
  if (is_half_way_) {
    is_half_way_ = false;
    answer.error = EIO;
    return answer;
  }
  const bool is_due =
      ++calls_ >= error_->at && (error_->count == 0 || errors_ < error_->count);
  if (!is_due) return answer;
  if (error_->kind == ErrorKind::kWrite) return FailWrite(call);
  if (error_->kind == ErrorKind::kInterrupt) {
    if (saver_ == nullptr) return answer;
    ++errors_;
    saver_->Interrupt();
    return answer;
  }
  ++errors_;
  answer.error = ErrorOf(error_->kind);
  return answer;
}

SystemCallAnswer SystemCallErrors::BeforeCall(const SystemCall& call) {
  const SystemCallAnswer answer = Answer(call);
  if (answer.error == 0) next_.BeforeCall(call);
  return answer;
}

void SystemCallErrors::AfterCall(const SystemCall& call, std::int64_t result) {
  next_.AfterCall(call, result);
}

}  // namespace lastcommit
