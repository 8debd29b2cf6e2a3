#include "plan/parser_law.h"

#include <algorithm>
#include <cctype>

#include "plan/codec.h"

namespace lastcommit {
namespace {

std::string BrokenByRefusal(const absl::Status& status) {
  constexpr std::string_view kBegin = "text:";
  constexpr std::size_t kMostBytes = 2000;
  const std::string_view message(status.message().data(),
                                 status.message().size());
  if (!absl::IsInvalidArgument(status)) return "refused with another code";
  if (!message.starts_with(kBegin) || message.size() == kBegin.size() ||
      std::isdigit(static_cast<unsigned char>(message[kBegin.size()])) == 0) {
    return "refused without a line number";
  }
  if (message.size() > kMostBytes) return "refused with a long message";
  const bool is_printable =
      std::all_of(message.begin(), message.end(),
                  [](char c) { return c >= ' ' && c <= '~'; });
  return is_printable ? "" : "refused with control characters";
}

}  // namespace

Parsing ParseByLaw(std::string_view text) {
  const absl::StatusOr<Plan> plan = ParsePlan(text, "text");
  if (!plan.ok()) return {false, BrokenByRefusal(plan.status())};
  const std::string printed = PrintPlan(*plan);
  const absl::StatusOr<Plan> again = ParsePlan(printed, "text");
  if (!again.ok()) {
    return {true, "what was printed is refused: " + again.status().ToString()};
  }
  if (*again != *plan) return {true, "what was printed is another plan"};
  if (PrintPlan(*again) != printed) return {true, "printed in two ways"};
  return {true, ""};
}

}  // namespace lastcommit
