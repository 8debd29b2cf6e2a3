#include "output/plural.h"

#include "absl/strings/str_cat.h"

namespace lastcommit {

std::string Plural(std::int64_t count, const std::string& noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

}  // namespace lastcommit
