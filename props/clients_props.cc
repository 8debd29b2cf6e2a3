// Several clients on one database: what one of them is answered, and what they
// leave, is what some order of their steps gives; also when power is lost, or a
// call of one of them fails. The planted savers that need several clients are
// the twins, here and in props/planted_props.cc.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "props/environment.h"
#include "props/trial_property.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kTrialsOfClients = 200;

TrialProperty Shared(const std::string& name, const std::string& saver,
                     FaultChoice fault, int clients) {
  TrialProperty property;
  property.name = absl::StrCat(name, "-", clients, "-clients");
  property.generate.saver = saver;
  property.generate.engine = EngineChoice::kSim;
  property.generate.fault = fault;
  property.generate.clients = clients;
  property.trials = PropertyTrials(kTrialsOfClients);
  return property;
}

// Of rows that demand something.
TrialProperty SharedWhereItIsKept(const std::string& name,
                                  const std::string& saver, FaultChoice fault,
                                  int clients) {
  TrialProperty property = Shared(name, saver, fault, clients);
  property.max_skipped_percent = 30;
  property.bend = [](Plan plan, std::uint64_t) -> std::optional<Plan> {
    if (!IsKeptOnDisk(plan.profile.journal_mode) ||
        plan.profile.synchronous == saver::Synchronous::kOff) {
      return std::nullopt;
    }
    return plan;
  };
  return property;
}

TrialProperty LossesOfPower(const std::string& saver, int clients) {
  return SharedWhereItIsKept("clients-lose-power", saver,
                             FaultChoice::kPowerLoss, clients);
}
TrialProperty Errors(const std::string& saver, int clients) {
  return SharedWhereItIsKept("clients-get-errors", saver, FaultChoice::kIoError,
                             clients);
}

class ClientsTest : public testing::TestWithParam<int> {
 protected:
  static PropertyOutcome Check(const TrialProperty& property) {
    PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
    std::printf("%s", outcome.ledger.Print().c_str());
    return outcome;
  }
};

TEST_P(ClientsTest, ShareADatabase) {
  EXPECT_EQ(
      Check(Shared("clients-share", "sqlite", FaultChoice::kNone, GetParam()))
          .failure,
      "");
}

TEST_P(ClientsTest, SurviveKillsOfAllAndOfOne) {
  EXPECT_EQ(
      Check(Shared("clients-killed", "sqlite", FaultChoice::kKill, GetParam()))
          .failure,
      "");
}

TEST_P(ClientsTest, SurviveLossesOfPower) {
  EXPECT_EQ(Check(LossesOfPower("sqlite", GetParam())).failure, "");
}

TEST_P(ClientsTest, AreToldOfErrorsTruthfully) {
  const PropertyOutcome outcome = Check(Errors("sqlite", GetParam()));
  EXPECT_EQ(outcome.failure, "");
  EXPECT_GE(outcome.ledger.Count("errors/trials") * 2, outcome.ledger.trials());
}

INSTANTIATE_TEST_SUITE_P(All, ClientsTest, testing::Values(2, 3));

// Savers of which only the second client has the bug.
TEST(ClientsTwins, AreCaught) {
  constexpr std::uint64_t kMostTrials = 500;
  for (TrialProperty property :
       {LossesOfPower("planted-normal-for-others", 2),
        Errors("planted-others-ignore-failed-commit", 2)}) {
    property.trials = PropertyTrials(kMostTrials);
    const PropertyOutcome outcome = CheckTrials(
        property, PropertySeed(), {false, ViolationClass::kLostCommit});
    EXPECT_EQ(outcome.violation, ViolationClass::kLostCommit)
        << property.generate.saver << " in " << outcome.failed_at << " trials";
  }
}

}  // namespace
}  // namespace lastcommit
