// Stores that are driven from outside: --driver.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "e2e/driver_fixture.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string InCpp(const std::string& words) {
  return "--driver=" DIALECTS_DRIVER " " + words;
}

TEST_P(PlantedDriverTest, IsFoundShrunkAndReplayed) {
  ExpectFound(Planted(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedDriverTest,
    testing::Values(
        PlantedBug{"ack_before_commit", "lost_commit",
                   "acknowledged commit is not there", 3},
        PlantedBug{"two_transactions", "not_a_cut", "it never held", 5},
        PlantedBug{"torn_transaction", "not_a_cut", "it never held", 6},
        PlantedBug{"journal_off", "damaged", "after a kill:", 4},
        PlantedBug{"deleted_comes_back", "lost_commit", "expected nothing", 5},
        PlantedBug{"empty_after_a_crash", "lost_commit", "found nothing", 4},
        PlantedBug{"cannot_recover", "open_failed",
                   "another process has it open", 3},
        PlantedBug{"remembers_values", "wrong_answer", "the store answers", 8},
        // Whoever had it open is told of an error of the disk.
        PlantedBug{"clears_away", "crashed", "disk I/O error", 7},
        PlantedBug{"numbers_its_keys", "wrong_read", "found nothing", 7},
        PlantedBug{"ends_alone", "crashed", "no room for one more", 6},
        PlantedBug{"marks_its_work", "wrong_answer",
                   "another process is at work", 8},
        PlantedBug{"half_made", "open_failed", "no such table", 2},
        PlantedBug{"synchronous_normal", "lost_commit", "a loss of power", 4},
        PlantedBug{"lost_update", "wrong_answer", "the store answers", 7},
        PlantedBug{"changed_value", "wrong_answer", "the store answers", 6},
        PlantedBug{"wrong_delete", "wrong_answer", "the store answers", 6},
        PlantedBug{"swallowed_error", "wrong_answer",
                   "and the model the error not_found", 3},
        PlantedBug{"dies_at_a_delete", "crashed", "died of signal 11", 4}),
    [](const auto& test) { return std::string(test.param.name); });

class PlantedCheckpointsTest : public PlantedDriverTest {};

TEST_P(PlantedCheckpointsTest, IsFoundShrunkAndReplayed) {
  ExpectFound(PlantedCheckpoints(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedCheckpointsTest,
    testing::Values(
        PlantedBug{"nothing_without_namespace", "wrong_read", "found nothing",
                   3},
        PlantedBug{"changed_bytes", "wrong_answer", "the store answers", 5},
        PlantedBug{"half_of_a_batch", "not_a_cut", "it never held", 3},
        PlantedBug{"torn_step", "not_a_cut", "it never held", 3},
        PlantedBug{"deleted_threads_writes", "wrong_read", "expected nothing",
                   4},
        PlantedBug{"loses_the_parent", "wrong_read", "is not the model's", 4}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(DriverTest, SoundStoresOfCheckpointsHold) {
  for (const char* store : {"sound_checkpoints", "no_steps"}) {
    const Outcome outcome =
        Fuzz(PlantedCheckpoints(store), {"--trials=60", "--ledger"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 60 trials"));
  }
}

class PlantedQueueTest : public PlantedDriverTest {};

TEST_P(PlantedQueueTest, IsFoundShrunkAndReplayed) {
  ExpectFound(PlantedQueue(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedQueueTest,
    testing::Values(
        PlantedBug{"half_of_a_batch", "not_a_cut", "it never held", 3},
        PlantedBug{"claimed_twice", "wrong_answer", "the store answers", 5},
        PlantedBug{"late_is_taken", "wrong_read", "found nothing", 6},
        PlantedBug{"claim_in_memory", "lost_commit",
                   "acknowledged commit is not there", 4},
        PlantedBug{"behind_the_others", "wrong_answer", "the store answers", 7},
        PlantedBug{"acknowledged_in_memory", "lost_commit",
                   "acknowledged commit is not there", 4},
        PlantedBug{"knows_what_waits", "wrong_answer", "the store answers", 9},
        PlantedBug{"requeues_everything", "wrong_read", "is not the model's",
                   5}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(DriverTest, SoundQueuesHold) {
  for (const char* store : {"sound", "sound_requeue", "sound_sweeper"}) {
    const Outcome outcome =
        Fuzz(PlantedQueue(store), {"--trials=45", "--ledger"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 45 trials"));
  }
}

class PlantedLogTest : public PlantedDriverTest {};

TEST_P(PlantedLogTest, IsFoundShrunkAndReplayed) {
  ExpectFound(PlantedLog(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedLogTest,
    testing::Values(
        PlantedBug{"numbers_come_back", "wrong_answer",
                   "the store answers 1, and the model something else", 5},
        PlantedBug{"half_of_a_batch", "not_a_cut",
                   "the number of the next entry", 3},
        PlantedBug{"number_in_a_file", "not_a_cut", "expected nothing", 3},
        PlantedBug{"reads_from_the_number", "wrong_answer",
                   "the store answers a list", 4},
        PlantedBug{"numbers_unlocked", "wrong_answer", "the store answers", 6},
        PlantedBug{"state_in_two", "wrong_read",
                   "in no order of what overlapped", 7}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(DriverTest, SoundLogsHold) {
  for (const char* store : {"sound", "of_several"}) {
    const Outcome outcome = Fuzz(PlantedLog(store), {"--trials=16"});
    EXPECT_THAT(outcome.out, HasSubstr("16 judged and held"));
  }
}

// What the self-test asks of a log is what the model demands of it.
TEST_F(DriverTest, TheSelfTestOfALogAsksForNumbers) {
  const auto test = [&](const std::string& bug) {
    const std::string driver = PlantedLog(bug).substr(9);
    const int status = std::system(
        absl::StrCat(driver, " --selftest > ", directory_.Path("said"))
            .c_str());
    return absl::StrCat(status == 0 ? "" : "wrong: ", directory_.Get("said"));
  };
  EXPECT_EQ(test("sound"), "a correct store without crashes; controls: none\n");
  EXPECT_EQ(test("numbers_come_back"),
            "wrong: append of [\"c\"] gives 1, and has to give 3\n");
  EXPECT_EQ(test("reads_from_the_number"),
            "wrong: read of [1, 9] gives [[1, \"a\"], [2, \"b\"]], and has to "
            "give [[2, \"b\"]]\n");
}

// What runs freely is left to chance; what is found is tried in turns, which
// repeats.
TEST_F(DriverTest, WhatIsFoundFreelyIsShrunkInTurns) {
  const Outcome outcome =
      Fuzz(PlantedLog("numbers_unlocked"),
           {"--schedule=free", "--trials=300", "--stop-after=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  // Chance decides whether an answer shows it or a state.
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("schedule=free"),
                                 HasSubstr("processes that ran freely found it "
                                           "(original.plan)"),
                                 HasSubstr("5 of 5 violated(wrong_")));
}

TEST_F(DriverTest, ASoundOneThatRunsFreelyHolds) {
  const Outcome outcome = Fuzz(Planted("sound_of_several"),
                               {"--schedule=free", "--trials=50", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("recorded/overlaps"),
                                 HasSubstr("clients/record/commits_in_turn")));
}

TEST_F(DriverTest, OneClientCannotRunFreely) {
  const Outcome outcome =
      Fuzz(PlantedLog("sound"), {"--schedule=free", "--trials=10"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("the schedule free needs several clients, "
                                     "and the driver says that it has one"));
}

class PlantedOwnTest : public PlantedDriverTest {};

TEST_P(PlantedOwnTest, IsFoundShrunkAndReplayed) {
  ExpectFound(PlantedOwn(GetParam().name), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedOwnTest,
    testing::Values(
        PlantedBug{"loses_power", "lost_commit", "a loss of power", 4},
        PlantedBug{"answers_first", "lost_commit",
                   "it was answered before it was committed", 5},
        PlantedBug{"forgets_the_wal", "lost_commit", "an earlier commit", 5},
        PlantedBug{"makes_it_anew", "lost_commit", "an earlier commit", 5},
        PlantedBug{"cannot_recover", "open_failed",
                   "another process has it open", 4},
        PlantedBug{"half_in_a_file", "not_a_cut", "of no copy of what it", 4},
        PlantedBug{"fails_to_reopen", "wrong_answer", "not again", 3}),
    [](const auto& test) { return std::string(test.param.name); });

// Of what it answers, nothing is judged, and that is said.
TEST_F(DriverTest, StoresOfOwnOperationsHold) {
  for (const char* store : {"sound", "spools", "packs"}) {
    const Outcome outcome =
        Fuzz(PlantedOwn(store), {"--trials=45", "--ledger"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 45 trials"));
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("recorded/references"),
                                   HasSubstr("recorded/done"),
                                   HasSubstr("recorded/not_compared")));
  }
}

TEST_F(DriverTest, OneThatDoesNothingExercisesNothing) {
  const Outcome outcome = Fuzz(PlantedOwn("does_nothing"), {"--trials=45"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("recorded/done"));
}

TEST_F(DriverTest, WhatIsDoneBeforeItIsAskedIsSeen) {
  const Outcome outcome =
      Fuzz(InPython("reads_ahead", ""), {"--trials=60", "--stop-after=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("violated(phantom_commit)"));
}

class SoundDriverTest : public DriverTest,
                        public testing::WithParamInterface<const char*> {};

TEST_P(SoundDriverTest, HoldsAndKeepsEachPromise) {
  const Outcome outcome =
      Fuzz(Planted(GetParam()), {"--trials=60", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 60 trials"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("recorded/kills_recovered"),
                                 HasSubstr("recorded/losses_recovered"),
                                 HasSubstr("record, every crash")));
}

INSTANTIATE_TEST_SUITE_P(Each, SoundDriverTest,
                         testing::Values("sound", "sound_rollback_journal"));

TEST_F(DriverTest, SeveralSoundClientsHold) {
  const Outcome outcome = Fuzz(Planted("sound_of_several"),
                               {"--clients=3", "--trials=70", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 70 trials"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("clients/3"),
                                 HasSubstr("record, one killed alone"),
                                 HasSubstr("clients/record/kills_of_one"),
                                 HasSubstr("recorded/overlaps")));
}

// So few of them promise nothing.
TEST_F(DriverTest, NoJobOfSeveralWorkersIsLost) {
  const Outcome outcome = Fuzz(PlantedQueue("of_several"),
                               {"--clients=3", "--trials=25", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("recorded/overlaps"),
                                 Not(HasSubstr("verdict/violated"))));
}

TEST_F(DriverTest, MoreClientsThanItMayHaveAreRefused) {
  const Outcome outcome = Fuzz(Planted("sound"), {"--clients=2", "--trials=1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("as many clients as its driver says"));
}

TEST_F(DriverTest, ACampaignDoesNotGoOnWithADriverThatSaysSomethingElse) {
  const auto run = [&](const char* store, const char* trials) {
    return Run({"campaign", directory_.Path("campaign"), PlantedQueue(store),
                "--jobs=1", trials});
  };
  EXPECT_EQ(run("sound", "--trials=2").exit_code, 4);  // too few
  EXPECT_EQ(run("sound", "--trials=3").exit_code, 4);
  const Outcome outcome = run("sound_requeue", "--trials=4");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("what the driver says of itself is"));
}

TEST_F(DriverTest, TheDigestDoesNotDependOnTheNumberOfWorkers) {
  const auto digest = [&](const char* jobs) {
    const Outcome outcome = Run(
        {"fuzz", Planted("sound_of_several"), "--trials=18", "--ledger", jobs});
    // Also what the clients did to each other.
    const std::size_t at = outcome.out.find("ledger: everything else");
    if (at == std::string::npos) {
      ADD_FAILURE() << outcome.out << outcome.err;
      return std::string();
    }
    return outcome.out.substr(at, outcome.out.rfind("digest ") + 23 - at);
  };
  const std::string of_one = digest("--jobs=1");
  EXPECT_THAT(of_one, AllOf(HasSubstr("recorded/overlaps"),
                            HasSubstr("clients/record/switches"),
                            HasSubstr("digest ")));
  EXPECT_EQ(of_one, digest("--jobs=2"));
}

TEST_F(DriverTest, APlanIsReplayedWithItsDriverAndNoOther) {
  ASSERT_EQ(Fuzz(Planted("swallowed_error"), {"--stop-after=1"}).exit_code, 1);
  const std::string plan = ShrunkPlan();
  ASSERT_NE(plan, "");
  Outcome outcome = Run({"replay", plan});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--driver"));
  outcome = Run({"replay", Planted("sound"), plan});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("swallowed-error"));
}

TEST_F(DriverTest, WhatADriverFixesCannotBeAskedFor) {
  for (const char* option :
       {"--engine=sim", "--clients=2", "--fault=kill", "--schedule=few"}) {
    const Outcome outcome = Fuzz(Planted("sound"), {option});
    EXPECT_EQ(outcome.exit_code, 2) << option;
    EXPECT_THAT(outcome.err, HasSubstr("driven from outside")) << option;
  }
  EXPECT_EQ(Fuzz(Planted("sound"), {"--saver=sqlite"}).exit_code, 2);
}

// What the page says a new driver is: in an empty folder, with the two files of
// the example.
TEST_F(DriverTest, TheExampleInPythonIsFollowed) {
  for (const char* file : {"lastcommit_driver.py", "driver.py"}) {
    std::filesystem::copy_file(
        absl::StrCat(REPOSITORY, "/examples/python/", file),
        directory_.Path(file));
    const std::string text = directory_.Get(file);
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 300) << file;
  }
  const std::string in_it = "cd " + directory_.path() + " && ";
  EXPECT_EQ(
      std::system((in_it + "python3 driver.py --selftest > said").c_str()), 0);
  EXPECT_THAT(directory_.Get("said"),
              HasSubstr("a correct store without crashes; controls: begin, "
                        "commit, rollback"));
  const Outcome outcome = Run(
      {"fuzz",
       absl::StrCat("--driver=cd ", directory_.path(), " && python3 driver.py"),
       "--trials=40"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
}

TEST_F(DriverTest, TheExampleInCppHolds) {
  const Outcome outcome =
      Run({"fuzz", "--driver=" EXAMPLE_DRIVER, "--trials=40"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
}

class PlantedCppTest : public PlantedDriverTest {};

TEST_P(PlantedCppTest, IsFoundShrunkAndReplayed) {
  const bool is_log = std::string(GetParam().name) == "numbers_come_back";
  ExpectFound(
      InCpp((is_log ? "log " : "queue ") + std::string(GetParam().name)),
      GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedCppTest,
    testing::Values(PlantedBug{"half_of_a_batch", "not_a_cut", "it never held",
                               3},
                    PlantedBug{"numbers_come_back", "wrong_answer",
                               "the store answers", 5}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(DriverTest, AStoryHasTheSqliteOfTheStoreIfItIsSaid) {
  const auto story = [this](const std::string& driver) {
    return Fuzz(driver, {"--trials=100", "--stop-after=1"}).out;
  };
  EXPECT_THAT(story(Planted("two_transactions")),
              HasSubstr("; the store says SQLite 3."));
  EXPECT_THAT(story(InCpp("log numbers_come_back")),
              AllOf(HasSubstr("lines after the header"),
                    Not(HasSubstr("the store says SQLite"))));
}

TEST_F(DriverTest, StoresOfEachDialectInCppHold) {
  std::filesystem::copy_file(REPOSITORY "/examples/cpp/lastcommit_driver.h",
                             directory_.Path("a.h"));
  const std::string text = directory_.Get("a.h");
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 300);
  for (const char* dialect : {"checkpoints", "queue", "log", "own"}) {
    const Outcome outcome = Fuzz(InCpp(dialect), {"--trials=15"});
    EXPECT_THAT(LastLine(outcome), HasSubstr(": 15 judged and held"))
        << outcome.out << outcome.err;
  }
}

TEST_F(DriverTest, TheSelfTestSaysWhatIsMissingAndWhatIsNotSo) {
  const std::string begin = absl::StrCat("import sys; sys.path.insert(0, '",
                                         REPOSITORY, "/examples/python')\n",
                                         "import lastcommit_driver, driver\n");
  directory_.Put("missing.py", begin +
                                   "class A(lastcommit_driver.Pairs):\n"
                                   "    def open(self, path): pass\n"
                                   "lastcommit_driver.main(A, store='a')\n");
  directory_.Put("wrong.py", begin +
                                 "class A(driver.Store):\n"
                                 "    def get(self, key): return ''\n"
                                 "lastcommit_driver.main(A, store='a')\n");
  const auto says = [&](const std::string& file) {
    const std::string command =
        absl::StrCat("python3 ", directory_.Path(file), " --selftest > ",
                     directory_.Path("said"));
    EXPECT_NE(std::system(command.c_str()), 0);
    return directory_.Get("said");
  };
  EXPECT_EQ(says("missing.py"), "missing: close, state, put, delete, get\n");
  EXPECT_EQ(says("wrong.py"),
            "get of [\"a\"] gives \"\", and has to give the error not_found\n");
}

class DriveTest : public DriverTest {
 protected:
  Outcome Check(const std::string& driver) {
    return Run(
        {"drive", absl::StrReplaceAll(driver, {{"--driver=", "--check="}})});
  }
};

TEST_F(DriveTest, ARightDriverIsSaidToBe) {
  for (const std::string& driver :
       {Planted("sound"), PlantedCheckpoints("no_steps"),
        std::string("--driver=" EXAMPLE_DRIVER), InCpp("checkpoints")}) {
    const Outcome outcome = Check(driver);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("RIGHT without a crash: 20 plans"),
                                   HasSubstr("put "), HasSubstr("state "),
                                   HasSubstr("next: lastcommit fuzz")));
  }
}

TEST_F(DriveTest, OfOwnOperationsNobodyKnowsWhatIsRight) {
  const Outcome outcome = Check(absl::StrCat(
      "--driver=python3 ", REPOSITORY, "/examples/python/bank_driver.py"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("RIGHT without a crash: 20 plans"),
                                 HasSubstr("deposit "),
                                 HasSubstr("nobody knows what is right")));
}

TEST_F(DriveTest, WhatIsWrongIsSaidWithItsPlan) {
  for (const auto& [bug, words] :
       {std::pair{"changed_value", "the store answers"},
        std::pair{"forgetful_state", "is not the model's"},
        std::pair{"dies_at_a_delete", "does not answer (signal 11"},
        std::pair{"kept_in_the_process", "is not the model's"},
        std::pair{"says_sometimes", ", and the second time "},
        std::pair{
            "knows_its_place",
            "a copy of what was closed: open answers the error aborted"}}) {
    const Outcome outcome = Check(Planted(bug));
    EXPECT_EQ(outcome.exit_code, 1) << bug << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr(words), HasSubstr("\"step\":\"open\""),
                      HasSubstr("WRONG without a crash")));
  }
}

TEST_F(DriveTest, WhatIsNoDriverOrNoProtocolIsNotWrong) {
  EXPECT_EQ(Check(Hostile("silent")).exit_code, 2);
  const Outcome outcome = Check(Planted("garbage"));
  EXPECT_EQ(outcome.exit_code, 3) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("is no JSON object: \"put: done\""));
  EXPECT_EQ(Run({"drive"}).exit_code, 2);
}

struct HostileHello {
  const char* how;
  const char* words;
};

class HostileHelloTest : public DriverTest,
                         public testing::WithParamInterface<HostileHello> {};

TEST_P(HostileHelloTest, IsRefusedWithOneSentence) {
  const Outcome outcome = Fuzz(Hostile(GetParam().how), {"--trials=1"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Each, HostileHelloTest,
    testing::Values(
        HostileHello{"silent", "does not answer hello on descriptor 4"},
        HostileHello{"dies", "(exit code 7: no such store)"},
        HostileHello{"garbage",
                     "line 1 of the driver's answers is no JSON "
                     "object: \"hello!\""},
        HostileHello{"no_json_object", "is no JSON object: \"[1]\""},
        HostileHello{"no_id", "has neither an \"id\" nor an \"ack\""},
        HostileHello{"wrong_id", "answers request 5, and the next one is 1"},
        HostileHello{"refuses", "answers hello with the error busy (not now)"},
        HostileHello{"other_protocol", "does not have the \"protocol\" 1"},
        HostileHello{"other_dialect",
                     "a \"dialect\" that is none of pairs, checkpoints, "
                     "queue, log, own"},
        HostileHello{"many_clients", "\"clients\" that is not from 1 to 4"},
        HostileHello{"neither_claim", "each of claim, claim_waiting"},
        HostileHello{"own_nothing", "has no list of 1 to 40 \"operations\""},
        HostileHello{"own_taken", "has an operation begin, which is"},
        HostileHello{"own_name", "one without a \"name\" of 1 to 20 letters"},
        HostileHello{"own_query", "has no operation that changes anything"},
        HostileHello{"own_twice", "has the operation add twice"},
        HostileHello{"own_kind", "that is name, integer, text or bytes"},
        HostileHello{"own_range", "the argument a of the operation add"},
        HostileHello{"own_other", "two arguments a that are not the same"},
        HostileHello{"no_name", "has no \"store\" of 1 to 30"},
        HostileHello{"our_name", "as one of lastcommit's own"},
        HostileHello{"lacks_get", "lacks the operation get"},
        HostileHello{"half_controls", "belong together"},
        HostileHello{"no_promise", "neither process nor power"}),
    [](const auto& test) { return std::string(test.param.how); });

class HostileAnswersTest : public DriverTest,
                           public testing::WithParamInterface<HostileHello> {};

TEST_P(HostileAnswersTest, AreTheDriversFault) {
  const Outcome outcome = Fuzz(Hostile(GetParam().how), {"--trials=3"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    Each, HostileAnswersTest,
    testing::Values(
        HostileHello{"unknown_error", "has an \"error\" that is none of"},
        HostileHello{"out_of_order",
                     "answers request 2, and the next one is 1"},
        HostileHello{"too_many", "answers more than it was asked"},
        HostileHello{"acks_behind_the_end", "answers more than it was asked"},
        HostileHello{"acks_ahead", "acknowledges a request that was not made"},
        HostileHello{"endless_line", "a line of more than"}),
    [](const auto& test) { return std::string(test.param.how); });

// Its second plan begins with what nobody asked for.
TEST_F(DriverTest, WhatADriverSaysTooMuchEndsTheRun) {
  const Outcome outcome = Fuzz(Planted("says_more_later"), {"--trials=20"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("answers request 77"));
}

// A run leaves nothing where its trials were.
TEST_F(DriverTest, TheDirectoryOfTheTrialsIsEmptyAgain) {
  std::filesystem::create_directory(directory_.Path("trials"));
  EXPECT_EQ(Fuzz(Planted("sound"), {"--trials=3", "--dir=trials"}).exit_code,
            4);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.Path("trials")));
}

TEST_F(DriverTest, OneThatEndsBeforeItAnswersIsAFinding) {
  for (const auto& [how, words] :
       {std::pair{"stops", "ended with exit code 0 before it answered"},
        std::pair{"killed", "died of signal 9"}}) {
    const Outcome outcome =
        Fuzz(Hostile(how), {"--trials=3", "--stop-after=1"});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(HasSubstr("violated(crashed)"), HasSubstr(words)));
  }
}

}  // namespace
}  // namespace lastcommit
