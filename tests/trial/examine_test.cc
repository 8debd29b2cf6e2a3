#include "trial/examine.h"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "sql/script.h"
#include "sql/tables.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"
#include "trial/driver.h"
#include "trial/plans.h"
#include "trial/sim_remains.h"

namespace lastcommit {
namespace {

// After an open and these steps.
ReferenceModel After(const std::vector<Step>& steps) {
  ReferenceModel model;
  model.Apply(StepOf(StepKind::kOpen));
  for (const Step& step : steps) model.Apply(step);
  return model;
}

// ---- What plain SQL finds ----

// What a round left, as it would be read.
class ToldRemains : public Remains {
 public:
  Leftovers FindLeftovers() override { return leftovers; }
  absl::StatusOr<std::shared_ptr<const PlainRead>> ReadCopy(
      const SaverEntry& /*entry*/, CopyWhat what) override {
    const State& state =
        (what == CopyWhat::kAll ? all : database_alone).state();
    PlainRead read;
    read.observation.state = state;
    read.rows_digest = Digest(state);
    if (breaks_invariant) AddBroken(read.observation.state);
    read.state_digest = Digest(read.observation.state);
    return std::make_shared<const PlainRead>(std::move(read));
  }
  std::string database() override { return ""; }

  Leftovers leftovers;
  ReferenceModel all;
  ReferenceModel database_alone;
  bool breaks_invariant = false;

 private:
  static void AddBroken(State& state) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(":memory:", &connection), SQLITE_OK);
    const absl::Cleanup close = [&] { sqlite3_close(connection); };
    sql::Invariant invariant;
    invariant.name = "even";
    invariant.query.text = "SELECT 7";
    EXPECT_THAT(sql::Tables().AddBroken(connection, {invariant}, state),
                IsOk());
  }
};

// Of a round that is not the last one, and left commit 1, a blob.
class ExamineTest : public testing::Test {
 protected:
  ExamineTest() {
    remains_.all = remains_.database_alone = model_;
    task_.entry = &entry_;
    task_.profile = &profile_;
    task_.remains = &remains_;
    task_.model = &model_;
    task_.legal.lowest = task_.legal.highest = 1;
  }

  Examination Examined() {
    const absl::StatusOr<Examination> examination = Examine(task_);
    EXPECT_THAT(examination, IsOk());
    return examination.ok() ? *examination : Examination();
  }
  std::string Found() { return Name(Examined().verdict); }

  const SaverEntry entry_ = {};
  const Profile profile_;
  const ReferenceModel model_ = After({PutBlob(0, 10)});
  ToldRemains remains_;
  ExamineTask task_;
};

TEST_F(ExamineTest, AfterACloseTheDatabaseFileAloneHasEverything) {
  remains_.database_alone = After({});
  EXPECT_EQ(Found(), "held");
  task_.closed = true;
  EXPECT_EQ(Found(), "violated(lost_commit)");
}

TEST_F(ExamineTest, ACloseLeavesNoHotJournalUnlessItHadAnError) {
  remains_.leftovers.hot_journal = true;
  EXPECT_EQ(Found(), "held");
  task_.closed = true;
  EXPECT_EQ(Found(), "violated(unclean_close)");
  task_.may_leave_journal = true;
  EXPECT_EQ(Found(), "held");
}

TEST_F(ExamineTest, TheRowsAreThoseOfTheCut) {
  remains_.all = After({PutBlob(1, 10)});
  EXPECT_EQ(Found(), "violated(not_a_cut)");
}

// Two failed in doubt as commit 2.
TEST_F(ExamineTest, WhichCommitInDoubtIsThereItsRowsSay) {
  Alternatives alternatives;
  for (const int blob : {1, 2}) {
    alternatives.push_back(std::make_shared<const ReferenceModel>(
        After({PutBlob(0, 10), PutBlob(blob, 10)})));
  }
  task_.alternatives = &alternatives;
  EXPECT_EQ(Examined().alternative, -1);
  for (const int blob : {1, 2, 3}) {
    remains_.all = After({PutBlob(0, 10), PutBlob(blob, 10)});
    const Examination examination = Examined();
    if (blob == 3) {
      EXPECT_EQ(Name(examination.verdict), "violated(phantom_commit)");
    } else {
      EXPECT_EQ(Name(examination.verdict), "held");
      EXPECT_EQ(examination.alternative, blob - 1);
    }
  }
}

TEST_F(ExamineTest, RowsOfTheModelMayBreakAnInvariant) {
  remains_.breaks_invariant = true;
  EXPECT_EQ(Found(), "violated(broken_invariant)");
  remains_.all = After({PutBlob(1, 10)});
  EXPECT_EQ(Found(), "violated(not_a_cut)");
}

TEST_F(ExamineTest, SoMayThoseOfACommitInDoubt) {
  Alternatives alternatives = {std::make_shared<const ReferenceModel>(
      After({PutBlob(0, 10), PutBlob(1, 10)}))};
  task_.alternatives = &alternatives;
  remains_.all = *alternatives[0];
  EXPECT_EQ(Found(), "held");
  remains_.breaks_invariant = true;
  EXPECT_EQ(Found(), "violated(broken_invariant)");
}

// ---- What the saver finds ----

int g_reads = 0;
int g_forgetful_read = 0;  // which of them says that nothing is there

class SaverThatForgets : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<State> ReadState() override {
    absl::StatusOr<State> state = PlantedSubject::ReadState();
    if (++g_reads == g_forgetful_read && state.ok()) state->rows.clear();
    return state;
  }
};

// Of a last round that left commit 1, a blob.
class ExamineThroughSaverTest : public testing::Test {
 protected:
  ExamineThroughSaverTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    entry_.open = OpenPlanted<SaverThatForgets>;
    entry_.read = ReadStateBySql;
  }

  std::string FoundIfItForgetsInRead(int number) {
    g_reads = 0;
    g_forgetful_read = number;
    Storage left = LeftByARound();
    KnownImages known;
    const std::uint64_t digest = left.Digest();
    SimRemains remains(std::move(left), digest, known);
    const ReferenceModel model = After({PutBlob(0, 10)});
    ExamineTask task;
    task.entry = &entry_;
    task.profile = &profile_;
    task.remains = &remains;
    task.model = &model;
    task.legal.lowest = task.legal.highest = 1;
    task.through_saver = true;
    const absl::StatusOr<Examination> examination = Examine(task);
    EXPECT_THAT(examination, IsOk());
    return examination.ok() ? Name(examination->verdict) : "";
  }

 private:
  Storage LeftByARound() {
    SimDisk disk{Storage(Storage::Options())};
    UseSimDisk(&disk);
    BeginSimLifetime(1);
    Driver driver(entry_, kSimDatabase, profile_);
    for (const Step& step : RoundOf({PutBlob(0, 10)}).steps) {
      EXPECT_EQ(driver.Run(step, [](std::int64_t) {}).outcome.code,
                absl::StatusCode::kOk);
    }
    UseSimDisk(nullptr);
    return disk.storage();
  }

  SaverEntry entry_ = {};
  const Profile profile_;
};

TEST_F(ExamineThroughSaverTest, ItReadsAfterItsRecoveryAndAfterAReopen) {
  EXPECT_EQ(FoundIfItForgetsInRead(0), "held");
  EXPECT_EQ(g_reads, 2);
}

TEST_F(ExamineThroughSaverTest, WhatItReadsAfterItsRecoveryIsCompared) {
  EXPECT_EQ(FoundIfItForgetsInRead(1), "violated(unstable_recovery)");
}

TEST_F(ExamineThroughSaverTest, WhatItReadsAfterAReopenIsCompared) {
  EXPECT_EQ(FoundIfItForgetsInRead(2), "violated(not_writable)");
}

}  // namespace
}  // namespace lastcommit
