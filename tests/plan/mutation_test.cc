#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "plan/parser_law.h"
#include "plan/plan_mutation.h"

namespace lastcommit {
namespace {

std::vector<std::string> Corpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CORPUS)) {
    if (entry.path().extension() == ".plan") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> texts;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(file),
                       std::istreambuf_iterator<char>());
  }
  return texts;
}

// The same each time; scripts/fuzz-parser goes on where this ends.
TEST(MutationTest, TwentyThousandTextsThatAreNearlyPlansBreakNoLaw) {
  constexpr std::uint64_t kTexts = 20'000;
  const std::vector<std::string> corpus = Corpus();
  const std::vector<std::string> generated = GeneratedPlanTexts(100);
  ASSERT_GT(corpus.size(), 10u);
  int plans = 0;
  for (std::uint64_t i = 0; i < kTexts; ++i) {
    const std::string& other = generated[i % generated.size()];
    const std::string& plan =
        i % 2 == 0 ? corpus[i / 2 % corpus.size()] : other;
    const std::string text = MutatedPlanText(plan, other, i);
    const Parsing parsing = ParseByLaw(text);
    ASSERT_EQ(parsing.broken_law, "") << i << ": " << absl::CHexEscape(text);
    if (parsing.is_plan) ++plans;
  }
  // Neither the parser's refusals nor its plans are left out.
  EXPECT_GT(plans, 2'000);
  EXPECT_LT(plans, 18'000);
}

}  // namespace
}  // namespace lastcommit
