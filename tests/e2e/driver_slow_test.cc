// Drivers in Node, with npm's packages as scripts/node-programs installs them:
// bugs that were planted, and stores as they come. What is claimed of other
// people's stores is in docs/field-report.md.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "e2e/driver_fixture.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void SetUpNode() {
  if (std::system("node -e 'process.exit("
                  "+(parseInt(process.versions.node) < 20))' 2> /dev/null") !=
      0) {
    GTEST_SKIP() << "needs node, version 20 or later";
  }
  if (!std::filesystem::exists(NODE_MODULES "/better-sqlite3/build")) {
    GTEST_SKIP() << "needs npm's packages: scripts/node-programs";
  }
  setenv("NODE_PATH", NODE_MODULES, 1);
}

class PlantedInNodeTest : public PlantedDriverTest {
 protected:
  void SetUp() override { SetUpNode(); }
  static std::string Node(const std::string& bug) {
    return absl::StrCat("--driver=node ", kDrivers, "planted.js ", bug);
  }
};

TEST_P(PlantedInNodeTest, IsFoundShrunkAndReplayed) {
  ExpectFound(Node(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedInNodeTest,
    testing::Values(
        PlantedBug{"not_awaited", "lost_commit",
                   "acknowledged commit is not there", 3},
        PlantedBug{"two_transactions", "not_a_cut", "it never held", 5},
        PlantedBug{"torn_log", "not_a_cut", "it never held", 3},
        PlantedBug{"empty_after_a_crash", "lost_commit", "found nothing", 4},
        PlantedBug{"swallowed_error", "wrong_answer",
                   "and the model the error not_found", 3}),
    [](const auto& test) { return std::string(test.param.name); });

class NodeDriverTest : public DriverTest {
 protected:
  void SetUp() override { SetUpNode(); }
};

TEST_F(NodeDriverTest, SoundOnesHold) {
  for (const char* store : {"sound", "log"}) {
    const Outcome outcome =
        Fuzz(absl::StrCat("--driver=node ", kDrivers, "planted.js ", store),
             {"--trials=60"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  }
}

TEST_F(NodeDriverTest, SelfTestsHold) {
  EXPECT_EQ(std::system("node " REPOSITORY
                        "/examples/node/driver.js --selftest > /dev/null"),
            0);
  EXPECT_EQ(std::system(absl::StrCat("node ", kDrivers,
                                     "planted.js log --selftest > /dev/null")
                            .c_str()),
            0);
}

struct LangGraphDefect {
  const char* name;
  const char* words_of_driver;
  const char* violation;
  const char* words;
};

class LangGraphTest : public DriverTest,
                      public testing::WithParamInterface<LangGraphDefect> {
 protected:
  void SetUp() override { SetUpNode(); }
};

TEST_P(LangGraphTest, TheDefectIsFoundByGeneration) {
  const LangGraphDefect& defect = GetParam();
  const Outcome outcome = Fuzz(
      absl::StrCat("--driver=node ", REPOSITORY,
                   "/examples/langgraph/driver.js ", defect.words_of_driver),
      {"--trials=300", "--stop-after=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr(absl::StrCat("violated(", defect.violation, ")")),
                    HasSubstr(defect.words)));
}

INSTANTIATE_TEST_SUITE_P(
    Each, LangGraphTest,
    testing::Values(
        LangGraphDefect{"a_write_without_namespace", "setup", "wrong_read",
                        "put_writes"},
        LangGraphDefect{"a_thread_is_deleted_first", "namespace text",
                        "wrong_answer", "no such table"},
        LangGraphDefect{"bytes", "namespace setup", "wrong_answer", "get"},
        LangGraphDefect{"a_step", "namespace setup text step", "not_a_cut",
                        "it never held"},
        LangGraphDefect{"a_loss_of_power", "namespace setup text power",
                        "lost_commit", "a loss of power"}),
    [](const auto& test) { return std::string(test.param.name); });

// A job that has waited longer than the timeout is put back as soon as it is
// claimed; what is added is gone after a loss of power.
TEST_F(NodeDriverTest, PlainjobsDefectsAreFoundByGeneration) {
  const std::string driver = absl::StrCat("--driver=node ", REPOSITORY,
                                          "/examples/plainjob/driver.js ");
  Outcome outcome = Fuzz(driver, {"--trials=300", "--stop-after=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  // A claim shows it, or the state.
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("violated(wrong_"), HasSubstr("requeue ")));
  outcome = Fuzz(driver + "keep power", {"--trials=300", "--stop-after=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("violated(lost_commit)"),
                                 HasSubstr("a loss of power")));
  // Too few of several clients for all that is promised.
  outcome = Fuzz(driver + "keep", {"--trials=100"});
  EXPECT_THAT(outcome.out, HasSubstr(" judged and held, "));
}

}  // namespace
}  // namespace lastcommit
