#include "results/report.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "results/records.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kLongestPage = 2'000'000;  // of HTML

// Without the whole page in the message of a failure.
bool Has(const std::string& html, const std::string& what) {
  return html.find(what) != std::string::npos;
}

TrialsRecord Trials(std::uint64_t first) {
  TrialsRecord trials;
  trials.indexes.Add({first, first + 50});
  trials.seconds = 10;
  trials.cells = {
      {{.group = CellGroup::kTrials}, 50},
      {{.group = CellGroup::kSignature, .engine = Engine::kSim, .what = "a"},
       50}};
  return trials;
}

class ReportTest : public testing::Test {
 protected:
  FindingRecord Found(std::uint64_t index, const std::string& story) const {
    Finding finding;
    finding.key = {7, index};
    finding.state = FindingState::kExplained;
    finding.filed_under = "lost_commit";
    finding.verdict = "violated(lost_commit)";
    finding.shape = "shape " + std::to_string(index);
    finding.directory =
        directory_.Path("c/findings/lost_commit/7-" + std::to_string(index));
    finding.story = story;
    finding.token = "lc2_" + std::to_string(index);
    return {finding};
  }

  void Make(std::vector<Record> records) const {
    records.insert(records.begin(),
                   StartRecord{1, 1, "the tester", "a machine"});
    MakeCampaign(directory_.Path("c"), {1, 1}, records);
  }

  Document Report() const {
    const auto page = ReportOn(directory_.Path("c"), "",
                               {directory_.Path("c"), "lastcommit"});
    EXPECT_THAT(page, IsOk());
    return page.ok() ? *page : Document();
  }
  Document Report(const std::vector<Record>& records) const {
    Make(records);
    return Report();
  }

  template <typename Block>
  static std::vector<Block> Of(const Document& page) {
    std::vector<Block> all;
    for (const auto& block : page.blocks) {
      if (const auto* const one = std::get_if<Block>(&block)) {
        all.push_back(*one);
      }
    }
    return all;
  }

  static std::vector<PageTable> Others(const Document& page) {
    std::vector<PageTable> tables = Of<PageTable>(page);
    std::erase_if(tables, [](const PageTable& table) {
      return table.rows.front().front() != "finding";
    });
    return tables;
  }

  Directory directory_;
};

TEST_F(ReportTest, FindingsBeyondTheBoundAreLinks) {
  constexpr std::size_t kFindings = 200;
  std::vector<Record> records = {Trials(0)};
  for (std::uint64_t i = 0; i < kFindings; ++i) {
    records.emplace_back(Found(i, std::string(20'000, '<')));
  }
  Make(records);
  std::filesystem::create_directories(
      directory_.Path("c/findings/lost_commit/7-99"));
  directory_.Put("c/findings/lost_commit/7-99/story.txt", "");
  const Document page = Report();
  const std::string html = HtmlOf(page);
  EXPECT_LT(html.size(), kLongestPage);
  const std::vector<PageTable> others = Others(page);
  ASSERT_THAT(others, SizeIs(1));
  EXPECT_GT(others[0].rows.size(), 10u);
  EXPECT_LT(others[0].rows.size(), kFindings);
  EXPECT_EQ(others[0].rows.size(), others[0].links.size());
  EXPECT_TRUE(Has(html, "href=\"./findings/lost_commit/7-99/story.txt\""));
  EXPECT_FALSE(Has(html, "7-98/story.txt")) << "there is no such file";
  for (std::uint64_t i = 0; i < kFindings; ++i) {
    EXPECT_TRUE(Has(html, "shape " + std::to_string(i)));
    EXPECT_TRUE(Has(html, "lastcommit replay lc2_" + std::to_string(i)));
  }
}

TEST_F(ReportTest, OneThatIsLongerThanAPageHidesNoOther) {
  const Document page =
      Report({Trials(0), Found(0, std::string(kLongestPage, '<')),
              Found(1, "VIOLATED\nsomething short")});
  EXPECT_LT(HtmlOf(page).size(), kLongestPage);
  const std::vector<PageTable> others = Others(page);
  ASSERT_THAT(others, SizeIs(1));
  EXPECT_THAT(others[0].rows, SizeIs(2));
  EXPECT_TRUE(Has(HtmlOf(page), "something short"));
}

TEST_F(ReportTest, SomeFindingsAreAllInThePage) {
  const Document page = Report({Trials(0), Found(0, "VIOLATED\nshort")});
  EXPECT_THAT(Others(page), IsEmpty());
  EXPECT_TRUE(Has(HtmlOf(page), "short"));
  EXPECT_TRUE(
      Has(HtmlOf(page), "10 s in 1 run, by the tester, on a machine.</p>"));
}

TEST_F(ReportTest, SaysWhenSignaturesAndFindingsWereNew) {
  const Document page =
      Report({Trials(0), Found(60, "s"), Found(70, "s"), Trials(50)});
  std::vector<Plot> plots = Of<Plot>(page);
  std::erase_if(plots, [](const Plot& plot) { return plot.x != "trials"; });
  ASSERT_THAT(plots, SizeIs(2));
  EXPECT_THAT(plots[0].xs, ElementsAre(0, 50, 100));
  EXPECT_THAT(plots[0].ys, ElementsAre(0, 1, 1));
  EXPECT_THAT(plots[1].title, HasSubstr("Findings"));
  EXPECT_THAT(plots[1].xs, ElementsAre(0, 50, 100));
  EXPECT_THAT(plots[1].ys, ElementsAre(0, 2, 2));
  const std::vector<PageTable> tables = Of<PageTable>(page);
  const auto behind =
      std::find_if(tables.begin(), tables.end(), [](const PageTable& table) {
        return table.rows.front() ==
               std::vector<std::string>{"trials", "signatures", "findings"};
      });
  ASSERT_NE(behind, tables.end());
  ASSERT_THAT(behind->rows, SizeIs(11));
  EXPECT_THAT(behind->rows[4], ElementsAre("40", "0", "0"));
  EXPECT_THAT(behind->rows[5], ElementsAre("50", "1", "2"));
  EXPECT_THAT(behind->rows[10], ElementsAre("100", "1", "2"));
}

}  // namespace
}  // namespace lastcommit
