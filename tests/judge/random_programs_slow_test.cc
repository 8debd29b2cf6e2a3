#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "judge/random_programs.h"

namespace lastcommit {
namespace {

using ::testing::IsEmpty;

constexpr std::uint64_t kFirst = 1000;
constexpr std::uint64_t kSeeds = 200;
constexpr absl::Duration kTime = absl::Minutes(10);

TEST_F(RandomProgramTest, TwoHundredAreAccusedOfNothingThatIsNotAllowed) {
  const absl::Time end = absl::Now() + kTime;
  std::uint64_t seed = kFirst;
  for (; seed < kFirst + kSeeds && absl::Now() < end; ++seed) {
    EXPECT_THAT(Unexplained(seed), IsEmpty());
    Clear();
  }
  EXPECT_GT(seed, kFirst);
  RecordProperty("seeds", std::to_string(seed - kFirst));
}

}  // namespace
}  // namespace lastcommit
