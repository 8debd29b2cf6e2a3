#include "record/fault.h"

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

struct NamedError {
  int number;
  const char* name;
};

constexpr NamedError kErrors[] = {
    {EIO, "EIO"}, {ENOSPC, "ENOSPC"}, {EDQUOT, "EDQUOT"}, {EINTR, "EINTR"}};

// 0: it writes less.
std::vector<int> ErrorsOf(const BegunCall& begun) {
  switch (FamilyOf(begun.call)) {
    case CallFamily::kWrite: {
      const bool can_be_short = begun.call == WatchedCall::kWrite ||
                                begun.call == WatchedCall::kPwrite;
      if (can_be_short && begun.entry.Address(Fault::kSizeArgument) > 1) {
        return {EIO, ENOSPC, EDQUOT, EINTR, 0};
      }
      return {EIO, ENOSPC, EDQUOT, EINTR};
    }
    case CallFamily::kOpen:
    case CallFamily::kAllocate:
      return {EIO, ENOSPC, EDQUOT, EINTR};
    case CallFamily::kSync:
      return {EIO, ENOSPC, EDQUOT};
    case CallFamily::kResize:
      return {EIO, EINTR};
    case CallFamily::kClone:
      return {EIO, ENOSPC, EDQUOT};
    case CallFamily::kNames:
      if (begun.call == WatchedCall::kUnlink ||
          begun.call == WatchedCall::kUnlinkat ||
          begun.call == WatchedCall::kRmdir) {
        return {EIO};
      }
      return {EIO, ENOSPC, EDQUOT};
    case CallFamily::kLock:
    case CallFamily::kMap:
    case CallFamily::kSleep:
    case CallFamily::kTrace:
      break;
  }
  return {};
}

}  // namespace

std::string Fault::InWords() const {
  if (error == 0) return absl::StrCat("writes ", size, " bytes");
  for (const NamedError& known : kErrors) {
    if (known.number == error) return absl::StrCat("fails with ", known.name);
  }
  return absl::StrCat("fails with ", error);
}

std::optional<Fault> FaultOf(const BegunCall& begun, std::uint64_t choice) {
  using Target = BegunCall::Target;
  const bool is_of_a_file = begun.target == Target::kFile ||
                            begun.target == Target::kPath ||
                            begun.target == Target::kOpen;
  const bool is_outside =
      begun.target == Target::kOpen && !begun.path.has_value();
  if (!is_of_a_file || is_outside) return std::nullopt;
  const std::vector<int> errors = ErrorsOf(begun);
  if (errors.empty()) return std::nullopt;
  const int error = errors[choice % errors.size()];
  return Fault{error,
               error == 0 ? begun.entry.Address(Fault::kSizeArgument) / 2 : 0};
}

}  // namespace lastcommit
