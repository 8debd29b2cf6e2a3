#include "results/identity.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

const WantedIdentity kWanted = {.seed = 7,
                                .saver = "sqlite-undefended",
                                .fault = FaultChoice::kKill,
                                .shard = Shard{2, 4}};

TEST(IdentityTest, IsPrintedAndParsedUnchanged) {
  const Identity identity = NewIdentity(kWanted);
  const auto parsed = ParseIdentity(IdentityToJson(identity).dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(IdentityToJson(*parsed), IdentityToJson(identity));
  EXPECT_EQ(parsed->seed, 7u);
  EXPECT_EQ(ShardsOf(*parsed), "2/4");
}

TEST(IdentityTest, GoesOnWithTheSameOrWithNothingSaid) {
  const Identity identity = NewIdentity(kWanted);
  EXPECT_THAT(CheckCanContinue(identity, {}), IsOk());
  EXPECT_THAT(CheckCanContinue(identity, kWanted), IsOk());
}

TEST(IdentityTest, DoesNotGoOnAsAnotherOne) {
  const Identity identity = NewIdentity(kWanted);
  const std::pair<WantedIdentity, const char*> others[] = {
      {{.seed = 8}, "seed is 8 here and 7 there"},
      {{.saver = "sqlite"}, "saver is sqlite here and sqlite-undefended"},
      {{.fault = FaultChoice::kNone}, "fault is none here and kill there"},
      {{.shard = Shard{1, 4}}, "the shard is 1/4 here and 2/4 there"},
      {{.shard = Shard{2, 5}}, "number of shards is 5 here and 4 there"}};
  for (const auto& [wanted, message] : others) {
    const absl::Status status = CheckCanContinue(identity, wanted);
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(IdentityTest, DoesNotGoOnWithADriverThatSaysSomethingElse) {
  Identity identity = NewIdentity(kWanted);
  identity.driver = "promise power";
  EXPECT_THAT(std::string(CheckCanContinue(identity, {}).message()),
              HasSubstr("what the driver says of itself is  here and promise "
                        "power there"));
  const auto parsed = ParseIdentity(IdentityToJson(identity).dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(parsed->driver, "promise power");
  Identity other = identity;
  other.driver = "promise process";
  EXPECT_THAT(CheckBelongTogether(identity, other),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  other.driver.reset();  // of before it was stored
  EXPECT_THAT(CheckBelongTogether(identity, other), IsOk());
}

TEST(IdentityTest, WithoutItsDriverThatIsWhatIsMissing) {
  Identity identity = NewIdentity({.saver = "of-a-driver"});
  identity.driver = "promise power";
  EXPECT_THAT(std::string(CheckCanContinue(identity, {}).message()),
              HasSubstr("its store of-a-driver is not one of this program's"));
}

TEST(IdentityTest, ACampaignOfBeforeDoesNotSayWhatItsDriverSaid) {
  nlohmann::json value = IdentityToJson(NewIdentity(kWanted));
  value.erase("driver");
  const auto parsed = ParseIdentity(value.dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_FALSE(parsed->driver.has_value());
}

TEST(IdentityTest, DoesNotGoOnWithAnotherProgramOrSqlite) {
  Identity identity = NewIdentity({});
  identity.sqlite_version = "3.0.0";
  EXPECT_THAT(std::string(CheckCanContinue(identity, {}).message()),
              HasSubstr("SQLite version is "));
  identity = NewIdentity({});
  ++identity.generator_version;
  EXPECT_THAT(std::string(CheckCanContinue(identity, {}).message()),
              HasSubstr("generator version is "));
}

const WantedIdentity kOfClients = {
    .seed = 7, .clients = 3, .schedule = ScheduleKind::kRoundRobin};

TEST(IdentityTest, ClientsAndTheirScheduleArePartOfIt) {
  const Identity identity = NewIdentity(kOfClients);
  const auto parsed = ParseIdentity(IdentityToJson(identity).dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(ClientsWord(parsed->generate.clients), "3");
  EXPECT_EQ(parsed->generate.schedule, ScheduleKind::kRoundRobin);
  EXPECT_THAT(CheckCanContinue(identity, {}), IsOk());
  EXPECT_THAT(std::string(CheckCanContinue(identity, {.clients = 2}).message()),
              HasSubstr("number of clients is 2 here and 3 there"));
  EXPECT_THAT(std::string(CheckCanContinue(identity,
                                           {.schedule = ScheduleKind::kRandom})
                              .message()),
              HasSubstr("schedule is random here and round_robin there"));
}

TEST(IdentityTest, OneFromBeforeThereWereClientsHasOne) {
  nlohmann::json value = IdentityToJson(NewIdentity(kWanted));
  value.erase("clients");
  value.erase("schedule");
  const auto parsed = ParseIdentity(value.dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(ClientsWord(parsed->generate.clients), "1");
  EXPECT_EQ(parsed->generate.schedule, std::nullopt);
}

TEST(IdentityTest, WithoutOptionsItIsEverything) {
  const GenerateOptions generate = NewIdentity({}).generate;
  EXPECT_EQ(generate.engine, EngineChoice::kMixed);
  EXPECT_EQ(generate.fault, FaultChoice::kMixed);
  EXPECT_EQ(generate.clients, kAnyClients);
  EXPECT_EQ(generate.schedule, std::nullopt);
}

TEST(IdentityTest, EachOptionNarrowsAndNoneWidens) {
  const auto narrowed = [](const WantedIdentity& wanted) {
    const GenerateOptions generate = NewIdentity(wanted).generate;
    EXPECT_THAT(CheckEngine(generate), IsOk());
    return std::pair(generate.engine, ClientsWord(generate.clients));
  };
  using enum EngineChoice;
  EXPECT_EQ(narrowed({.clients = 2}), std::pair(kMixed, std::string("2")));
  EXPECT_EQ(narrowed({.engine = kFork}), std::pair(kFork, std::string("1-4")));
  EXPECT_EQ(narrowed({.fault = FaultChoice::kIoError}),
            std::pair(kMixed, std::string("1-4")));
  EXPECT_EQ(narrowed({.fault = FaultChoice::kIoError, .clients = 2}),
            std::pair(kSim, std::string("2")));
  EXPECT_EQ(narrowed({.engine = kFork, .fault = FaultChoice::kPowerLoss}),
            std::pair(kFork, std::string("1")));
  EXPECT_EQ(narrowed({.fault = FaultChoice::kTimedKill}),
            std::pair(kFork, std::string("1")));
  EXPECT_EQ(narrowed({.schedule = ScheduleKind::kFew}),
            std::pair(kMixed, std::string("2-4")));
  EXPECT_EQ(narrowed({.schedule = ScheduleKind::kFree}),
            std::pair(kFork, std::string("2-4")));
  EXPECT_EQ(narrowed({.saver = "sqlite-stranger"}),
            std::pair(kMixed, std::string("2-4")));
  EXPECT_EQ(narrowed({.saver = "planted-blob-in-file"}),
            std::pair(kFork, std::string("1-4")));
  EXPECT_EQ(narrowed({.saver = "planted-wal-sync-dropped"}),
            std::pair(kSim, std::string("1-4")));
}

TEST(IdentityTest, ARangeOfClientsIsAWord) {
  for (const char* word : {"1", "4", "1-4", "2-3"}) {
    ASSERT_TRUE(ParseClients(word).has_value()) << word;
    EXPECT_EQ(ClientsWord(*ParseClients(word)), word);
  }
  for (const char* word :
       {"", "0", "5", "3-2", "1-5", "-1", "1-", "1-2-3", "x", "99999999999"}) {
    EXPECT_FALSE(ParseClients(word).has_value()) << word;
  }
}

TEST(IdentityTest, OneWithANumberOfClientsIsRead) {
  nlohmann::json value = IdentityToJson(NewIdentity(kWanted));
  value["clients"] = 2;
  const auto parsed = ParseIdentity(value.dump(), "name");
  ASSERT_THAT(parsed, IsOk());
  EXPECT_EQ(ClientsWord(parsed->generate.clients), "2");
}

TEST(IdentityTest, StrangersAreNotTheFirstClient) {
  EXPECT_THAT(
      CheckEngine({.saver = "sqlite-stranger", .engine = EngineChoice::kSim}),
      StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckEngine({.saver = "sqlite-stranger",
                           .engine = EngineChoice::kSim,
                           .clients = 2}),
              IsOk());
}

TEST(IdentityTest, RealProcessesOfSeveralClientsAreKilledAndNothingElse) {
  for (const FaultChoice fault :
       {FaultChoice::kPowerLoss, FaultChoice::kIoError,
        FaultChoice::kTimedKill}) {
    EXPECT_THAT(
        CheckEngine(
            {.engine = EngineChoice::kFork, .fault = fault, .clients = 2}),
        StatusIs(absl::StatusCode::kInvalidArgument));
  }
  // The disk that lies about its locks is a simulated one.
  EXPECT_THAT(CheckEngine({.saver = "planted-index-locks-shared",
                           .engine = EngineChoice::kFork,
                           .clients = 2}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IdentityTest, OnlyRealProcessesRunFreely) {
  EXPECT_EQ(NewIdentity({.clients = 2, .schedule = ScheduleKind::kFree})
                .generate.engine,
            EngineChoice::kFork);
  EXPECT_THAT(CheckEngine({.engine = EngineChoice::kSim,
                           .clients = 2,
                           .schedule = ScheduleKind::kFree}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IdentityTest, OneClientHasNobodyToTakeTurnsWith) {
  EXPECT_THAT(CheckEngine({.engine = EngineChoice::kSim,
                           .schedule = ScheduleKind::kFew}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckEngine({.engine = EngineChoice::kSim,
                           .clients = 2,
                           .schedule = ScheduleKind::kFew}),
              IsOk());
}

TEST(IdentityTest, AMergedOneDoesNotGoOn) {
  Identity identity = NewIdentity(kWanted);
  identity.shards = {1, 2};
  EXPECT_THAT(std::string(CheckCanContinue(identity, {}).message()),
              HasSubstr("it was merged of shards 1,2/4"));
}

TEST(IdentityTest, WhatDescribesNoCampaignIsInvalid) {
  const nlohmann::json good = IdentityToJson(NewIdentity(kWanted));
  for (const auto& [name, bad] :
       std::vector<std::pair<std::string, nlohmann::json>>{
           {"version", 2},
           {"engine", "steam"},
           {"fault", "fire"},
           {"shards", nlohmann::json::array()},
           {"shards", {5}},
           {"shards", {2, 1}},
           {"shards", {1, 1}},
           {"shards", {0}},
           {"clients", 0},
           {"clients", 5},
           {"schedule", "fair"},
           {"seed", "x"}}) {
    nlohmann::json value = good;
    value[name] = bad;
    EXPECT_THAT(ParseIdentity(value.dump(), "name"),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << value;
  }
  EXPECT_THAT(ParseIdentity("", "name"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IdentityTest, WhatOnlyOneEngineCanRunIsNotMixed) {
  const auto engine = [](const WantedIdentity& wanted) {
    return NewIdentity(wanted).generate.engine;
  };
  EXPECT_EQ(engine({.engine = EngineChoice::kMixed}), EngineChoice::kMixed);
  EXPECT_EQ(engine({.engine = EngineChoice::kMixed,
                    .fault = FaultChoice::kTimedKill}),
            EngineChoice::kFork);
  EXPECT_EQ(
      engine({.saver = "planted-blob-in-file", .engine = EngineChoice::kMixed}),
      EngineChoice::kFork);
}

TEST(IdentityTest, APowerLossOrAnErrorIsOfEachEngine) {
  for (const FaultChoice fault :
       {FaultChoice::kPowerLoss, FaultChoice::kIoError}) {
    EXPECT_EQ(NewIdentity({.fault = fault}).generate.engine,
              EngineChoice::kMixed);
    for (int engine = 0; engine < kEngineChoices; ++engine) {
      EXPECT_THAT(CheckEngine({.engine = static_cast<EngineChoice>(engine),
                               .fault = fault}),
                  IsOk());
    }
    const Identity real =
        NewIdentity({.saver = "planted-blob-in-file", .fault = fault});
    EXPECT_EQ(real.generate.engine, EngineChoice::kFork);
    EXPECT_THAT(CheckEngine(real.generate), IsOk());
  }
}

TEST(IdentityTest, WhatTheSimulatedDiskCannotRunIsRefused) {
  EXPECT_THAT(CheckEngine({.engine = EngineChoice::kSim}), IsOk());
  EXPECT_THAT(CheckEngine({.engine = EngineChoice::kSim,
                           .fault = FaultChoice::kTimedKill}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  for (const char* saver :
       {"planted-blob-in-file", "planted-creation-in-two-transactions",
        "planted-recovery-in-two-transactions"}) {
    EXPECT_THAT(CheckEngine({.saver = saver}), IsOk());
    EXPECT_THAT(CheckEngine({.saver = saver, .engine = EngineChoice::kSim}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << saver;
  }
}

TEST(IdentityTest, ADiskThatLiesIsASimulatedOne) {
  for (const char* saver :
       {"planted-wal-sync-dropped", "planted-database-sync-dropped",
        "planted-directory-sync-dropped"}) {
    EXPECT_EQ(NewIdentity({.saver = saver}).generate.engine,
              EngineChoice::kSim);
    EXPECT_THAT(CheckEngine({.saver = saver, .engine = EngineChoice::kSim}),
                IsOk());
    EXPECT_THAT(CheckEngine({.saver = saver, .engine = EngineChoice::kFork}),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << saver;
  }
}

}  // namespace
}  // namespace lastcommit
