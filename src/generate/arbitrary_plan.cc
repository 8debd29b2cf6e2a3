#include "generate/arbitrary_plan.h"

#include "generate/crash_draw.h"
#include "generate/draw.h"
#include "generate/program_draw.h"
#include "generate/timed_kill.h"
#include "rapidcheck.h"

namespace lastcommit {
namespace {

Profile DrawProfile(Draw& draw) {
  Profile profile;
  if (draw.Percent(8)) return profile;  // what most users have
  profile.journal_mode = draw.Weighted<JournalMode>({
      {6, JournalMode::kWal},
      {2, JournalMode::kDelete},
      {2, JournalMode::kTruncate},
      {2, JournalMode::kPersist},
  });
  profile.synchronous = draw.Weighted<Synchronous>({
      {4, Synchronous::kFull},
      {3, Synchronous::kNormal},
      {2, Synchronous::kOff},
      {1, Synchronous::kExtra},
  });
  profile.page_size = draw.Weighted<int>(
      {{4, 4096}, {3, 512}, {3, 1024}, {1, 2048}, {1, 8192}, {1, 65536}});
  profile.cache_size =
      draw.Weighted<int>({{3, 1}, {2, 2}, {3, 5}, {2, 10}, {2, 0}});
  profile.wal_autocheckpoint =
      draw.Weighted<int>({{3, 1000}, {2, 0}, {1, 1}, {2, 5}});
  return profile;
}

void DrawTimedKill(Draw& draw, bool is_first, Round& round) {
  TimedKillDraws draws;
  draws.step = draw.Below(std::uint64_t{1} << 32);
  draws.delay = draw.Below(std::uint64_t{1} << 32);
  PlaceTimedKill(draws, is_first, round);
}

Plan DrawPlan(Draw& draw, const GenerateOptions& options) {
  Plan plan;
  plan.saver = options.saver;
  plan.engine = options.engine;
  plan.profile = DrawProfile(draw);
  const auto shape = draw.Weighted<Shape>(
      {{78, Shape::kSmall}, {20, Shape::kMedium}, {2, Shape::kBig}});
  const int rounds = draw.Weighted<int>({{5, 1}, {4, 2}, {3, 3}, {2, 4}});
  const bool is_calm =
      options.fault == FaultChoice::kNone ||
      (options.fault == FaultChoice::kMixed && draw.Percent(12));
  ProgramDraw program(draw, plan.profile, shape);
  for (int r = 0; r < rounds; ++r) {
    plan.rounds.push_back(program.DrawRound());
    // The last round has one; others mostly.
    if (!is_calm && (r + 1 == rounds || draw.Percent(75))) {
      if (options.fault == FaultChoice::kTimedKill) {
        DrawTimedKill(draw, r == 0, plan.rounds.back());
        continue;
      }
      Opened opened;
      if (r > 0) {
        opened = OpenedAfter(plan.profile, plan.rounds[plan.rounds.size() - 2]);
      }
      DrawCrash(draw, plan.profile, opened, plan.rounds.back());
    }
  }
  return plan;
}

}  // namespace

Plan PlanAt(const CaseKey& key, const GenerateOptions& options) {
  const rc::Gen<Plan> gen([&options](const rc::Random& random, int /*size*/) {
    Draw draw(random);
    return rc::shrinkable::just(DrawPlan(draw, options));
  });
  const rc::Random random(rc::Random::Key{{key.seed, key.index, 0, 0}});
  return gen(random, rc::kNominalSize).value();
}

}  // namespace lastcommit
