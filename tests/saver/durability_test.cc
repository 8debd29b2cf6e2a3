#include <string>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

constexpr JournalMode kJournalModes[] = {
    JournalMode::kDelete, JournalMode::kTruncate, JournalMode::kPersist,
    JournalMode::kMemory, JournalMode::kWal,      JournalMode::kOff};
constexpr Durability kLevels[] = {
    Durability::kNothing, Durability::kProcessCrash, Durability::kPowerLoss};

class DurabilityTest : public SaverTest {};

TEST_F(DurabilityTest, DefaultSurvivesAPowerLoss) {
  Open();
  EXPECT_EQ(saver_->durability(), Durability::kPowerLoss);
  EXPECT_EQ(Sql("PRAGMA synchronous"), "2");
  Options options;
  options.journal_mode = JournalMode::kDelete;
  Open(options);
  EXPECT_EQ(saver_->durability(), Durability::kPowerLoss);
  EXPECT_EQ(Sql("PRAGMA synchronous"), "3");
}

TEST_F(DurabilityTest, EveryLevelIsGivenOrRefused) {
  for (const JournalMode mode : kJournalModes) {
    for (const Durability level : kLevels) {
      Options options;
      options.journal_mode = mode;
      options.durability = level;
      const auto synchronous = SynchronousFor(mode, level);
      const bool keeps_nothing =
          mode == JournalMode::kMemory || mode == JournalMode::kOff;
      if (keeps_nothing && level != Durability::kNothing) {
        EXPECT_THAT(synchronous, StatusIs(StatusCode::kInvalidArgument));
        EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kInvalidArgument));
        continue;
      }
      ASSERT_THAT(synchronous, IsOk());
      EXPECT_GE(DurabilityOf(mode, *synchronous), level);
      Open(options);
      EXPECT_GE(saver_->durability(), level);
      EXPECT_EQ(Sql("PRAGMA synchronous"),
                std::to_string(static_cast<int>(*synchronous)));
    }
  }
}

TEST_F(DurabilityTest, RefusedBeforeAnythingIsCreated) {
  Options options;
  options.synchronous = Synchronous::kNormal;
  EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kInvalidArgument));
  options.journal_mode = JournalMode::kDelete;
  options.synchronous = Synchronous::kFull;
  EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DurabilityTest, ASynchronousThatGivesMoreIsTaken) {
  Options options;
  options.durability = Durability::kProcessCrash;
  options.synchronous = Synchronous::kExtra;
  Open(options);
  EXPECT_EQ(Sql("PRAGMA synchronous"), "3");
  EXPECT_EQ(saver_->durability(), Durability::kPowerLoss);
}

TEST_F(DurabilityTest, OffAndMemoryAreForThoseThatAskForNothing) {
  Open(AnyDurability(JournalMode::kOff));
  EXPECT_EQ(saver_->durability(), Durability::kNothing);
  EXPECT_THAT(Put("b", "x"), IsOk());
}

}  // namespace
}  // namespace lastcommit::saver
