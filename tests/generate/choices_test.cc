#include "generate/choices.h"

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(ChoicesTest, EachEngineIsItsName) {
  for (int i = 0; i < kEngineChoices; ++i) {
    const auto engine = static_cast<EngineChoice>(i);
    EXPECT_EQ(ParseEngineChoice(Name(engine)), engine);
  }
  EXPECT_EQ(ParseEngineChoice(Name(EngineChoice::kRecord)),
            EngineChoice::kRecord);
  EXPECT_EQ(ParseEngineChoice("steam"), std::nullopt);
}

TEST(ChoicesTest, EachFaultIsItsName) {
  for (int i = 0; i < kFaultChoices; ++i) {
    const auto fault = static_cast<FaultChoice>(i);
    EXPECT_EQ(ParseFaultChoice(Name(fault)), fault);
  }
  EXPECT_EQ(ParseFaultChoice("acid"), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
