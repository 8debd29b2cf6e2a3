// `try`, `record` and `judge`, as people call them.

#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "e2e/program.h"
#include "gmock/gmock.h"
#include "tree.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// So many survivals that it does not end by itself.
const Arguments kEndlessJudge = {"judge", "--random=10000", "--changes=1000000",
                                 "r"};

class TryTest : public ProgramTest {
 protected:
  void SetUp() override {
    if (std::system("python3 -c 'import sqlite3' 2> /dev/null") != 0) {
      GTEST_SKIP() << "needs python3 with sqlite3";
    }
    std::filesystem::create_directory(directory_.Path("data"));
    std::filesystem::copy_file(REPOSITORY "/tests/programs/mistakes.py",
                               directory_.Path("mistakes.py"));
  }

  void TearDown() override { unsetenv("TMPDIR"); }

  std::vector<std::string> NamesIn(const std::string& directory) const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory_.Path(directory))) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  // In the file r.
  void RecordWalNormal() {
    ASSERT_EQ(Run({"record", "--dir=data", "-o", "r", "python3",
                   directory_.Path("mistakes.py"), "wal_normal"})
                  .exit_code,
              0);
  }

  Outcome Try(const std::string& program, Arguments options = {}) {
    Arguments arguments = {"try", "--dir=data"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    for (const std::string& word : {std::string("--"), std::string("python3"),
                                    directory_.Path("mistakes.py"), program}) {
      arguments.push_back(word);
    }
    return Run(arguments);
  }
};

TEST_F(TryTest, ALossOfPowerIsReportedAndDoesNotChangeTheExitCode) {
  const Outcome outcome = Try("wal_normal");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("made\nput 0\n"));  // the program's own
  EXPECT_THAT(outcome.out,
              HasSubstr("\nafter a kill:          nothing is lost ("));
  EXPECT_THAT(outcome.out, HasSubstr("\nafter a loss of power: up to 21 of 21 "
                                     "promised commits of a.db are lost; "
                                     "setting: the WAL was not synced"));
  EXPECT_EQ(LastLine(outcome), "HELD (promise: survives a kill)\n");
}

TEST_F(TryTest, WithThePromiseOfPowerItIsViolated) {
  const Outcome outcome =
      Try("wal_normal", {"--promise=power", "--json=out.json"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_EQ(LastLine(outcome),
            "VIOLATED (promise: survives a loss of power)\n");
  const auto json = nlohmann::json::parse(directory_.Get("out.json"));
  EXPECT_EQ(json.at("verdict"), "VIOLATED");
  EXPECT_EQ(json.at("power").at(0).at("cause"), "wal_not_synced");
  EXPECT_EQ(json.at("power").at(0).at("lost"), 21);
}

TEST_F(TryTest, HalfATransactionAfterAKillIsViolated) {
  const Outcome outcome = Try("journal_memory");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_EQ(LastLine(outcome), "VIOLATED (promise: survives a kill)\n");
}

TEST_F(TryTest, AnOutputThatCannotBeWrittenHidesNoViolation) {
  for (const char* option : {"--html=/dev/full", "--json=/dev/full"}) {
    const Outcome violated = Try("journal_memory", {option});
    EXPECT_EQ(violated.exit_code, 1) << violated.err;
    EXPECT_THAT(violated.err, HasSubstr("cannot write /dev/full"));
    EXPECT_EQ(Try("wal_full", {option}).exit_code, 3);
  }
}

TEST_F(TryTest, WhatPromisesNothingIsNotExercised) {
  const Outcome outcome = Try("says_nothing");
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(LastLine(outcome), StartsWith("NOT EXERCISED (the program "
                                            "promised nothing"));
}

TEST_F(TryTest, RecordAndJudgeAreItsHalves) {
  Outcome outcome = Run({"record", "--dir=data", "-o", "r", "--", "python3",
                         directory_.Path("mistakes.py"), "wal_normal"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(LastLine(outcome), HasSubstr(" in r\n"));
  outcome = Run({"judge", "r"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome again = Run({"judge", "r"});
  EXPECT_EQ(outcome.out, again.out);
  EXPECT_EQ(LastLine(outcome), "HELD (promise: survives a kill)\n");
}

TEST_F(TryTest, TheDirectoryIsLeftAsItWas) {
  directory_.Put("data/own", "precious");
  std::filesystem::create_symlink("own", directory_.Path("data/link"));
  const Tree before = TreeOf(directory_.Path("data"));
  EXPECT_EQ(Try("wal_normal").exit_code, 0);
  EXPECT_EQ(Run({"try", "--dir=data", "--", "/bin/sh", "-c",
                 "rm own link; echo x > own; echo y > new; echo done"})
                .exit_code,
            4);
  EXPECT_EQ(TreeOf(directory_.Path("data")), before);
}

TEST_F(TryTest, WhatLeadsPastTheCopyIsSaid) {
  const Outcome outcome =
      Run({"try", "--dir=data", "--", "/bin/sh", "-c",
           "echo x > " + directory_.Path("elsewhere") + "; echo done"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out, HasSubstr("outside of the directory, and not "
                                     "recorded: 1 change ("));
}

TEST_F(TryTest, AProgramThatIsNotThereIsBadInput) {
  const Outcome outcome = Run({"try", "--dir=data", "--", "no-such-program"});
  ExpectError(outcome, 2,
              "cannot run no-such-program: No such file or directory");
}

TEST_F(TryTest, ATruncatedRecordingIsBadInput) {
  EXPECT_EQ(Run({"record", "--dir=data", "-o", "r", "--", "true"}).exit_code,
            0);
  const std::string whole = directory_.Get("r");
  directory_.Put("r", whole.substr(0, whole.size() - 1));
  ExpectError(Run({"judge", "r"}), 2,
              "the recording r cannot be read at call 1: it is cut short");
}

TEST_F(TryTest, ALargeDirectoryIsCopiedOnlyIfThatIsWanted) {
  directory_.Put("data/large", "");
  ASSERT_EQ(truncate(directory_.Path("data/large").c_str(), 300 << 20), 0);
  ExpectError(Run({"try", "--dir=data", "--", "true"}), 2,
              "data has 300 MiB in 1 file, which would all be copied and "
              "recorded; --big does so, --dir=DIR names a smaller directory");
}

TEST_F(TryTest, TheProgramNeedsNoMarkBeforeIt) {
  const Outcome outcome = Run({"try", "--dir=data", "/bin/sh", "-c",
                               "echo $0 $1 $2", "--dir=x", "--", "-c"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("--dir=x -- -c\n"));
}

TEST_F(TryTest, AnOptionThatIsMisspeltIsNoProgram) {
  const Outcome outcome = Run({"try", "--dri=data", "true"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--dri=data"));
}

TEST_F(TryTest, AnInterruptSaysWhatWasFoundUntilThen) {
  ASSERT_NO_FATAL_FAILURE(RecordWalNormal());
  Program program(directory_.path(), kEndlessJudge);
  ASSERT_TRUE(program.SignalAnyChild(SIGTERM));
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\ninterrupted: "));
  EXPECT_EQ(LastLine(outcome),
            "NOT EXERCISED (interrupted before all crashes were judged)\n");
}

TEST_F(TryTest, ASecondInterruptLeavesNothingBehind) {
  std::filesystem::create_directory(directory_.Path("tmp"));
  setenv("TMPDIR", directory_.Path("tmp").c_str(), 1);
  Program program(directory_.path(),
                  {"try", "--dir=data", "/bin/sh", "-c",
                   "trap '' INT TERM; echo begun; while :; do sleep 1; done"});
  EXPECT_EQ(program.ReadLine(), "begun");
  EXPECT_NE(NamesIn("tmp"), std::vector<std::string>());
  program.SignalUntilItEnds(SIGTERM);
  program.Wait();
  EXPECT_EQ(NamesIn("tmp"), std::vector<std::string>());
}

TEST_F(TryTest, ACheckOfOnesOwnSeesFilesBesideTheDatabase) {
  const std::string check =
      "--check=python3 " REPOSITORY "/tests/programs/checks.py files";
  Outcome outcome = Try("row_before_its_file", {check, "--check-images=60"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("its output: file0 is missing\n"));
  outcome = Try("synced_file_before_its_row", {check, "--check-images=60"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(TryTest, ACheckThatFailsWithoutACrashIsBadInput) {
  ExpectError(Try("wal_normal", {"--check=echo never; false"}), 2,
              "--check fails on what the program left without a crash, so that "
              "it judges nothing: exit code 1: never");
}

// ---- Findings that are kept ----

TEST_F(TryTest, AFindingIsKeptWithItsFilesAndShownAgain) {
  Outcome outcome = Try("wal_normal", {"--findings=kept"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("findings are kept in kept/1\n"));
  EXPECT_THAT(NamesIn("kept/1"),
              UnorderedElementsAre("recording", "report.html",
                                   "power-lost-wal_not_synced"));
  const std::string finding = "kept/1/power-lost-wal_not_synced/";
  // All of it is gone, the table, too.
  const std::string count =
      "python3 -c \"import sqlite3; print(sqlite3.connect('" +
      directory_.Path(finding + "files/a.db") +
      "').execute('SELECT count(*) FROM sqlite_master').fetchone()[0])\"";
  outcome = Program(directory_.path(), "/bin/sh", {"-c", count}).Wait();
  EXPECT_EQ(outcome.out, "0\n") << outcome.err;
  const auto json =
      nlohmann::json::parse(directory_.Get(finding + "finding.json"));
  EXPECT_EQ(json.at("lost"), 21);
  EXPECT_THAT(directory_.Get(finding + "story.txt"),
              AllOf(HasSubstr(json.at("again").get<std::string>() + "\n"),
                    HasSubstr("lost, the least that does it, of "),
                    HasSubstr(":\n  24 bytes at 32 of a.db-wal: of the header "
                              "of frame 1\n\n")));
  outcome = Run({"judge", "--only-call=" + json.at("call").dump(),
                 "--promise=power", "kept/1/recording"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(json.at("text").get<std::string>()));
}

TEST_F(TryTest, WithStacksAFindingShowsWhereItsCallWasMade) {
  const Outcome outcome =
      Try("journal_memory",
          {"--stacks", "--findings=kept", "--json=out.json", "--html=a.html"});
  if (outcome.exit_code == 2) {
    ExpectError(outcome, 2,
                "this lastcommit was built without libdw, and finds no stacks "
                "(--stacks)");
    GTEST_SKIP() << "needs libdw";
  }
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  const auto all = nlohmann::json::parse(directory_.Get("out.json"));
  const auto& kill = all.at("kills").at(0);
  const std::string finding =
      "kept/1/kill-" + kill.at("kind").get<std::string>() + "/";
  const auto json =
      nlohmann::json::parse(directory_.Get(finding + "finding.json"));
  const auto& site = json.at("site");
  EXPECT_EQ(site.at("name"), "pwrite64");
  EXPECT_EQ(site.at("process"), 1);
  EXPECT_EQ(site.at("thread"), 1);
  EXPECT_THAT(site.at("program").get<std::string>(), HasSubstr("/python3"));
  EXPECT_GT(site.at("stack").size(), 3u);
  const std::string function = site.at("stack").at(0).at("function");
  EXPECT_THAT(function, HasSubstr("pwrite"));
  EXPECT_EQ(kill.at("site"), site);
  const std::string frame = "  " + function + " ";
  EXPECT_THAT(directory_.Get(finding + "story.txt"),
              HasSubstr("stack of " + site.at("program").get<std::string>() +
                        ":\n" + frame));
  EXPECT_THAT(directory_.Get("a.html"), HasSubstr(frame));
  EXPECT_THAT(outcome.out, Not(HasSubstr(frame)));
}

TEST_F(TryTest, AFindingInTheMiddleOfAWriteIsKeptAsItIs) {
  EXPECT_EQ(Try("rewritten_by_one_call", {"--findings=kept"}).exit_code, 1);
  const std::string finding = "kept/1/kill-damaged/";
  const auto json =
      nlohmann::json::parse(directory_.Get(finding + "finding.json"));
  EXPECT_GT(json.at("written"), 0);
  const Outcome outcome =
      Run({"verify", directory_.Path(finding + "files/a.db")});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
}

TEST_F(TryTest, KeptFindingsAreNeverChanged) {
  EXPECT_EQ(Try("journal_memory", {"--findings=kept"}).exit_code, 1);
  const Tree before = TreeOf(directory_.Path("kept/1"));
  EXPECT_EQ(Try("wal_normal", {"--findings=kept"}).exit_code, 0);
  EXPECT_EQ(Try("wal_full", {"--findings=kept"}).exit_code, 0);
  EXPECT_EQ(TreeOf(directory_.Path("kept/1")), before);
  EXPECT_THAT(NamesIn("kept"), UnorderedElementsAre("1", "2"));
}

TEST_F(TryTest, ADirectoryForFindingsWithAnythingElseIsRefused) {
  std::filesystem::create_directory(directory_.Path("kept"));
  directory_.Put("kept/own", "precious");
  ExpectError(Try("wal_normal", {"--findings=kept"}), 2,
              "the directory for findings is not empty, and not from here: "
              "kept has own in it");
  EXPECT_THAT(NamesIn("kept"), UnorderedElementsAre("own"));
}

// SIGABRT: the one that sanitizers leave alone.
TEST_F(TryTest, AJudgeThatDiesIsNoVerdict) {
  std::filesystem::create_directory(directory_.Path("tmp"));
  setenv("TMPDIR", directory_.Path("tmp").c_str(), 1);
  ASSERT_NO_FATAL_FAILURE(RecordWalNormal());
  Program program(directory_.path(), kEndlessJudge);
  ASSERT_TRUE(program.SignalAnyChild(SIGABRT));
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr(" died of signal 6 ("));
  EXPECT_EQ(NamesIn("tmp"), std::vector<std::string>());
}

TEST_F(TryTest, ARecorderThatDiesInARerunLeavesNothingBehind) {
  std::filesystem::create_directory(directory_.Path("tmp"));
  setenv("TMPDIR", directory_.Path("tmp").c_str(), 1);
  const std::string seen = directory_.Path("seen");
  const Outcome outcome =
      Run({"try", "--dir=data", "--recording=r", "--rerun=1", "/bin/sh", "-c",
           "[ -e " + seen + " ] && kill -KILL $PPID && while :; do :; done; " +
               ": > " + seen + "; echo a > file"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("the judge of a rerun died of signal 9"));
  EXPECT_FALSE(directory_.Has("r.rerun"));
  EXPECT_EQ(NamesIn("tmp"), std::vector<std::string>());
}

TEST_F(TryTest, AProcessOutsideThatChangesTheFilesIsNamed) {
  const std::string program = REPOSITORY "/tests/programs/outside.py";
  const std::string socket = directory_.Path("socket");
  Program outside(directory_.path(), "/bin/sh",
                  {"-c", "exec python3 " + program + " serve " + socket});
  ASSERT_EQ(outside.ReadLine(), "listening");
  std::string name;
  std::getline(
      std::ifstream("/proc/" + std::to_string(outside.pid()) + "/comm"), name);
  const Outcome outcome =
      Run({"try", "--dir=data", "python3", program, "ask", socket});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err,
              HasSubstr("file has 14 bytes and not 4; changed by a process "
                        "outside of the recording: " +
                        std::to_string(outside.pid()) + " (" + name +
                        ") has file open\n"));
}

TEST_F(TryTest, AProgramThatNeverEndsIsStopped) {
  const Outcome outcome = Run({"try", "--dir=data", "--seconds=1", "--",
                               "/bin/sh", "-c", "echo a; exec sleep 1000"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(": was stopped; "));
}

TEST_F(TryTest, APageHasTheVerdictTheFindingsAndTheCalls) {
  const Outcome outcome =
      Try("wal_normal", {"--promise=power", "--html=a.html"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  const std::string html = directory_.Get("a.html");
  EXPECT_THAT(html, HasSubstr("<h1 class=\"bad\">VIOLATED</h1>"));
  EXPECT_THAT(html, HasSubstr("<p>promise: survives a loss of power</p>"));
  EXPECT_THAT(html, HasSubstr("<h3>power-lost-wal_not_synced</h3>"));
  EXPECT_THAT(html, HasSubstr(">commits of a.db (21)</text>"));
  EXPECT_THAT(html, HasSubstr(">findings (1)</text>"));
  EXPECT_EQ(Try("wal_normal", {"--html=none/a.html"}).exit_code, 2);
}

}  // namespace
}  // namespace lastcommit
