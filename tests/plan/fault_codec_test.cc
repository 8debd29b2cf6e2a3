// What a plan says about crashes, power losses and errors, as text.

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "plan/plans.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kMaxNumber = ~std::uint64_t{0};

Round Crashing(const Survival& survival) {
  return {{{.kind = StepKind::kOpen,
            .crash = CrashPoint{1, Moment::kAfter, survival}},
           {.kind = StepKind::kClose}}};
}

Round Failing(const IoError& error) {
  return {
      {{.kind = StepKind::kOpen, .error = error}, {.kind = StepKind::kClose}}};
}

// Every fault away from its default, both ends of each limit.
Plan FaultPlan() {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.profile.sector_size = 512;
  plan.profile.powersafe_overwrite = false;
  plan.images = 10'000;
  plan.rounds = {
      Crashing({SurvivalKind::kNone}),
      Crashing({SurvivalKind::kPrefix, 0}),
      Crashing({SurvivalKind::kFilePrefixes, 7}),
      Crashing({SurvivalKind::kSubset, kMaxNumber}),
      Crashing({SurvivalKind::kLoseOne, 1}),
      Crashing({SurvivalKind::kChosen}),
      Crashing({SurvivalKind::kChosen,
                5,
                {{0}, {1'000'000'000, FateKind::kHead, 1'000'000'000}},
                1'000'000'000}),
      Crashing({.kind = SurvivalKind::kChosen, .directory = 0}),
      Failing({ErrorKind::kRead, 1, 0}),
      Failing({ErrorKind::kInterrupt, 1'000'000, 1000}),
      {{{.kind = StepKind::kOpen,
         .crash = CrashPoint{0, Moment::kBefore},
         .error = IoError{ErrorKind::kNoMemory, 2}},
        {.kind = StepKind::kClose}}},
      {{{.kind = StepKind::kOpen,
         .kill_after_us = 3,
         .error = IoError{ErrorKind::kSync, 3}},
        {.kind = StepKind::kClose}}}};
  return plan;
}

// FaultPlan() as it is stored. Never to be changed.
constexpr char kFaultText[] =
    R"~({"lastcommit":2,"saver":"sqlite","engine":"sim","profile":)~"
    R"~({"journal_mode":"wal","synchronous":"full","page_size":4096,)~"
    R"~("cache_size":0,"wal_autocheckpoint":1000,"sector_size":512,"psow":0},)~"
    R"~("expect":"held","images":10000}
{"step":"open","crash":{"io":1,"moment":"after","survive":"none"}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"prefix"}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"file_prefixes",)~"
    R"~("number":7}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"subset",)~"
    R"~("number":18446744073709551615}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"lose_one",)~"
    R"~("number":1}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"chosen"}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"chosen",)~"
    R"~("number":5,"fates":"0,1000000000h1000000000","directory":1000000000}}
{"step":"close"}
{"step":"open","crash":{"io":1,"moment":"after","survive":"chosen",)~"
    R"~("directory":0}}
{"step":"close"}
{"step":"open","error":{"kind":"read","at":1,"count":0}}
{"step":"close"}
{"step":"open","error":{"kind":"interrupt","at":1000000,"count":1000}}
{"step":"close"}
{"step":"open","crash":{"io":0,"moment":"before"},)~"
    R"~("error":{"kind":"no_memory","at":2}}
{"step":"close"}
{"step":"open","kill_after_us":3,"error":{"kind":"sync","at":3}}
{"step":"close"}
)~";

TEST(FaultCodecTest, EveryFaultPrintsAsItAlwaysDid) {
  EXPECT_EQ(PrintPlan(FaultPlan()), kFaultText);
}

TEST(FaultCodecTest, EveryFaultParsesBack) {
  EXPECT_THAT(ParsePlan(kFaultText, "plan"), IsOkAndHolds(FaultPlan()));
}

TEST(FaultCodecTest, DefaultsMayBeGiven) {
  const std::string crash =
      R"("crash":{"io":1,"moment":"after","survive":"all"})";
  const std::string error = R"("error":{"kind":"sync","at":1,"count":1})";
  const std::string text =
      PlanText(absl::StrCat(R"({"step":"read",)", crash, ",", error, "}\n"));
  const absl::StatusOr<Plan> plan = ParsePlan(text, "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->rounds[0].steps[1].crash->survival, Survival());
  EXPECT_EQ(plan->rounds[0].steps[1].error, (IoError{ErrorKind::kSync, 1, 1}));
}

TEST(FaultCodecTest, WhatASurvivalDoesNotUseIsNotPrinted) {
  const Survival none = {SurvivalKind::kNone, 5, {{1}}, 2};
  EXPECT_EQ(PrintStep(Crashing(none).steps[0]),
            R"({"step":"open","crash":{"io":1,"moment":"after",)"
            R"("survive":"none"}})");
  const Survival all = {SurvivalKind::kAll, 5, {{1}}, 2};
  EXPECT_EQ(PrintStep(Crashing(all).steps[0]),
            R"({"step":"open","crash":{"io":1,"moment":"after"}})");
}

TEST(FaultCodecTest, OnlyAPowerLossOrAnErrorIsAFaultOfTheDisk) {
  Plan plan = SmallestPlan();
  plan.rounds.push_back(Crashing({}));
  EXPECT_FALSE(HasDiskFaults(plan));
  plan.rounds[1] = Crashing({SurvivalKind::kNone});
  EXPECT_TRUE(HasDiskFaults(plan));
  plan.rounds[1] = Failing({});
  EXPECT_TRUE(HasDiskFaults(plan));
  EXPECT_EQ(ErrorStep(plan.rounds[1]), 0u);
  EXPECT_EQ(ErrorStep(plan.rounds[0]), std::nullopt);
}

// Inside "crash" or "error" of a step line, and what is said about it.
struct BadFault {
  std::string fields;
  std::string error;  // behind "plan:3: "
};

void ExpectRefused(const std::string& object,
                   const std::vector<BadFault>& faults) {
  for (const BadFault& fault : faults) {
    const std::string line = absl::StrCat(R"({"step":"read",")", object, "\":{",
                                          fault.fields, "}}\n");
    EXPECT_EQ(ErrorOf(PlanText(line)), "plan:3: " + fault.error);
  }
}

std::vector<BadFault> AtACrash(std::vector<BadFault> faults) {
  for (BadFault& fault : faults) {
    fault.fields = R"("io":1,"moment":"after",)" + fault.fields;
  }
  return faults;
}

TEST(FaultCodecTest, ASurvivalThatIsNotRightIsRefused) {
  ExpectRefused(
      "crash",
      AtACrash(
          {{R"("survive":"some")",
            "crash.survive: 'some' is not known (allowed all, none, prefix, "
            "file_prefixes, subset, lose_one, chosen)"},
           {R"("survive":1)",
            "crash.survive: 1 is not a string (allowed text in quotes)"},
           {R"("survive":"prefix","number":-1)",
            "crash.number: -1 is not a whole number (allowed 0 to "
            "18446744073709551615)"},
           {R"("survive":"chosen","directory":-2)",
            "crash.directory: -2 is outside the limits (allowed -1 to "
            "1000000000)"},
           {R"("survive":"chosen","fates":"2,1")",
            "crash.fates: '2,1' says no fates (allowed up to 100000 such as "
            "3,5h100,7t200,9g0,11z, their changes ascending from 0 to "
            "1000000000)"},
           {R"("survive":"chosen","fates":7)",
            "crash.fates: 7 is not a string (allowed text in quotes)"}}));
}

TEST(FaultCodecTest, WhatASurvivalDoesNotUseIsRefused) {
  const std::string seeded =
      "(allowed at prefix, file_prefixes, subset, lose_one, chosen)";
  ExpectRefused(
      "crash",
      AtACrash(
          {{R"("number":1)",
            "crash.number: does not belong to survive 'all' " + seeded},
           {R"("survive":"none","number":0)",
            "crash.number: does not belong to survive 'none' " + seeded},
           {R"("survive":"subset","fates":"1")",
            "crash.fates: does not belong to survive 'subset' (allowed at "
            "chosen)"},
           {R"("survive":"prefix","directory":1)",
            "crash.directory: does not belong to survive 'prefix' (allowed at "
            "chosen)"}}));
}

TEST(FaultCodecTest, AnErrorThatIsNotRightIsRefused) {
  ExpectRefused(
      "error",
      {{"", "error.kind: is missing"},
       {R"("kind":"sync")", "error.at: is missing"},
       {R"("at":1)", "error.kind: is missing"},
       {R"("kind":"fire","at":1)",
        "error.kind: 'fire' is not known (allowed read, write, full, sync, "
        "truncate, open, delete, busy, no_memory, interrupt, "
        "no_process_memory)"},
       {R"("kind":"sync","at":0)",
        "error.at: 0 is outside the limits (allowed 1 to 1000000)"},
       {R"("kind":"sync","at":1000001)",
        "error.at: 1000001 is outside the limits (allowed 1 to 1000000)"},
       {R"("kind":"sync","at":1,"count":1001)",
        "error.count: 1001 is outside the limits (allowed 0 to 1000)"},
       {R"("kind":"sync","at":1,"io":1)", "error.io: unknown field"}});
  EXPECT_EQ(ErrorOf(PlanText("{\"step\":\"read\",\"error\":1}\n")),
            "plan:3: error: 1 is not an object (allowed fields in braces)");
}

TEST(FaultCodecTest, ARoundHasOneErrorAtMostAndMayHaveACrashToo) {
  const std::string error =
      "{\"step\":\"read\",\"error\":{\"kind\":\"full\",\"at\":1}}\n";
  const std::string crash =
      "{\"step\":\"read\",\"crash\":{\"io\":1,\"moment\":\"after\"}}\n";
  EXPECT_EQ(ErrorOf(PlanText(error + crash)), "");
  EXPECT_EQ(ErrorOf(PlanText(error) + kOpenLine + error + kCloseLine), "");
  EXPECT_EQ(ErrorOf(PlanText(error + crash + error)),
            "plan:5: error: line 3 has one already (allowed 1 a round)");
}

}  // namespace
}  // namespace lastcommit
