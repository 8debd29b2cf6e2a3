#include "subject/registry.h"

#include <gtest/gtest.h>

#include <set>

#include "threads/specs.h"

namespace lastcommit {
namespace {

TEST(RegistryTest, TheFirstSaverIsOurs) {
  EXPECT_EQ(Savers().front().name, "sqlite");
}

TEST(RegistryTest, FindsEverySaverByItsName) {
  for (const SaverEntry& entry : Savers()) {
    EXPECT_EQ(FindSaver(entry.name), &entry);
  }
}

TEST(RegistryTest, FindsNothingElse) {
  EXPECT_EQ(FindSaver(""), nullptr);
  EXPECT_EQ(FindSaver("sqlit"), nullptr);
  EXPECT_EQ(FindSaver("SQLITE"), nullptr);
}

TEST(RegistryTest, NamesAreDifferentAndFitIntoAPlan) {
  std::set<std::string_view> names;
  for (const SaverEntry& entry : Savers()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_LE(entry.name.size(), std::size_t{PlanLimits::kMaxSaverBytes});
  }
}

TEST(RegistryTest, PlantedSaversSayWhatShowsAndHonestOnesNothing) {
  for (const SaverEntry& entry : Savers()) {
    EXPECT_EQ(entry.planted.has_value(), entry.name.starts_with("planted-"))
        << entry.name;
    EXPECT_FALSE(entry.description.empty()) << entry.name;
  }
}

TEST(RegistryTest, OnlyPlantedSaversRunOnDisksThatLie) {
  for (const SaverEntry& entry : Savers()) {
    if (!entry.unkept_syncs.any()) continue;
    EXPECT_EQ(entry.shown_by, ShownBy::kPowerLoss) << entry.name;
    EXPECT_TRUE(entry.planted.has_value()) << entry.name;
    EXPECT_FALSE(entry.needs_real_files) << entry.name;
  }
}

TEST(RegistryTest, OnlyPlantedSaversRunWhereLocksAreNotKept) {
  for (const SaverEntry& entry : Savers()) {
    if (!entry.unkept_locks.any()) continue;
    EXPECT_GT(entry.needs_clients, 1) << entry.name;
    EXPECT_TRUE(entry.planted.has_value()) << entry.name;
  }
}

TEST(RegistryTest, WhatNeedsSeveralClientsRunsOnSimulatedDisks) {
  for (const SaverEntry& entry : Savers()) {
    EXPECT_GE(entry.needs_clients, 1) << entry.name;
    EXPECT_LE(entry.needs_clients, kMaxClients) << entry.name;
    if (entry.needs_clients == 1) continue;
    EXPECT_TRUE(entry.planted.has_value() || entry.IsApart(1)) << entry.name;
    EXPECT_TRUE(entry.needs_crash) << entry.name;
    EXPECT_FALSE(entry.needs_real_files) << entry.name;
  }
}

TEST(RegistryTest, TheFirstClientOfTheStrangersIsOursAndTheOthersAreApart) {
  const SaverEntry& ours = *FindSaver("sqlite");
  const SaverEntry& strangers = *FindSaver("sqlite-stranger");
  EXPECT_EQ(strangers.OpenFor(0), ours.open);
  EXPECT_EQ(strangers.DefencesOf(0), Defences::kAll);
  for (int client = 1; client < kMaxClients; ++client) {
    EXPECT_NE(strangers.OpenFor(client), ours.open);
    EXPECT_EQ(strangers.DefencesOf(client), Defences::kBuiltIn);
    EXPECT_EQ(ours.OpenFor(client), ours.open);
    EXPECT_EQ(ours.DefencesOf(client), Defences::kAll);
  }
  EXPECT_GT(strangers.needs_clients, 1);
}

TEST(RegistryTest, OnlyOneSaverOfItsOwnIsWithoutDefences) {
  for (const SaverEntry& entry : Savers()) {
    if (entry.dialect != &threads::kVocabulary) continue;
    EXPECT_EQ(entry.DefencesOf(0) != Defences::kAll,
              entry.name == "sqlite-undefended")
        << entry.name;
  }
}

TEST(RegistryTest, OnlyPlantedSaversAreWrongWithoutACrash) {
  for (const SaverEntry& entry : Savers()) {
    EXPECT_TRUE(entry.needs_crash || entry.planted.has_value()) << entry.name;
  }
}

TEST(RegistryTest, APlanNeedsASaverOfItsDialect) {
  Plan plan;
  EXPECT_TRUE(SaverOf(plan).ok());
  plan.saver = "keys";
  EXPECT_EQ(SaverOf(plan).status(),
            absl::InvalidArgumentError("the plan is of the dialect threads, "
                                       "and the saver keys of keys"));
  plan.saver = "none";
  EXPECT_EQ(SaverOf(plan).status().code(), absl::StatusCode::kNotFound);
}

TEST(RegistryTest, AttachedDatabasesWithoutASuperJournalHaveOneClient) {
  SaverEntry entry = *FindSaver("sqlite");
  entry.name = "with-attached";
  entry.attached = {"other"};
  RegisterSaver(entry);
  Plan plan;
  plan.saver = "with-attached";
  plan.rounds.resize(1);
  plan.rounds[0].steps.resize(2);
  EXPECT_TRUE(SaverOf(plan).ok());
  plan.rounds[0].steps[1].client = 1;
  EXPECT_THAT(std::string(SaverOf(plan).status().message()),
              testing::HasSubstr("one client and no errors"));
  plan.profile.journal_mode = saver::JournalMode::kDelete;
  EXPECT_TRUE(SaverOf(plan).ok());
  plan.profile.synchronous = saver::Synchronous::kOff;
  EXPECT_FALSE(SaverOf(plan).ok());
  plan.rounds[0].steps[1].client = 0;
  EXPECT_TRUE(SaverOf(plan).ok());
  plan.rounds[0].steps[1].error = IoError{};
  EXPECT_FALSE(SaverOf(plan).ok());
}

}  // namespace
}  // namespace lastcommit
