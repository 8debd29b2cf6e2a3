#include "saver/in_doubt.h"

#include <new>

#include "absl/strings/cord.h"
#include "saver/transaction.h"

namespace lastcommit::saver {
namespace {

constexpr char kPayload[] = "lastcommit.saver/in_doubt";

// So short that a copy of it takes no memory.
void Mark(absl::Status& status) {
  status.SetPayload(kPayload, absl::Cord("may be there"));
}

}  // namespace

DoubtMarker::DoubtMarker()
    : out_of_memory_(absl::StatusCode::kResourceExhausted, "out of memory") {
  Mark(out_of_memory_);
}

absl::Status DoubtMarker::MarkInDoubt(absl::Status status) const noexcept {
  try {
    Mark(status);
    return status;
  } catch (const std::bad_alloc&) {
    return out_of_memory_;
  }
}

bool IsInDoubt(const absl::Status& status) {
  return status.GetPayload(kPayload).has_value();
}

}  // namespace lastcommit::saver
