#include "saver/in_doubt.h"

#include "absl/strings/cord.h"
#include "saver/transaction.h"

namespace lastcommit {
namespace {

constexpr char kPayload[] = "lastcommit.saver/in_doubt";

}  // namespace

absl::Status MarkInDoubt(absl::Status status) {
  status.SetPayload(kPayload, absl::Cord("the commit may be there"));
  return status;
}

bool IsInDoubt(const absl::Status& status) {
  return status.GetPayload(kPayload).has_value();
}

}  // namespace lastcommit
