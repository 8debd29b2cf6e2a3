#include <utility>

#include "saver/out_of_memory.h"
#include "saver/saver_impl.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

absl::Status MovedFrom() {
  return StatusWith(absl::StatusCode::kFailedPrecondition,
                    "the transaction was moved away");
}

}  // namespace

Transaction::Transaction(SqliteSaver* saver, int depth, std::uint64_t id)
    : saver_(saver), depth_(depth), id_(id) {}

Transaction::Transaction(Transaction&& other) noexcept
    : saver_(std::exchange(other.saver_, nullptr)),
      depth_(other.depth_),
      id_(other.id_) {}

Transaction& Transaction::operator=(Transaction&& other) noexcept {
  if (this == &other) return *this;
  Rollback().IgnoreError();
  saver_ = std::exchange(other.saver_, nullptr);
  depth_ = other.depth_;
  id_ = other.id_;
  return *this;
}

Transaction::~Transaction() { Rollback().IgnoreError(); }

template <typename Call>
auto Transaction::Enter(const Call& call) -> decltype(call()) {
  if (saver_ == nullptr) return MovedFrom();
  return saver_->impl_->Enter(call);
}

absl::StatusOr<std::int64_t> Transaction::Commit() {
  return Enter([&] { return saver_->impl_->Commit({depth_, id_}); });
}

absl::Status Transaction::Rollback() {
  return Enter([&] {
    saver_->impl_->EndStreamIn({depth_, id_});
    return saver_->impl_->stack.Rollback({depth_, id_});
  });
}

absl::StatusOr<Transaction> Transaction::Savepoint() {
  return Enter([&]() -> absl::StatusOr<Transaction> {
    RETURN_IF_ERROR(saver_->impl_->CheckNoStream());
    ASSIGN_OR_RETURN(const Level level,
                     saver_->impl_->stack.Savepoint({depth_, id_}));
    return Transaction(saver_, level.depth, level.id);
  });
}

absl::Status Transaction::Release() {
  return Enter([&]() -> absl::Status {
    RETURN_IF_ERROR(saver_->impl_->CheckNoStream());
    return saver_->impl_->stack.Release({depth_, id_});
  });
}

absl::Status Transaction::RollbackTo() {
  return Enter([&]() -> absl::Status {
    RETURN_IF_ERROR(saver_->impl_->CheckNoStream());
    return saver_->impl_->stack.RollbackTo({depth_, id_});
  });
}

bool Transaction::is_aborted() const {
  return saver_ != nullptr && saver_->impl_->stack.IsAborted({depth_, id_});
}

bool Transaction::is_open() const {
  return saver_ != nullptr && saver_->impl_->stack.IsOpen({depth_, id_});
}

}  // namespace lastcommit::saver
