#include "trial/memory_kills.h"

#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/numbers.h"

namespace lastcommit {

std::optional<std::int64_t> CountOutOfMemoryKills() {
  std::ifstream file("/proc/vmstat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return OutOfMemoryKillsIn(text);
}

std::optional<std::int64_t> OutOfMemoryKillsIn(std::string_view vmstat) {
  constexpr std::string_view kName = "oom_kill ";
  while (!vmstat.empty()) {
    const std::string_view line = vmstat.substr(0, vmstat.find('\n'));
    if (line.starts_with(kName)) {
      std::int64_t count = 0;
      const std::string number(line.substr(kName.size()));
      if (!absl::SimpleAtoi(number, &count)) return std::nullopt;
      return count;
    }
    vmstat.remove_prefix(line.size() == vmstat.size() ? line.size()
                                                      : line.size() + 1);
  }
  return std::nullopt;
}

}  // namespace lastcommit
