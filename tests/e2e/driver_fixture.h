// DriverTest: `lastcommit` with a store that is driven from outside.

#ifndef LASTCOMMIT_TESTS_E2E_DRIVER_FIXTURE_H_
#define LASTCOMMIT_TESTS_E2E_DRIVER_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "e2e/program.h"
#include "gmock/gmock.h"
#include "python.h"

namespace lastcommit {

inline constexpr char kDrivers[] = REPOSITORY "/tests/programs/drivers/";

class DriverTest : public ProgramTest {
 protected:
  void SetUp() override {
    // Before one that a shell starts, which takes longer than a plan.
    setenv("PATH", absl::StrCat("/usr/bin:/bin:", std::getenv("PATH")).c_str(),
           1);
    if (!FindPython("python3", PYCACHE)) {
      GTEST_SKIP() << "needs python3 with sqlite3";
    }
  }
  static std::string InPython(const std::string& module,
                              const std::string& bug) {
    return "--driver=" + DriverInPython("python3", kDrivers, module, bug);
  }
  static std::string Planted(const std::string& bug) {
    return InPython("planted", bug);
  }
  static std::string PlantedCheckpoints(const std::string& bug) {
    return InPython("planted_checkpoints", bug);
  }
  static std::string PlantedQueue(const std::string& bug) {
    return InPython("planted_queue", bug);
  }
  static std::string PlantedLog(const std::string& bug) {
    return InPython("planted_log", bug);
  }
  static std::string PlantedOwn(const std::string& bug) {
    return InPython("planted_own", bug);
  }
  static std::string Hostile(const std::string& how) {
    return absl::StrCat("--driver=", kDrivers, "hostile.sh ", how);
  }
  Outcome Fuzz(const std::string& driver, const Arguments& more) {
    Arguments arguments = {"fuzz", driver, "--jobs=1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
  std::string ShrunkPlan() const {
    for (const auto& file : std::filesystem::recursive_directory_iterator(
             directory_.Path("findings"))) {
      if (file.path().filename() == "shrunk.plan") return file.path().string();
    }
    return "";
  }
};

struct PlantedBug {
  const char* name;
  const char* violation;
  const char* words;  // of its story
  int lines;          // of its plan, at most
};

class PlantedDriverTest : public DriverTest,
                          public testing::WithParamInterface<PlantedBug> {
 protected:
  void ExpectFound(const std::string& driver, const PlantedBug& bug) {
    const Outcome outcome = Fuzz(driver, {"--trials=300", "--stop-after=1"});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out,
                ::testing::AllOf(::testing::HasSubstr(absl::StrCat(
                                     "VIOLATED violated(", bug.violation, ")")),
                                 ::testing::HasSubstr("5 of 5 violated"),
                                 ::testing::HasSubstr(bug.words)));
    const std::size_t end = outcome.out.find(" lines after the header");
    ASSERT_NE(end, std::string::npos) << outcome.out;
    const std::size_t begin = outcome.out.rfind('\n', end) + 1;
    int lines = 0;
    ASSERT_TRUE(
        absl::SimpleAtoi(outcome.out.substr(begin, end - begin), &lines));
    EXPECT_LE(lines, bug.lines) << outcome.out;
    const std::string plan = ShrunkPlan();
    ASSERT_NE(plan, "");
    EXPECT_EQ(Run({"replay", driver, plan}).exit_code, 1);
    // It is expected to fail so.
    EXPECT_EQ(Run({"replay", driver, "--expect", plan}).exit_code, 0);
  }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_E2E_DRIVER_FIXTURE_H_
