#include "generate/disk_draw.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "generate/crash_draw.h"

namespace lastcommit {
namespace {

// How many calls of a kind a step makes: few, so that small numbers meet one.
std::int64_t DrawAt(Draw& draw) {
  return draw.Weighted<std::int64_t>({
      {6, 1},
      {5, draw.Int(2, 4)},
      {4, draw.Int(1, 10)},
      {2, draw.Int(1, 40)},
      {1, draw.Int(1, 300)},
  });
}

// A statement allocates a hundred times.
std::int64_t DrawAllocation(Draw& draw) {
  return draw.Weighted<std::int64_t>({
      {3, draw.Int(1, 20)},
      {4, draw.Int(1, 150)},
      {3, draw.Int(1, 1000)},
      {1, draw.Int(1, 5000)},
  });
}

// The saver itself allocates for its arguments and for what it answers.
std::int64_t DrawOwnAllocation(Draw& draw) {
  return draw.Weighted<std::int64_t>({
      {4, draw.Int(1, 8)},
      {3, draw.Int(1, 40)},
      {1, draw.Int(1, 300)},
  });
}

ErrorKind DrawErrorKind(Draw& draw) {
  int total = 0;
  for (int i = 0; i < kErrorKinds; ++i) {
    total += SpecOf(static_cast<ErrorKind>(i)).weight;
  }
  int left = draw.Int(0, total - 1);
  int kind = 0;
  while ((left -= SpecOf(static_cast<ErrorKind>(kind)).weight) >= 0) ++kind;
  return static_cast<ErrorKind>(kind);
}

std::int64_t DrawPlace(ErrorKind kind, Draw& draw) {
  switch (SpecOf(kind).counts) {
    case ErrorSpec::Counts::kAllocations:
      return DrawAllocation(draw);
    case ErrorSpec::Counts::kOwnAllocations:
      return DrawOwnAllocation(draw);
    case ErrorSpec::Counts::kCalls:
      break;
  }
  return DrawAt(draw);
}

}  // namespace

Profile DrawDiskProfile(Draw& draw, Engine engine) {
  Profile profile;
  if (draw.Percent(8)) return profile;  // what most users have
  profile.journal_mode = draw.Weighted<saver::JournalMode>({
      {10, saver::JournalMode::kWal},
      {6, saver::JournalMode::kDelete},
      {4, saver::JournalMode::kTruncate},
      {4, saver::JournalMode::kPersist},
      {1, saver::JournalMode::kMemory},
      {1, saver::JournalMode::kOff},
  });
  profile.synchronous = draw.Weighted<saver::Synchronous>({
      {4, saver::Synchronous::kFull},
      {4, saver::Synchronous::kNormal},
      {1, saver::Synchronous::kOff},
      {2, saver::Synchronous::kExtra},
  });
  profile.page_size = draw.Weighted<int>({{8, 4096},
                                          {6, 512},
                                          {6, 1024},
                                          {2, 2048},
                                          {2, 8192},
                                          {1, 16384},
                                          {1, 32768},
                                          {2, 65536}});
  profile.cache_size =
      draw.Weighted<int>({{3, 1}, {2, 2}, {3, 5}, {2, 10}, {2, 0}});
  profile.wal_autocheckpoint =
      draw.Weighted<int>({{3, 1000}, {2, 0}, {1, 1}, {2, 5}});
  if (engine == Engine::kSim) {
    profile.sector_size = draw.Weighted<int>(
        {{12, 4096}, {3, 512}, {2, 1024}, {2, 8192}, {1, 65536}});
  }
  profile.powersafe_overwrite = !draw.Percent(15);
  return profile;
}

int DrawImages(Draw& draw) { return draw.Element({0, 8, 16, 32, 64}); }

Survival DrawPowerLoss(Draw& draw) {
  Survival survival;
  survival.kind = draw.Weighted<SurvivalKind>({
      {3, SurvivalKind::kNone},
      {3, SurvivalKind::kPrefix},
      {3, SurvivalKind::kFilePrefixes},
      {5, SurvivalKind::kSubset},
      {3, SurvivalKind::kLoseOne},
  });
  if (HasNumber(survival.kind)) survival.number = draw.Seed();
  return survival;
}

void DrawError(Draw& draw, bool is_recovered, Round& round) {
  IoError error;
  error.kind = DrawErrorKind(draw);
  error.at = DrawPlace(error.kind, draw);
  error.count = draw.Weighted<std::int64_t>({{15, 1}, {3, 0}, {2, 3}});
  // Where it is reached: not behind the crash. Evenly now and then: an error is
  // also of use where no crash would be.
  std::vector<Step> steps = round.steps;
  steps.resize(CrashStep(round).value_or(steps.size() - 1) + 1);
  std::size_t step =
      draw.Percent(30) ? draw.Below(steps.size()) : DrawFaultStep(draw, steps);
  if (is_recovered && draw.Percent(40)) step = 0;
  round.steps[step].error = error;
}

}  // namespace lastcommit
