#include "store/splitmix64.h"

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

// As https://prng.di.unimi.it/splitmix64.c gives them.
TEST(SplitMix64Test, GivesTheNumbersOfTheReference) {
  SplitMix64 random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317U);
  EXPECT_EQ(random.Next(), 3203168211198807973U);
  EXPECT_EQ(random.Next(), 9817491932198370423U);
}

}  // namespace
}  // namespace lastcommit
