#include "trial/large_pages.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "disk/child_memory.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

// The flags of the mapping that holds it, as in proc(5): "hg" is MADV_HUGEPAGE.
std::string FlagsOf(const void* memory) {
  std::ifstream smaps("/proc/self/smaps");
  std::string line;
  bool is_in_it = false;
  while (std::getline(smaps, line)) {
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) {
      const auto address = reinterpret_cast<std::uintptr_t>(memory);
      is_in_it = begin <= address && address < end;
    } else if (is_in_it && absl::StartsWith(line, "VmFlags:")) {
      return line + " ";
    }
  }
  return "";
}

TEST(LargePagesTest, HoldWhatIsAllocatedAfterwards) {
  if (internal::kHasSanitizer) {
    GTEST_SKIP() << "a sanitizer looks after memory itself";
  }
  if (!std::ifstream("/sys/kernel/mm/transparent_hugepage/enabled")) {
    GTEST_SKIP() << "this kernel has no large pages";
  }
  // More than the first part of the heap, which has begun in a small one.
  constexpr std::size_t kSize = std::size_t{8} << 20;
  UseLargePages();
  const auto block = std::make_unique<char[]>(kSize);
  const std::string flags = FlagsOf(block.get() + kSize / 2);
  EXPECT_TRUE(absl::StrContains(flags, " hg ")) << flags;
}

}  // namespace
}  // namespace lastcommit
