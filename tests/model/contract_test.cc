#include "model/contract.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

Profile Promising(saver::JournalMode mode) {
  Profile profile;
  profile.journal_mode = mode;
  return profile;
}

CrashFacts KilledAfter(std::int64_t acknowledged) {
  return {.fault = Fault::kKill, .acknowledged = acknowledged};
}

std::string ModeName(const ::testing::TestParamInfo<saver::JournalMode>& info) {
  return std::string(Name(info.param));
}

class KillContractTest : public ::testing::TestWithParam<saver::JournalMode> {
 protected:
  LegalCuts Legal(const CrashFacts& facts) const {
    return ContractFor(Promising(GetParam()), facts);
  }
};
class JournalOnDisk : public KillContractTest {};
class JournalNotOnDisk : public KillContractTest {};

TEST_P(KillContractTest, HasExactlyOneRow) {
  int rows = 0;
  for (const ContractRow& row : KillContract()) {
    if (row.journal_mode == GetParam()) ++rows;
  }
  EXPECT_EQ(rows, 1);
}

TEST_P(KillContractTest, WithoutACandidateOnlyTheAcknowledgedCutIsLegal) {
  const LegalCuts legal = Legal(KilledAfter(7));
  EXPECT_FALSE(legal.anything);
  EXPECT_EQ(legal.lowest, 7);
  EXPECT_EQ(legal.highest, 7);
}

TEST_P(KillContractTest, WithoutAFaultNothingIsInDoubt) {
  CrashFacts facts = KilledAfter(7);
  facts.fault = Fault::kNone;
  facts.candidates = 1;
  facts.database_written_since_commit = true;
  const LegalCuts legal = Legal(facts);
  EXPECT_FALSE(legal.anything);
  EXPECT_EQ(legal.lowest, 7);
  EXPECT_EQ(legal.highest, 7);
}

TEST_P(KillContractTest, CitesTheDocumentation) {
  EXPECT_TRUE(Legal(KilledAfter(7)).source.starts_with("https://sqlite.org/"));
}

TEST_P(JournalOnDisk, ACandidateMayBeThereOrNot) {
  CrashFacts facts = KilledAfter(7);
  facts.candidates = 1;
  const LegalCuts legal = Legal(facts);
  EXPECT_FALSE(legal.anything);
  EXPECT_EQ(legal.lowest, 7);
  EXPECT_EQ(legal.highest, 8);
}

TEST_P(JournalOnDisk, WritesToTheDatabaseExcuseNothing) {
  CrashFacts facts = KilledAfter(7);
  facts.database_written_since_commit = true;
  const LegalCuts legal = Legal(facts);
  EXPECT_FALSE(legal.anything);
  EXPECT_EQ(legal.lowest, 7);
  EXPECT_EQ(legal.highest, 7);
}

TEST_P(JournalOnDisk, TheSchemaMayBeInDoubt) {
  CrashFacts facts = KilledAfter(-1);
  facts.candidates = 1;
  const LegalCuts legal = Legal(facts);
  EXPECT_EQ(legal.lowest, -1);
  EXPECT_EQ(legal.highest, 0);
}

TEST_P(JournalOnDisk, ALossOfPowerKeepsTheSchemaIfExtraWasPromised) {
  CrashFacts facts = KilledAfter(0);
  facts.fault = Fault::kPowerLoss;
  facts.directory_synced = -1;
  Profile profile;
  profile.journal_mode = GetParam();
  profile.synchronous = saver::Synchronous::kExtra;
  EXPECT_EQ(ContractFor(profile, facts).lowest, 0);
  profile.synchronous = saver::Synchronous::kFull;
  EXPECT_EQ(ContractFor(profile, facts).lowest, -1);
}

// ---- What a loss of power may take ----

LegalCuts AfterPowerLoss(saver::JournalMode mode, saver::Synchronous level,
                         const CrashFacts& facts) {
  Profile profile;
  profile.journal_mode = mode;
  profile.synchronous = level;
  return ContractFor(profile, facts);
}

CrashFacts PowerLostAfter(std::int64_t acknowledged) {
  CrashFacts facts;
  facts.fault = Fault::kPowerLoss;
  facts.acknowledged = acknowledged;
  return facts;
}

TEST(PowerLossContractTest, TruncateAtNormalMayLoseOneCommitAndNoMore) {
  EXPECT_EQ(AfterPowerLoss(saver::JournalMode::kTruncate,
                           saver::Synchronous::kNormal, PowerLostAfter(7))
                .lowest,
            6);
}

TEST(PowerLossContractTest, DeleteMayLoseOneCommitUntilTheDirectoryIsSynced) {
  CrashFacts facts = PowerLostAfter(7);
  facts.directory_synced = 3;
  const auto lowest = [&] {
    return AfterPowerLoss(saver::JournalMode::kDelete,
                          saver::Synchronous::kFull, facts)
        .lowest;
  };
  EXPECT_EQ(lowest(), 6);
  facts.directory_synced = 7;
  EXPECT_EQ(lowest(), 7);
}

TEST(PowerLossContractTest, AtNormalAJournalNeedsTheOrderOfWrites) {
  CrashFacts facts = PowerLostAfter(7);
  facts.is_in_order_per_file = false;
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
        saver::JournalMode::kPersist}) {
    EXPECT_TRUE(
        AfterPowerLoss(mode, saver::Synchronous::kNormal, facts).anything);
    EXPECT_FALSE(
        AfterPowerLoss(mode, saver::Synchronous::kFull, facts).anything);
  }
}

TEST_P(JournalNotOnDisk, AnUnwrittenCandidateLeavesNoTrace) {
  CrashFacts facts = KilledAfter(7);
  facts.candidates = 1;
  const LegalCuts legal = Legal(facts);
  EXPECT_FALSE(legal.anything);
  EXPECT_EQ(legal.highest, 7);
}

TEST_P(JournalNotOnDisk, AfterAWriteNothingIsDemanded) {
  CrashFacts facts = KilledAfter(7);
  facts.database_written_since_commit = true;
  EXPECT_TRUE(Legal(facts).anything);
  facts.candidates = 1;
  EXPECT_TRUE(Legal(facts).anything);
}

INSTANTIATE_TEST_SUITE_P(Modes, KillContractTest,
                         ::testing::Values(saver::JournalMode::kDelete,
                                           saver::JournalMode::kTruncate,
                                           saver::JournalMode::kPersist,
                                           saver::JournalMode::kWal,
                                           saver::JournalMode::kMemory,
                                           saver::JournalMode::kOff),
                         ModeName);
INSTANTIATE_TEST_SUITE_P(Modes, JournalOnDisk,
                         ::testing::Values(saver::JournalMode::kDelete,
                                           saver::JournalMode::kTruncate,
                                           saver::JournalMode::kPersist,
                                           saver::JournalMode::kWal),
                         ModeName);
INSTANTIATE_TEST_SUITE_P(Modes, JournalNotOnDisk,
                         ::testing::Values(saver::JournalMode::kMemory,
                                           saver::JournalMode::kOff),
                         ModeName);

TEST(ContractTest, AttachedDatabasesHaveCutsOfTheirOwnWithoutASuperJournal) {
  CrashFacts facts;
  facts.fault = Fault::kPowerLoss;
  facts.acknowledged = 5;
  facts.wal_synced = 4;
  facts.directory_synced = 5;
  facts.attached = 2;
  facts.attached_wal_synced = {2, 3, -1};
  Profile profile;
  profile.journal_mode = saver::JournalMode::kWal;
  profile.synchronous = saver::Synchronous::kNormal;
  std::vector<LegalCuts> legal = AttachedContractFor(profile, facts);
  ASSERT_EQ(legal.size(), 2U);
  EXPECT_EQ(legal[0].lowest, 2);
  EXPECT_EQ(legal[1].lowest, 3);
  EXPECT_EQ(legal[0].highest, 5);
  EXPECT_THAT(std::string(legal[0].source), HasSubstr("lang_attach.html"));
  EXPECT_EQ(ContractFor(profile, facts).lowest, 4);
  profile.synchronous = saver::Synchronous::kFull;
  EXPECT_EQ(AttachedContractFor(profile, facts)[0].lowest, 5);
  profile.journal_mode = saver::JournalMode::kPersist;
  EXPECT_TRUE(AttachedContractFor(profile, facts).empty());
  profile.synchronous = saver::Synchronous::kOff;
  EXPECT_EQ(AttachedContractFor(profile, facts).size(), 2U);
  facts.attached = 0;
  EXPECT_TRUE(AttachedContractFor(profile, facts).empty());
}

TEST(ContractTest, WhatAnotherProgramHasRemovedMayBeGone) {
  for (const Fault fault : {Fault::kNone, Fault::kKill}) {
    CrashFacts facts;
    facts.fault = fault;
    facts.acknowledged = 7;
    facts.kept = 4;
    const LegalCuts cuts = ContractFor(Profile(), facts);
    EXPECT_EQ(cuts.lowest, 4);
    EXPECT_EQ(cuts.highest, 7);
    EXPECT_FALSE(cuts.anything);
    facts.kept = 9;  // acknowledged, but not by this count
    EXPECT_EQ(ContractFor(Profile(), facts).lowest, 7);
  }
}

TEST(ContractTest, OfADatabaseHalfCopiedFromARemovedWalNothingIsDemanded) {
  CrashFacts facts;
  facts.fault = Fault::kKill;
  facts.kept = -1;
  facts.is_half_copied = true;
  EXPECT_TRUE(ContractFor(Profile(), facts).anything);
}

}  // namespace
}  // namespace lastcommit
