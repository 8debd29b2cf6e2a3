#include "names/names.h"

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

enum class Color { kRed, kGreen };
constexpr Names<Color, Color::kGreen> kColors("red", "green");

TEST(NamesTest, EachNameMeansItsValue) {
  EXPECT_EQ(kColors.Of(Color::kGreen), "green");
  EXPECT_EQ(kColors.Parse("green"), Color::kGreen);
  EXPECT_EQ(kColors.Parse("blue"), std::nullopt);
  EXPECT_EQ(kColors.Parse(""), std::nullopt);
}

TEST(NamesTest, ANumberThatIsNoValueHasNoName) {
  EXPECT_EQ(kColors.Of(static_cast<Color>(2)), "");
}

}  // namespace
}  // namespace lastcommit
