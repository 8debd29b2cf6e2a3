#include "trial/error_injector.h"

#include <sqlite3.h>

#include "trial/error_calls.h"

namespace lastcommit {

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
