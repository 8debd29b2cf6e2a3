#include "trial/system_call_errors.h"

#include <cerrno>
#include <utility>

#include "disk/memory_faults.h"
#include "trial/error_calls.h"

namespace lastcommit {

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
  if (!error_.has_value()) return answer;
  if (!CanFail(error_->kind, directory_, call)) return answer;
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
  answer.error = ErrnoOf(error_->kind);
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
