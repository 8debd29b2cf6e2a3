#include "generate/arbitrary_plan.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "generate/clients_draw.h"
#include "generate/crash_draw.h"
#include "generate/disk_draw.h"
#include "generate/mix.h"
#include "generate/program_draw.h"
#include "generate/removal_draw.h"
#include "generate/timed_kill.h"
#include "rapidcheck.h"
#include "status/status.h"
#include "store/draw.h"

namespace lastcommit {
namespace {

Profile DrawProfile(Draw& draw) {
  Profile profile;
  if (draw.Percent(8)) return profile;  // what most users have
  profile.journal_mode = draw.Weighted<saver::JournalMode>({
      {6, saver::JournalMode::kWal},
      {2, saver::JournalMode::kDelete},
      {2, saver::JournalMode::kTruncate},
      {2, saver::JournalMode::kPersist},
  });
  profile.synchronous = draw.Weighted<saver::Synchronous>({
      {4, saver::Synchronous::kFull},
      {3, saver::Synchronous::kNormal},
      {2, saver::Synchronous::kOff},
      {1, saver::Synchronous::kExtra},
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

Combination DrawCombination(Draw& draw, const GenerateOptions& options) {
  const std::vector<Share> mix = MixOf(options);
  CHECK(!mix.empty());
  if (mix.size() == 1) return mix.front().combination;
  int left = 0;
  for (const Share& share : mix) left += share.weight;
  left = draw.Int(0, left - 1);
  for (const Share& share : mix) {
    left -= share.weight;
    if (left < 0) return share.combination;
  }
  return mix.back().combination;
}

int DrawRounds(Draw& draw, Engine engine) {
  if (engine == Engine::kRecord) {
    return draw.Weighted<int>({{6, 1}, {3, 2}, {1, 3}});
  }
  if (engine == Engine::kFork) {
    return draw.Weighted<int>({{5, 1}, {4, 2}, {3, 3}, {2, 4}});
  }
  // More: a crash in the recovery from a crash in a recovery takes three.
  return draw.Weighted<int>({{3, 1}, {4, 2}, {4, 3}, {3, 4}, {1, 5}});
}

bool IsOfTheDisk(FaultChoice fault) {
  return fault == FaultChoice::kPowerLoss || fault == FaultChoice::kIoError;
}

// Gives the rounds of a plan, one after the other, their faults.
class FaultsDraw {
 public:
  // Both must outlive it.
  FaultsDraw(Draw& draw, Plan& plan, FaultChoice fault, std::size_t rounds)
      : draw_(draw),
        plan_(plan),
        fault_(fault),
        rounds_(rounds),
        error_round_(fault == FaultChoice::kIoError ? draw.Below(rounds) : 0) {}

  // Of the newest round.
  void DrawNext() {
    if (fault_ == FaultChoice::kNone) return;
    if (fault_ == FaultChoice::kIoError) return DrawErrors();
    if (plan_.engine == Engine::kRecord) return KillOneOfRecorded();
    // The last round has one; others mostly.
    if (!IsLast() && !draw_.Percent(75)) return;
    if (fault_ == FaultChoice::kTimedKill) {
      DrawTimedKill(draw_, plan_.rounds.size() == 1, plan_.rounds.back());
      return;
    }
    DrawKill();
    // Half of the others are kills, whose unsynced changes live on.
    if (fault_ == FaultChoice::kPowerLoss && (IsLast() || draw_.Percent(50))) {
      LosePower();
    }
    if (Clients(plan_.rounds.back()) > 1) MayKillOne();
  }

 private:
  bool IsLast() const { return plan_.rounds.size() == rounds_; }

  // Whether the newest round begins with a recovery.
  bool IsAfterCrash() const {
    const std::size_t count = plan_.rounds.size();
    return count > 1 && CrashStep(plan_.rounds[count - 2]).has_value();
  }

  void DrawKill() {
    Opened opened;
    if (plan_.rounds.size() > 1) {
      opened =
          OpenedAfter(plan_.profile, plan_.rounds[plan_.rounds.size() - 2]);
    }
    Round& round = plan_.rounds.back();
    const auto clients = static_cast<std::size_t>(Clients(round));
    if (clients == 1) {
      DrawCrash(draw_, plan_.profile, opened, round);
    } else {
      DrawKillOfShared(opened, draw_.Below(clients), round);
    }
  }

  // Calls are counted on in the steps of the same client.
  void DrawKillOfShared(Opened opened, std::size_t client, Round& round) {
    const std::vector<std::size_t> program = Programs(round)[client];
    if (round.steps[program.front()].client != 0) {
      opened.left = Opened::Left::kByClose;
    }
    Round own;
    for (const std::size_t step : program)
      own.steps.push_back(round.steps[step]);
    DrawCrash(draw_, plan_.profile, opened, own);
    const std::size_t step = program[*CrashStep(own)];
    round.steps[step].crash = own.steps[*CrashStep(own)].crash;
  }

  // One client alone, instead of all or before they are.
  void MayKillOne() {
    Round& round = plan_.rounds.back();
    const std::size_t step = *CrashStep(round);
    CrashPoint& crash = *round.steps[step].crash;
    if (!draw_.Percent(40)) return;
    if (crash.survival.kind == SurvivalKind::kAll && draw_.Percent(60)) {
      crash.is_of_one = true;
      return;
    }
    const CrashPoint of_all = crash;
    const auto killer = static_cast<std::size_t>(round.steps[step].client);
    const auto clients = static_cast<std::size_t>(Clients(round));
    const std::size_t other = (killer + 1 + draw_.Below(clients - 1)) % clients;
    round.steps[step].crash.reset();
    DrawKillOfShared({Opened::Left::kByClose, 0}, other, round);
    round.steps[*CrashStep(round)].crash->is_of_one = true;
    round.steps[step].crash = of_all;
  }

  // At one of the first calls of a step, in the last round: whoever was killed
  // is gone for the rest of the plan.
  void KillOneOfRecorded() {
    if (!IsLast()) return;
    std::vector<Step>& steps = plan_.rounds.back().steps;
    steps[draw_.Below(steps.size())].crash = CrashPoint{
        .io = draw_.Int(1, 12),
        .moment = draw_.Percent(50) ? Moment::kBefore : Moment::kAfter,
        .is_of_one = true};
  }

  void LosePower() {
    Round& round = plan_.rounds.back();
    round.steps[*CrashStep(round)].crash->survival = DrawPowerLoss(draw_);
  }

  // What an error spoiled is often seen only after a crash.
  void DrawErrors() {
    const std::size_t r = plan_.rounds.size() - 1;
    if (draw_.Percent(r < error_round_ ? 40 : 55)) {
      DrawKill();
      if (draw_.Percent(60)) LosePower();
      if (Clients(plan_.rounds[r]) > 1) MayKillOne();
    }
    if (r == error_round_ || draw_.Percent(25)) {
      DrawError(draw_, IsAfterCrash(), plan_.rounds.back());
    }
  }

  Draw& draw_;
  Plan& plan_;
  const FaultChoice fault_;
  const std::size_t rounds_;
  const std::size_t error_round_;  // kIoError: one that has an error
};

// What several connections can share: without a journal on disk nothing is
// promised to them.
void LimitToShared(Draw& draw, FaultChoice fault, Profile& profile) {
  if (!IsKeptOnDisk(profile.journal_mode) ||
      (fault == FaultChoice::kNone && draw.Percent(60))) {
    profile.journal_mode = saver::JournalMode::kWal;
  }
}

// Not every client has something to do in each round.
Round DrawSharedRound(Draw& draw, std::vector<ProgramDraw>& programs) {
  std::vector<Round> rounds = {programs.front().DrawRound()};
  for (std::size_t i = 1; i < programs.size(); ++i) {
    if (i == 1 || draw.Percent(80)) rounds.push_back(programs[i].DrawRound());
  }
  return Interleave(draw, std::move(rounds));
}

// Of those that may: what they do behind it is mostly refused.
constexpr int kRemovingPercent = 20;

// Clients of which one at a time goes on: who waited for another one's
// transaction would wait in vain.
GenerateOptions WithoutTransactions(GenerateOptions options) {
  for (const StepKind kind :
       {StepKind::kBegin, StepKind::kCommit, StepKind::kRollback,
        StepKind::kSavepoint, StepKind::kRelease, StepKind::kRollbackTo}) {
    if (!options.Lacks(kind)) options.lacks.push_back(kind);
  }
  return options;
}

void Settle(Plan& plan) {
  if (plan.dialect->settle == nullptr) return;
  std::vector<Operation*> operations;
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) {
      if (IsOperation(step.kind)) operations.push_back(&step.operation);
    }
  }
  plan.dialect->settle(operations);
}

Profile DrawProfileFor(Draw& draw, const GenerateOptions& options,
                       Engine engine, FaultChoice fault) {
  Profile profile = engine == Engine::kSim || IsOfTheDisk(fault)
                        ? DrawDiskProfile(draw, engine)
                        : DrawProfile(draw);
  // What a store with rows from the beginning, a script, may have without a
  // journal on disk is not judged (docs/sql-dialect.md).
  if (options.dialect->create != nullptr &&
      !IsKeptOnDisk(profile.journal_mode)) {
    profile.journal_mode = saver::JournalMode::kWal;
  }
  if (options.journal_mode) profile.journal_mode = *options.journal_mode;
  if (options.synchronous) profile.synchronous = *options.synchronous;
  // What is driven from outside has settings of its own.
  return engine == Engine::kRecord ? Profile() : profile;
}

void LimitToShared(Draw& draw, const GenerateOptions& options,
                   FaultChoice fault, Plan& plan) {
  if (!options.journal_mode) LimitToShared(draw, fault, plan.profile);
  // What is driven from outside is a process each, slower than all others: in
  // some plans they take turns, step by step.
  if (plan.engine == Engine::kRecord &&
      options.schedule != ScheduleKind::kFree && draw.Percent(25)) {
    return;
  }
  plan.schedule = DrawSchedule(draw, options.schedule);
}

// What makes commits to several databases atomic (store/attached.h).
void GiveSuperJournals(Draw& draw, Profile& profile) {
  if (profile.journal_mode == saver::JournalMode::kWal ||
      !IsKeptOnDisk(profile.journal_mode)) {
    profile.journal_mode = draw.Element({saver::JournalMode::kDelete,
                                         saver::JournalMode::kTruncate,
                                         saver::JournalMode::kPersist});
  }
  if (profile.synchronous == saver::Synchronous::kOff) {
    profile.synchronous =
        draw.Element({saver::Synchronous::kNormal, saver::Synchronous::kFull});
  }
}

Plan DrawPlan(Draw& draw, const GenerateOptions& options) {
  Plan plan;
  const auto [engine, fault, clients] = DrawCombination(draw, options);
  plan.saver = options.saver;
  plan.dialect = options.dialect;
  plan.engine = engine;
  const bool is_sim = plan.engine == Engine::kSim;
  plan.profile = DrawProfileFor(draw, options, engine, fault);
  const bool is_shared = clients > 1;
  const auto shape =
      draw.Weighted<Shape>({{is_shared ? 89 : 78, Shape::kSmall},
                            {is_shared ? 10 : 20, Shape::kMedium},
                            {is_shared ? 1 : 2, Shape::kBig}});
  const auto rounds = static_cast<std::size_t>(DrawRounds(draw, plan.engine));
  // SQLite before 3.44.0 forgets a journal in memory after an error
  // (docs/findings.md).
  if (fault == FaultChoice::kIoError &&
      plan.profile.journal_mode == saver::JournalMode::kMemory &&
      !options.journal_mode) {
    plan.profile.journal_mode = saver::JournalMode::kDelete;
  }
  if (is_shared) LimitToShared(draw, options, fault, plan);
  if (options.is_attached && !MayLackSuperJournals({engine, fault, clients})) {
    GiveSuperJournals(draw, plan.profile);
  }
  // A loss of power of a plan that changes the mode is no row of the contract.
  const bool changes_mode =
      (fault == FaultChoice::kNone || fault == FaultChoice::kKill) &&
      IsKeptOnDisk(plan.profile.journal_mode) &&
      draw.Percent(is_shared ? 30 : 15) &&
      !options.Lacks(StepKind::kJournalMode);
  // Nor is one of a plan in which another program removes files, and of several
  // clients nobody says what the others may do then.
  const bool removes_files =
      (fault == FaultChoice::kNone || fault == FaultChoice::kKill) &&
      !is_shared && !changes_mode && draw.Percent(kRemovingPercent) &&
      !options.Lacks(StepKind::kUnlink);
  std::vector<ProgramDraw> programs;
  programs.reserve(static_cast<std::size_t>(clients));
  const GenerateOptions of_each = plan.engine == Engine::kRecord && is_shared
                                      ? WithoutTransactions(options)
                                      : options;
  for (int i = 0; i < clients; ++i) {
    programs.emplace_back(draw, of_each, plan.profile, shape, is_shared,
                          changes_mode);
  }
  FaultsDraw faults(draw, plan, fault, rounds);
  for (std::size_t r = 0; r < rounds; ++r) {
    plan.rounds.push_back(is_shared ? DrawSharedRound(draw, programs)
                                    : programs.front().DrawRound());
    if (removes_files && draw.Percent(70)) {
      DrawRemoval(draw, plan.profile, plan.rounds.back());
    }
    faults.DrawNext();
  }
  if (is_shared) Settle(plan);
  // An image is a power loss, too.
  if (is_sim && MayLosePower(plan) && options.fault != FaultChoice::kNone &&
      options.fault != FaultChoice::kKill) {
    plan.images = DrawImages(draw);
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
