// Several clients on one database: what one of them is answered, and what they
// leave, is what some order of their steps gives. The planted savers that need
// several clients (props/planted_props.cc) are the twins.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "props/environment.h"
#include "props/trial_property.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kTrials = 200;

class ClientsTest : public testing::TestWithParam<int> {
 protected:
  static PropertyOutcome Check(const std::string& name, FaultChoice fault) {
    TrialProperty property;
    property.name = absl::StrCat(name, "-", GetParam(), "-clients");
    property.generate.engine = EngineChoice::kSim;
    property.generate.fault = fault;
    property.generate.clients = GetParam();
    property.trials = PropertyTrials(kTrials);
    PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
    std::printf("%s", outcome.ledger.Print().c_str());
    return outcome;
  }
};

TEST_P(ClientsTest, ShareADatabase) {
  EXPECT_EQ(Check("clients-share", FaultChoice::kNone).failure, "");
}

TEST_P(ClientsTest, SurviveKillsOfAllAndOfOne) {
  EXPECT_EQ(Check("clients-killed", FaultChoice::kKill).failure, "");
}

INSTANTIATE_TEST_SUITE_P(All, ClientsTest, testing::Values(2, 3));

}  // namespace
}  // namespace lastcommit
