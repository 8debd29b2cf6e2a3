// Plans with several clients: as they are drawn, and as they are made simpler.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "generate/client_edits.h"
#include "generate/edits.h"
#include "generate/schedule_edits.h"
#include "generate/shrink_edits.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kPlansOfEachKind = 12;

Plan PlanAtIndex(int clients, FaultChoice fault, std::uint64_t index) {
  return PlanAt(
      {5, index},
      {.engine = EngineChoice::kSim, .fault = fault, .clients = clients});
}

template <typename Check>
void ForEachPlan(Check check) {
  for (int clients = 2; clients <= kMaxClients; ++clients) {
    for (int fault = 0; fault < kFaultChoices; ++fault) {
      if (static_cast<FaultChoice>(fault) == FaultChoice::kTimedKill) continue;
      for (std::uint64_t i = 0; i < kPlansOfEachKind; ++i) {
        check(PlanAtIndex(clients, static_cast<FaultChoice>(fault), i),
              clients);
      }
    }
  }
}

// Switches in many steps, as a plan has them that was made explicit.
Plan WithSwitches(Plan plan) {
  std::int64_t at = 0;
  for (Round& round : plan.rounds) {
    const int clients = Clients(round);
    for (Step& step : round.steps) {
      if (clients < 2 || ++at % 3 != 0) continue;
      const int to = (step.client + 1) % clients;
      step.switches = {{at % 7, to}, {10 + at, to}};
    }
  }
  plan.schedule = {};
  return plan;
}

// The parser knows what is well-formed: numbers without gaps, opens and closes
// where they belong, switches to others.
void ExpectRoundTrip(const Plan& plan) {
  ASSERT_THAT(ParsePlan(PrintPlan(plan), "plan"), IsOkAndHolds(plan))
      << PrintPlan(plan);
}

TEST(ClientsDrawTest, EachPlanIsPrintedAndParsedUnchanged) {
  ForEachPlan([](const Plan& plan, int) { ExpectRoundTrip(plan); });
}

TEST(ClientsDrawTest, EachRoundHasTwoClientsOrAsManyAsWereAskedFor) {
  std::set<int> seen;
  ForEachPlan([&](const Plan& plan, int clients) {
    for (const Round& round : plan.rounds) {
      ASSERT_GE(Clients(round), 2);
      ASSERT_LE(Clients(round), clients);
      seen.insert(Clients(round));
    }
  });
  EXPECT_EQ(seen, (std::set<int>{2, 3, 4}));
}

TEST(ClientsDrawTest, ClientZeroOpensFirstAndClosesLast) {
  ForEachPlan([](const Plan& plan, int) {
    for (const Round& round : plan.rounds) {
      ASSERT_EQ(round.steps.front().kind, StepKind::kOpen);
      ASSERT_EQ(round.steps.front().client, 0);
      ASSERT_EQ(round.steps.back().kind, StepKind::kClose);
      ASSERT_EQ(round.steps.back().client, 0);
    }
  });
}

TEST(ClientsDrawTest, EachKindOfScheduleIsDrawnOrTheOneAskedFor) {
  std::set<ScheduleKind> drawn;
  for (std::uint64_t i = 0; i < 200; ++i) {
    drawn.insert(PlanAtIndex(2, FaultChoice::kNone, i).schedule.kind);
  }
  // A free one does not repeat, and is for those who ask for it.
  EXPECT_EQ(drawn.count(ScheduleKind::kFree), 0u);
  EXPECT_EQ(drawn.size(), std::size_t{kScheduleKinds} - 1);
  for (int kind = 0; kind < kScheduleKinds; ++kind) {
    GenerateOptions options = {.engine = EngineChoice::kFork, .clients = 2};
    options.schedule = static_cast<ScheduleKind>(kind);
    for (std::uint64_t i = 0; i < 20; ++i) {
      EXPECT_EQ(PlanAt({5, i}, options).schedule.kind, options.schedule);
    }
  }
}

TEST(ClientsDrawTest, ClientsTakeTurnsInTheOrderOfTheRound) {
  int changes = 0;
  int steps = 0;
  ForEachPlan([&](const Plan& plan, int) {
    for (const Round& round : plan.rounds) {
      for (std::size_t i = 1; i < round.steps.size(); ++i) {
        ++steps;
        if (round.steps[i].client != round.steps[i - 1].client) ++changes;
      }
    }
  });
  EXPECT_GT(changes, steps / 3);
}

TEST(ClientEditsTest, EachResultIsPrintedAndParsedUnchanged) {
  int edits_made = 0;
  ForEachPlan([&](const Plan& drawn, int) {
    for (const Plan& plan : {drawn, WithSwitches(drawn)}) {
      ExpectRoundTrip(plan);
      Edits edits;
      DropClients(plan, edits);
      DropSwitches(plan, edits);
      std::size_t made = 0;
      for (const Edit& edit : edits) {
        const auto simpler = edit(plan);
        // Parsing takes its time; those of the clients come first.
        if (!simpler.has_value()) continue;
        if (++made > 8) break;
        ++edits_made;
        ASSERT_NE(*simpler, plan);
        ExpectRoundTrip(*simpler);
      }
    }
  });
  EXPECT_GT(edits_made, 1000);
}

TEST(ClientEditsTest, EachSimplerPlanOfAllEditsIsWellFormed) {
  int edits_made = 0;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const Plan plan = WithSwitches(PlanAtIndex(3, FaultChoice::kMixed, i));
    for (const Edit& edit : SimplerEdits(plan)) {
      const auto simpler = edit(plan);
      if (!simpler.has_value() || ++edits_made % 8 != 0) continue;
      ExpectRoundTrip(*simpler);
    }
  }
  EXPECT_GT(edits_made, 200);
}

TEST(ClientEditsTest, DropClientsEndsAtAPlanOfOneWithoutASchedule) {
  Plan plan = WithSwitches(PlanAtIndex(3, FaultChoice::kNone, 1));
  plan.schedule = {ScheduleKind::kRandom, 1, 10};
  ASSERT_EQ(Clients(plan), 3);
  for (int edits_made = 0; Clients(plan) > 1; ++edits_made) {
    ASSERT_LT(edits_made, 2);
    Edits edits;
    DropClients(plan, edits);
    const auto simpler = edits.front()(plan);
    ASSERT_TRUE(simpler.has_value());
    EXPECT_LT(Clients(*simpler), Clients(plan));
    plan = *simpler;
  }
  EXPECT_EQ(plan.schedule, Schedule());
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) EXPECT_TRUE(step.switches.empty());
  }
}

TEST(ClientEditsTest, StepsGivenToAnotherClientAreAllStillThere) {
  const Plan plan = PlanAtIndex(2, FaultChoice::kNone, 2);
  const auto work = [](const Plan& of) {
    std::vector<StepKind> kinds;
    for (const Round& round : of.rounds) {
      for (const Step& step : round.steps) {
        if (step.kind == StepKind::kOpen || step.kind == StepKind::kClose) {
          continue;
        }
        kinds.push_back(step.kind);
      }
    }
    return kinds;
  };
  Edits edits;
  DropClients(plan, edits);
  ASSERT_EQ(edits.size(), 2u);
  const auto given = edits[1](plan);
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(Clients(*given), 1);
  EXPECT_EQ(work(*given), work(plan));
}

TEST(ClientEditsTest, ACrashOfAClientThatGoesMovesToTheNextStep) {
  Step crashed = {.kind = StepKind::kRead, .client = 1};
  crashed.crash = CrashPoint{.io = 3};
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {{{{.kind = StepKind::kOpen},
                   {.kind = StepKind::kOpen, .client = 1},
                   crashed,
                   {.kind = StepKind::kClose, .client = 1},
                   {.kind = StepKind::kRead},
                   {.kind = StepKind::kClose}}}};
  Edits edits;
  DropClients(plan, edits);
  const auto simpler = edits.front()(plan);
  ASSERT_TRUE(simpler.has_value());
  ASSERT_EQ(simpler->rounds[0].steps.size(), 3u);
  EXPECT_EQ(CrashStep(simpler->rounds[0]), 1u);
  ExpectRoundTrip(*simpler);
}

TEST(ClientEditsTest, ClientsThatOnlyOpenAndCloseAreTidiedAway) {
  Round round = {{{.kind = StepKind::kOpen},
                  {.kind = StepKind::kOpen, .client = 1},
                  {.kind = StepKind::kOpen, .client = 2},
                  {.kind = StepKind::kClose, .client = 1},
                  {.kind = StepKind::kRead, .client = 2, .switches = {{1, 0}}},
                  {.kind = StepKind::kClose, .client = 2},
                  {.kind = StepKind::kRead, .switches = {{1, 1}, {2, 2}}},
                  {.kind = StepKind::kClose}}};
  TidyClients(round);
  ASSERT_EQ(round.steps.size(), 6u);
  EXPECT_EQ(Clients(round), 2);
  EXPECT_EQ(round.steps[2].client, 1);
  EXPECT_EQ(round.steps[2].switches, (std::vector<Switch>{{1, 0}}));
  // Nobody can go on who is not there.
  EXPECT_EQ(round.steps[4].switches, (std::vector<Switch>{{2, 1}}));
}

}  // namespace
}  // namespace lastcommit
