#include "trial/error_injector.h"

#include <sqlite3.h>

namespace lastcommit {
namespace {

// Whether the call can fail in that way.
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

}  // namespace

std::optional<Allocator> AllocatorOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNoMemory:
      return Allocator::kSqlite;
    case ErrorKind::kNoProcessMemory:
      return Allocator::kNew;
    default:
      return std::nullopt;
  }
}

ErrorInjector::ErrorInjector(const IoError& error, SimDisk& disk)
    : error_(error), allocator_(AllocatorOf(error.kind)), disk_(disk) {
  if (allocator_) FailAllocations(*allocator_, error_.at, error_.count);
}

ErrorInjector::~ErrorInjector() {
  if (allocator_) FailAllocations(*allocator_, 0, 0);
  if (is_full_) disk_.set_capacity_sectors(-1);
}

void ErrorInjector::Hold(bool held) {
  if (allocator_) HoldAllocationFaults(held);
  if (is_full_) disk_.set_capacity_sectors(held ? -1 : capacity_);
}

bool ErrorInjector::IsDue() {
  return ++calls_ >= error_.at && (error_.count == 0 || errors_ < error_.count);
}

int ErrorInjector::At(const VfsCall& call) {
  is_half_way_ = false;
  if (!CanFail(error_.kind, call) || !IsDue()) return SQLITE_OK;
  switch (error_.kind) {
    case ErrorKind::kFull:
      // Writes over what is there go on; After() counts those that do not.
      is_full_ = true;
      capacity_ = disk_.storage().AllocatedSectors();
      disk_.set_capacity_sectors(capacity_);
      return SQLITE_OK;
    case ErrorKind::kInterrupt:
      if (saver_ == nullptr) return SQLITE_OK;
      ++errors_;
      saver_->Interrupt();
      return SQLITE_OK;
    case ErrorKind::kWrite:
      // Every other write fails in the middle.
      ++errors_;
      is_half_way_ = errors_ % 2 == error_.at % 2 && call.amount > 1;
      return is_half_way_ ? SQLITE_OK : SQLITE_IOERR_WRITE;
    default:
      ++errors_;
      return ResultOf(error_.kind);
  }
}

std::optional<std::int64_t> ErrorInjector::PrefixOf(const VfsCall& call) const {
  if (!is_half_way_) return std::nullopt;
  return call.amount / 2;
}

int ErrorInjector::During(const VfsCall& /*call*/) {
  return is_half_way_ ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

void ErrorInjector::After(int result) {
  // Shared memory is a file too.
  if (!is_full_ || (result != SQLITE_FULL && result != SQLITE_IOERR_SHMSIZE)) {
    return;
  }
  ++errors_;
  if (error_.count > 0 && errors_ >= error_.count) {
    is_full_ = false;
    disk_.set_capacity_sectors(-1);
  }
}

std::int64_t ErrorInjector::errors() const {
  return allocator_ ? FailedAllocations() : errors_;
}

}  // namespace lastcommit
