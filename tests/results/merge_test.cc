#include "results/merge.h"

#include <cstdint>
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
using ::testing::SizeIs;

TrialsRecord Trials(std::uint64_t first, double seconds) {
  TrialsRecord trials;
  trials.at = static_cast<double>(first);
  trials.indexes.Add({first, first + 10});
  trials.seconds = seconds;
  trials.cells = {{{.group = CellGroup::kTrials}, 10}};
  trials.digest_sum = first + 1;
  return trials;
}

FindingRecord Found(std::uint64_t index) {
  Finding finding;
  finding.key = {7, index};
  finding.filed_under = "lost_commit";
  finding.verdict = "violated(lost_commit)";
  return {finding};
}

class MergeTest : public testing::Test {
 protected:
  // A shard of two with these records.
  std::string Shard(int number, const std::vector<Record>& records) {
    std::string path = directory_.Path("shard-" + std::to_string(number));
    MakeCampaign(path, {number, 2}, records);
    return path;
  }

  std::vector<TrialsRecord> MergedTrials() {
    std::vector<TrialsRecord> all;
    const auto take = [&all](const Record& record) {
      if (const auto* trials = std::get_if<TrialsRecord>(&record)) {
        all.push_back(*trials);
      }
      return absl::OkStatus();
    };
    EXPECT_THAT(ReadResults(directory_.Path("out"), take), IsOk());
    return all;
  }

  Directory directory_;
};

TEST_F(MergeTest, TrialsOfSomeMinutesOfARunBecomeOneRecord) {
  const StartRecord start = {1, 1, "tester"};
  const std::vector<std::string> shards = {
      Shard(2, {start, Trials(100, 250)}),
      Shard(1, {start, Trials(0, 200), Found(4), Trials(10, 200),
                Trials(20, 50), EndRecord(), start, Trials(30, 50)})};
  const auto merged = Merge(directory_.Path("out"), shards);
  ASSERT_THAT(merged, IsOk());
  const std::vector<TrialsRecord> trials = MergedTrials();
  ASSERT_THAT(trials, SizeIs(4));
  EXPECT_THAT(trials[0].indexes.ranges(), ElementsAre(IndexRange{0, 20}));
  EXPECT_EQ(trials[0].seconds, 400);
  EXPECT_EQ(trials[0].at, 10);
  EXPECT_EQ(trials[0].digest_sum, 12);
  EXPECT_EQ(trials[0].cells.at({.group = CellGroup::kTrials}), 20);
  EXPECT_THAT(trials[1].indexes.ranges(), ElementsAre(IndexRange{20, 30}))
      << "of another run";
  EXPECT_THAT(trials[2].indexes.ranges(), ElementsAre(IndexRange{30, 40}));
  EXPECT_THAT(trials[3].indexes.ranges(), ElementsAre(IndexRange{100, 110}))
      << "of another shard, which comes later though it was named first";
  EXPECT_EQ(merged->summary.tally.ledger.trials(), 50);
  EXPECT_EQ(merged->summary.tally.digest_sum, 1 + 11 + 21 + 31 + 101);
  EXPECT_THAT(merged->summary.tally.findings, SizeIs(1));
  EXPECT_THAT(merged->summary.tally.sessions, SizeIs(3));
}

TEST_F(MergeTest, PlansThatTwoShardsHaveLeaveNothing) {
  const std::vector<std::string> shards = {Shard(1, {Trials(0, 1)}),
                                           Shard(2, {Trials(5, 1)})};
  const auto merged = Merge(directory_.Path("out"), shards);
  EXPECT_EQ(merged.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(merged.status().message()),
              HasSubstr("shard-2: it has plans that another one has too"));
  EXPECT_THAT(directory_.Names(), ElementsAre("shard-1", "shard-2"));
}

TEST_F(MergeTest, SaysHowFarItIs) {
  std::vector<std::size_t> done;
  const auto merged =
      Merge(directory_.Path("out"),
            {Shard(1, {Trials(0, 1)}), Shard(2, {Trials(100, 1)})},
            [&done](std::size_t parts) { done.push_back(parts); });
  ASSERT_THAT(merged, IsOk());
  EXPECT_THAT(done, ElementsAre(1, 2));
}

}  // namespace
}  // namespace lastcommit
