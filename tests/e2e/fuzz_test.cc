#include <signal.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>
#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class FuzzTest : public ProgramTest {
 protected:
  static Arguments Fuzz(const Arguments& more) {
    Arguments arguments = {"fuzz", "--jobs=2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // One that goes on until something is done to it.
  Arguments LongFuzz() const {
    return Fuzz({"--seconds=600", "--dir=" + trials_.path()});
  }
  nlohmann::json Json() {
    return nlohmann::json::parse(directory_.Get("a.json"));
  }

  const Directory trials_;
};

TEST_F(FuzzTest, WithoutFaultsOurSaverHolds) {
  const Outcome outcome =
      Run(Fuzz({"--trials=300", "--fault=none", "--engine=fork"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(
      Masked(LastLine(outcome)),
      MatchesRegex("HELD: 300 trials in TIME: 300 judged and held, 0 "
                   "not judged; promises: [0-9]+ kept, 0 broken, [0-9]+ "
                   "for a longer run\n"));
}

TEST_F(FuzzTest, TheLedgerIsPrintedIfItIsAskedFor) {
  const Arguments arguments = Fuzz({"--trials=8", "--engine=sim"});
  Arguments with = arguments;
  with.push_back("--ledger");
  const Outcome outcome = Run(arguments);
  EXPECT_THAT(outcome.out, Not(HasSubstr("ledger: everything else")));
  EXPECT_THAT(outcome.out, HasSubstr("\nnext: run longer"));
  EXPECT_THAT(Run(with).out, HasSubstr("\nledger: everything else\n"));
}

TEST_F(FuzzTest, FewTrialsAreNotHeldAndTheLastLineSaysSo) {
  for (const char* trials : {"1", "299"}) {
    const Outcome outcome =
        Run(Fuzz({std::string("--trials=") + trials, "--fault=none",
                  "--engine=fork", "--clients=1"}));
    EXPECT_EQ(outcome.exit_code, 4);
    EXPECT_THAT(LastLine(outcome),
                AllOf(StartsWith(std::string("NOT EXERCISED: ") + trials),
                      HasSubstr(" broken, "),
                      HasSubstr(std::string(trials) +
                                " trials are too few, and a run like this "
                                "promises something from 300 on")));
  }
}

TEST_F(FuzzTest, TheFirstLineHasEveryParameter) {
  const Outcome outcome = Run(Fuzz({"--trials=1", "--seed=7"}));
  EXPECT_THAT(Masked(outcome.out),
              StartsWith("lastcommit fuzz: seed=7 saver=sqlite engine=mixed "
                         "fault=mixed clients=1-4 schedule=any jobs=2 trials=1 "
                         "stop-after=0 findings=findings dir=default; "
                         "lastcommit 0.1.0, SQLite VERSION (SOURCE)\n"));
}

TEST_F(FuzzTest, AFindingIsKeptAndItsReplayCommandWorks) {
  const Outcome outcome =
      Run(Fuzz({"--trials=500", "--fault=kill", "--clients=1", "--stop-after=1",
                std::string("--saver=") + kDishonest}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("VIOLATED violated(lost_commit)\n"));
  constexpr char kCommand[] = "replay:  lastcommit replay ";
  const std::size_t begin = outcome.out.rfind(kCommand);
  ASSERT_NE(begin, std::string::npos);
  const std::string path = outcome.out.substr(
      begin + sizeof(kCommand) - 1,
      outcome.out.find('\n', begin) - begin - sizeof(kCommand) + 1);
  EXPECT_THAT(outcome.out, HasSubstr("finding: violated(lost_commit), "));
  // Another worker may come upon one before it hears of this one.
  EXPECT_THAT(
      outcome.out,
      testing::ContainsRegex(
          "\n[0-9]+ findings?: [0-9]+ looks? like no known bug of SQLite\n"));
  EXPECT_EQ(Run({"replay", path}).exit_code, 1);
  EXPECT_EQ(Run({"replay", path, "--expect"}).exit_code, 0);
}

// https://sqlite.org/wal.html#walresetbug
bool HasWalResetRace(int version) {
  return version < 3'044'006 || (version >= 3'045'000 && version < 3'050'007) ||
         (version >= 3'051'000 && version < 3'051'003);
}

TEST_F(FuzzTest, AStrangerLosesCommitsOfADefendedSaverWhereSqliteHasTheRace) {
  const Outcome outcome =
      Run({"fuzz", "--saver=sqlite-stranger", "--engine=sim", "--clients=2",
           "--fault=none", "--seed=14", "--trials=60", "--stop-after=1",
           "--jobs=1", "--json=a.json"});
  const nlohmann::json json = Json();
  if (!HasWalResetRace(sqlite3_libversion_number())) {
    EXPECT_EQ(outcome.exit_code, 4) << outcome.out;  // too few to be held
    EXPECT_EQ(json.at("likenesses"), nlohmann::json::object());
    return;
  }
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("\nlooks like: wal-reset-race (SQLite "));
  EXPECT_THAT(outcome.out,
              HasSubstr("\n1 finding: 1 looks like wal-reset-race (a likeness, "
                        "and no proof)\n"));
  EXPECT_EQ(json.at("likenesses"), (nlohmann::json{{"wal-reset-race", 1}}));
  EXPECT_EQ(json.at("findings").at(0).at("looks_like"),
            nlohmann::json::array({"wal-reset-race"}));
}

TEST_F(FuzzTest, TimedKillsAreCountedAndTheirDigestIsThatOfThePlans) {
  const Arguments arguments =
      Fuzz({"--trials=60", "--fault=timed-kill", "--seed=5"});
  const Outcome outcome = Run(arguments);
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out;  // too few to be held
  EXPECT_THAT(outcome.out, HasSubstr("\ntimed kills: "));
  EXPECT_THAT(outcome.out, HasSubstr("the digest is of the plans alone\n"));
  const auto digest = [](const std::string& out) {
    return out.substr(out.find("\ndigest "), 24);
  };
  EXPECT_EQ(digest(Run(arguments).out), digest(outcome.out));
}

// A fault of the disk on real files, and a saver whose bug it shows.
struct RealFault {
  const char* fault;
  const char* saver;
  const char* in_the_story;
};

class RealFaultTest : public FuzzTest,
                      public testing::WithParamInterface<RealFault> {
 protected:
  static Arguments OnRealFiles(const Arguments& more) {
    Arguments arguments = {"fuzz", "--engine=fork",
                           std::string("--fault=") + GetParam().fault};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

TEST_P(RealFaultTest, GivesTheSameDigestWithAnyNumberOfWorkers) {
  const auto digest = [&](const char* jobs) {
    const Outcome outcome =
        Run(OnRealFiles({"--trials=60", "--seed=5", "--ledger", jobs}));
    EXPECT_EQ(outcome.exit_code, 4) << outcome.out;  // too few to be held
    EXPECT_THAT(outcome.out, HasSubstr("\nledger: images after a loss"));
    return outcome.out.substr(outcome.out.find("\ndigest "), 24);
  };
  EXPECT_EQ(digest("--jobs=1"), digest("--jobs=2"));
}

TEST_P(RealFaultTest, ShowsABugWhoseTokenReplays) {
  const Outcome outcome = Run(OnRealFiles(
      {"--jobs=2", "--trials=2000", "--stop-after=1", "--json=a.json",
       std::string("--saver=") + GetParam().saver}));
  ASSERT_EQ(outcome.exit_code, 1) << outcome.out;
  const nlohmann::json finding = Json().at("findings").at(0);
  const std::string token = finding.at("token");
  const Outcome replay = Run({"replay", token, "--repeat=3"});
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_THAT(replay.out, HasSubstr("engine fork\n"));
  EXPECT_THAT(replay.out, HasSubstr(GetParam().in_the_story));
  EXPECT_THAT(replay.out, HasSubstr("\n3 of 3 violated("));
}

INSTANTIATE_TEST_SUITE_P(
    All, RealFaultTest,
    testing::Values(RealFault{"power-loss", "planted-normal-only",
                              "<== POWER LOSS"},
                    RealFault{"io-error", "planted-failed-commit-ignored",
                              "<== from here the "}),
    [](const auto& test) {
      return test.param.fault == std::string("io-error") ? "IoError"
                                                         : "PowerLoss";
    });

TEST_F(FuzzTest, TheJsonHasWhatARunWas) {
  const Outcome outcome =
      Run(Fuzz({"--trials=20", "--seed=3", "--json=a.json"}));
  EXPECT_EQ(outcome.exit_code, 4);
  const nlohmann::json json = Json();
  EXPECT_EQ(json.at("seed"), 3);
  EXPECT_EQ(json.at("trials"), 20);
  EXPECT_EQ(json.at("clients"), "1-4");
  EXPECT_EQ(json.at("schedule"), "any");
  EXPECT_EQ(json.at("exit_code"), 4);
  EXPECT_EQ(json.at("outcome"), "NOT EXERCISED");
  EXPECT_EQ(json.at("findings"), nlohmann::json::array());
  EXPECT_THAT(outcome.out,
              HasSubstr("digest " + json.at("digest").get<std::string>()));
}

TEST_F(FuzzTest, AJsonFileThatIsThereIsReplaced) {
  directory_.Put("a.json", std::string(100'000, 'x'));
  EXPECT_EQ(Run(Fuzz({"--trials=1", "--seed=5", "--json=a.json"})).exit_code,
            4);
  EXPECT_EQ(Json().at("trials"), 1);
}

class InterruptTest : public FuzzTest,
                      public testing::WithParamInterface<int> {};

TEST_P(InterruptTest, EndsTheRunWithTheSummary) {
  Program program(directory_.path(), LongFuzz());
  program.ReadLine();
  kill(program.pid(), GetParam());
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4);  // before it could promise anything
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("\ndigest "));
  EXPECT_THAT(LastLine(outcome), StartsWith("interrupted, NOT EXERCISED: "));
  EXPECT_THAT(trials_.Names(), IsEmpty());
}

// A terminal and `timeout` send it to the whole group.
TEST_P(InterruptTest, ToAWorkerIsLeftToTheSupervisor) {
  Program program(directory_.path(), LongFuzz());
  program.ReadLine();
  EXPECT_TRUE(program.SignalAnyChild(GetParam()));
  kill(program.pid(), GetParam());
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.err, "");
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptTest,
                         testing::Values(SIGINT, SIGTERM),
                         [](const auto& test) {
                           return test.param == SIGINT ? "Int" : "Term";
                         });

TEST_F(FuzzTest, AWorkerThatIsKilledIsReplacedAndTheRunHasFailed) {
  Program program(directory_.path(), Fuzz({"--trials=60"}));
  program.ReadLine();
  EXPECT_TRUE(program.SignalAnyChild(SIGKILL));
  const Outcome outcome = program.Wait();
  ExpectError(outcome, 3, "a worker was ended by signal 9");
  EXPECT_THAT(outcome.out, HasSubstr("TESTER FAILED: 60 trials"));
}

TEST_F(FuzzTest, AnOutputThatNobodyReadsEndsTheRunAsFailed) {
  Program program(directory_.path(), Fuzz({"--trials=20"}));
  program.ReadLine();
  program.CloseOutput();
  ExpectError(program.Wait(), 3, "cannot write to standard output");
}

// The supervisor sees it at its next line of progress.
TEST_F(FuzzTest, AnOutputThatNobodyReadsEndsALongRunTooAndIsSaidOnce) {
  Program program(directory_.path(), LongFuzz());
  program.ReadLine();
  program.CloseOutput();
  ExpectError(program.Wait(), 3, "cannot write to standard output");
}

TEST_F(FuzzTest, NothingIsLeftWhereTrialsRun) {
  Run(Fuzz({"--trials=10", "--dir=" + trials_.path()}));
  EXPECT_THAT(trials_.Names(), IsEmpty());
}

}  // namespace
}  // namespace lastcommit
