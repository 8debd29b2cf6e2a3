#include "results/results_file.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

TrialsRecord Trials(std::uint64_t first, std::uint64_t end) {
  TrialsRecord trials;
  trials.indexes.Add({first, end});
  trials.cells = {
      {{.group = CellGroup::kTrials}, static_cast<std::int64_t>(end - first)}};
  trials.digest_sum = std::numeric_limits<std::uint64_t>::max() - first;
  return trials;
}

class ResultsFileTest : public testing::Test {
 protected:
  Results Read() {
    absl::StatusOr<Results> results = ReadResults(directory_.path());
    EXPECT_THAT(results, IsOk());
    return results.ok() ? *std::move(results) : Results();
  }
  int Records() {
    int records = 0;
    const auto count = [&records](const Record&) {
      ++records;
      return absl::OkStatus();
    };
    EXPECT_THAT(ReadResults(directory_.path(), count), IsOk());
    return records;
  }
  void Append(const std::vector<Record>& records) {
    const auto file = ResultsFile::Open(directory_.path(), Read());
    ASSERT_THAT(file, IsOk());
    for (const Record& record : records) {
      EXPECT_THAT((*file)->Append(record), IsOk());
    }
  }
  std::string Text() { return directory_.Get("results.jsonl"); }
  void Put(const std::string& text) { directory_.Put("results.jsonl", text); }

  Directory directory_;
};

TEST_F(ResultsFileTest, WithoutAFileThereIsNothing) {
  const Results results = Read();
  EXPECT_TRUE(results.tally.sessions.empty());
  EXPECT_EQ(results.cut, "");
}

TEST_F(ResultsFileTest, WhatIsAppendedIsRead) {
  Append({StartRecord{1.5, 2, "tester"}, Trials(0, 16)});
  Append({Trials(16, 20), EndRecord{2.5, true, "an error", 3}});
  const Results results = Read();
  EXPECT_EQ(Records(), 4);
  EXPECT_EQ(results.tally.ledger.trials(), 20);
  EXPECT_EQ(results.tally.digest_sum,
            Trials(0, 1).digest_sum + Trials(16, 17).digest_sum);
  EXPECT_EQ(results.tally.sessions[0].start.jobs, 2);
  EXPECT_EQ(results.tally.sessions[0].end->error, "an error");
}

TEST_F(ResultsFileTest, FindingsAreNamedFromTheDirectoryOfTheCampaign) {
  Finding finding;
  finding.key = {1, 4};
  finding.filed_under = "lost_commit";
  finding.directory = directory_.Path("findings/lost_commit/1-4");
  finding.plan_path = finding.directory + "/original.plan";
  Append({FindingRecord{finding}});
  EXPECT_THAT(Text(), HasSubstr("\"findings/lost_commit/1-4\""));
  EXPECT_EQ(Read().tally.findings.begin()->second.plan_path, finding.plan_path);
}

// It is read in parts of 64 KiB.
TEST_F(ResultsFileTest, LinesMayBeLongerThanAPartOfTheFile) {
  Finding finding;
  finding.key = {1, 4};
  finding.filed_under = "lost_commit";
  finding.story = std::string(200'000, 's');
  Append({Trials(0, 16), FindingRecord{finding}, Trials(16, 20)});
  const Results results = Read();
  EXPECT_EQ(Records(), 3);
  EXPECT_EQ(results.tally.ledger.trials(), 20);
  EXPECT_EQ(results.tally.findings.begin()->second.story, finding.story);
}

TEST_F(ResultsFileTest, ACutLastLineIsSaidAndDoesNotCount) {
  Append({Trials(0, 16), Trials(16, 20)});
  const std::string text = Text();
  const std::size_t second = text.find('\n') + 1;
  for (std::size_t size = second + 1; size < text.size(); ++size) {
    Put(text.substr(0, size));
    const Results results = Read();
    EXPECT_EQ(results.tally.ledger.trials(), 16) << size;
    EXPECT_THAT(results.cut, HasSubstr("results.jsonl:2: the last line was"));
  }
}

TEST_F(ResultsFileTest, AfterACutLineOneGoesOnAndNothingIsDeleted) {
  Append({Trials(0, 16), Trials(16, 20)});
  std::string cut = Text();
  cut.pop_back();  // even a record that lacks its newline only
  Put(cut);
  Append({Trials(16, 24)});
  EXPECT_TRUE(Text().starts_with(cut + "\n"));
  const Results results = Read();
  EXPECT_EQ(results.tally.ledger.trials(), 24);
  EXPECT_EQ(results.cut, "");
  EXPECT_EQ(Records(), 2);  // the cut itself is none
}

TEST_F(ResultsFileTest, WhoReadsTheRecordsMayEndIt) {
  Append({Trials(0, 16), Trials(16, 20)});
  int records = 0;
  const auto end = [&records](const Record&) {
    ++records;
    return absl::CancelledError("enough");
  };
  EXPECT_THAT(ReadResults(directory_.path(), end),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(records, 1);
}

TEST_F(ResultsFileTest, GarbageInTheMiddleIsAnErrorWithItsLine) {
  Append({Trials(0, 16), Trials(16, 20)});
  std::string text = Text();
  text.insert(text.find('\n') + 1, "garbage\n");
  Put(text);
  const absl::StatusOr<Results> results = ReadResults(directory_.path());
  EXPECT_THAT(results, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(results.status().message()),
              HasSubstr("/results.jsonl:2: no record of a campaign: "));
  EXPECT_EQ(Text(), text);
}

TEST_F(ResultsFileTest, AnUnknownRecordIsAnError) {
  for (const char* line :
       {"1", "[]", "{}", "null", R"({"record":"other"})",
        R"({"record":"trials"})", R"({"record":"start","at":"x"})"}) {
    Put(std::string(line) + "\n");
    EXPECT_THAT(ReadResults(directory_.path()),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << line;
  }
}

TEST_F(ResultsFileTest, AnIndexThatIsCountedTwiceIsAnError) {
  Append({Trials(0, 16)});
  Put(Text() + PrintRecord(Trials(15, 17)));
  EXPECT_THAT(std::string(ReadResults(directory_.path()).status().message()),
              HasSubstr(":2: it counts an index that was counted before"));
}

TEST_F(ResultsFileTest, WhatIsAppendedUnsyncedIsThereToo) {
  const auto file = ResultsFile::Open(directory_.path(), Read());
  ASSERT_THAT(file, IsOk());
  EXPECT_THAT((*file)->AppendUnsynced(Trials(0, 16)), IsOk());
  EXPECT_THAT((*file)->Sync(), IsOk());
  EXPECT_EQ(Read().tally.ledger.trials(), 16);
}

TEST_F(ResultsFileTest, AFullDiskIsAnErrorAndWhatIsThereStays) {
  const std::string reason = directory_.MountTmpfs("size=8k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const auto file = ResultsFile::Open(directory_.path(), Results());
  ASSERT_THAT(file, IsOk());
  std::uint64_t index = 0;
  absl::Status status;
  while (status.ok() && index < 10'000) {
    status = (*file)->Append(Trials(index, index + 1));
    ++index;
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/results.jsonl: No space left on device"));
  EXPECT_EQ(Read().tally.ledger.trials(), static_cast<std::int64_t>(index) - 1);
}

}  // namespace
}  // namespace lastcommit
