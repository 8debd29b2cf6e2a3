#include "oracle/round_counts.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using Numbers =
    std::array<std::int64_t, sizeof(RoundCounts) / sizeof(std::int64_t)>;

TEST(RoundCountsTest, EachFieldIsAdded) {
  Numbers some;
  Numbers others;
  Numbers sums;
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto bit = std::int64_t{1} << i;
    some[i] = bit;
    others[i] = 100 * bit;
    sums[i] = 101 * bit;
  }
  auto counts = std::bit_cast<RoundCounts>(some);
  counts += std::bit_cast<RoundCounts>(others);
  EXPECT_EQ(std::bit_cast<Numbers>(counts), sums);
}

}  // namespace
}  // namespace lastcommit
