#include <cstdint>

#include "gmock/gmock.h"
#include "judge/random_programs.h"

namespace lastcommit {
namespace {

using ::testing::IsEmpty;

class SeedTest : public RandomProgramTest,
                 public testing::WithParamInterface<std::uint64_t> {};

TEST_P(SeedTest, IsAccusedOfNothingThatItsSettingsDoNotAllow) {
  EXPECT_THAT(Unexplained(GetParam()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Each, SeedTest,
                         testing::Range(std::uint64_t{0}, std::uint64_t{20}));

}  // namespace
}  // namespace lastcommit
