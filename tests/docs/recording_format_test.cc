// docs/recording-format.md lists the kinds of effects that there are.

#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "record/recording.h"

namespace lastcommit {
namespace {

using Kinds = std::vector<std::pair<std::string, int>>;

TEST(RecordingFormatPageTest, ListsEachKindWithItsNumber) {
  const std::string page = Page("docs/recording-format.md");
  const std::regex row("\n\\| ([a-z_]+) \\| ([0-9]+) \\|");
  Kinds listed;
  for (auto it = std::sregex_iterator(page.begin(), page.end(), row);
       it != std::sregex_iterator(); ++it) {
    listed.emplace_back((*it)[1].str(), std::stoi((*it)[2].str()));
  }
  Kinds expected;
  for (int kind = 0; kind < kEffectKinds; ++kind) {
    expected.emplace_back(std::string(Name(static_cast<EffectKind>(kind))),
                          kind);
  }
  EXPECT_EQ(listed, expected);
}

}  // namespace
}  // namespace lastcommit
