#include "generate/crash_draw.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace lastcommit {
namespace {

// How likely a step carries the crash. A change outside a transaction commits,
// or fails and has to leave nothing; one that takes many statements or calls is
// where somebody may have thought of more than one commit.
int CrashWeight(const Step& step, bool in_transaction) {
  switch (step.kind) {
    case StepKind::kOpen:
      return 8;
    case StepKind::kCommit:
    case StepKind::kWalCheckpoint:
    case StepKind::kClose:
      return 4;
    case StepKind::kReopen:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return 3;
    case StepKind::kChange:
      if (in_transaction) return 2;
      return step.operation.invalid_at() > 0
                 ? step.operation.spec->crash_weight_if_refused_midway
                 : step.operation.spec->crash_weight;
    default:
      return 1;
  }
}

std::int64_t BytesOf(const Operation& operation) {
  return operation.content.size * operation.count();
}

std::vector<int> CrashWeights(const std::vector<Step>& steps) {
  std::vector<int> weights;
  bool in_transaction = false;
  for (const Step& step : steps) {
    if (step.kind == StepKind::kBegin) in_transaction = true;
    weights.push_back(CrashWeight(step, in_transaction));
    if (step.kind == StepKind::kCommit || step.kind == StepKind::kRollback ||
        step.kind == StepKind::kReopen) {
      in_transaction = false;
    }
  }
  return weights;
}

// About how many calls that change files each step makes, rather too few than
// too many: what SQLite writes depends on its cache and on what is in the
// database already.
class CallEstimate {
 public:
  CallEstimate(const Profile& profile, const Opened& opened)
      : is_wal_(profile.journal_mode == saver::JournalMode::kWal),
        page_size_(profile.page_size),
        cache_size_(profile.cache_size),
        opened_(opened) {}

  std::vector<int> Of(const std::vector<Step>& steps) {
    std::vector<int> calls;
    calls.reserve(steps.size());
    for (const Step& step : steps) calls.push_back(Of(step));
    return calls;
  }

 private:
  int Of(const Step& step) {
    switch (step.kind) {
      case StepKind::kOpen:
        return opened_.left == Opened::Left::kNothing ? kCreation : Open();
      case StepKind::kReopen: {
        const int close = Close();
        in_transaction_ = false;
        return close + Open();
      }
      case StepKind::kClose:
        return Close();
      case StepKind::kBegin:
        in_transaction_ = true;
        pages_ = 0;
        return 0;
      case StepKind::kRollback:
        in_transaction_ = false;
        return 0;
      case StepKind::kCommit:
        if (!in_transaction_) return 0;
        in_transaction_ = false;
        return pages_ == 0 ? Commit(1) : Commit(pages_ + kSharedPages);
      case StepKind::kWalCheckpoint:
        return is_wal_ && !in_transaction_ ? kCheckpoint : 0;
      case StepKind::kVacuum:
        return in_transaction_ ? 0 : kVacuum;
      case StepKind::kJournalMode:
        return in_transaction_ ? 0 : kModeChange;
      default:
        return IsChange(step.kind) ? Change(step) : 0;
    }
  }

  int Change(const Step& step) {
    // A batch that fails never comes to its commit.
    if (step.operation.invalid_at() >= 0) return 0;
    const std::int64_t bytes = BytesOf(step.operation);
    const int pages = step.operation.spec->pages > 0
                          ? step.operation.spec->pages
                          : static_cast<int>(bytes / page_size_) + 1;
    if (!in_transaction_) return Commit(pages + kSharedPages);
    pages_ += pages;
    return 0;
  }

  // Two writes a frame; a page of a rollback journal takes three, and then the
  // database has to be written.
  int Commit(int pages) const { return is_wal_ ? 2 * pages : 6 + 2 * pages; }
  int Open() const {
    if (!is_wal_) return 0;
    return opened_.left == Opened::Left::kByCrash
               ? kRecovery + opened_.wal_pages
               : 2;
  }
  // A transaction that is still open has a journal to roll back if it has
  // spilled.
  int Close() const {
    if (is_wal_) return kCheckpoint;
    const bool has_spilled =
        in_transaction_ && cache_size_ > 0 && pages_ > 2 * cache_size_;
    return has_spilled ? kRollback : 0;
  }

  static constexpr int kCreation = 30;
  static constexpr int kRecovery = 8;
  static constexpr int kCheckpoint = 3;
  static constexpr int kRollback = 3;
  static constexpr int kVacuum = 20;
  static constexpr int kModeChange = 8;
  static constexpr int kSharedPages = 2;  // the counter, the thread

  const bool is_wal_;
  const int page_size_;
  const int cache_size_;
  const Opened opened_;
  bool in_transaction_ = false;
  int pages_ = 0;  // that the open transaction has changed
};

// Calls beyond the step count on into those that follow; there are `most` of
// them in the rest of the round. The estimate is low, so that the middle of a
// long step is around it.
std::int64_t DrawIo(Draw& draw, int in_step, int most) {
  if (most == 0) return 0;
  const int late = std::clamp(in_step * 3 / 2, 1, most);
  return draw.Weighted<std::int64_t>({
      {2, 0},
      {5, draw.Int(1, std::min(most, 6))},
      {6, draw.Int(1, std::min(most, std::max(in_step, 10)))},
      {5, draw.Int(std::clamp(in_step / 2, 1, late), late)},
      {4, draw.Int(1, std::min(most, 45))},
      {2, draw.Int(1, std::min(most, 120))},
      {1, draw.Int(1, most + most / 2)},
  });
}

// A step that is refused is killed where an accepted one would be at work:
// there it may be busy with what it should not do.
int InStep(const Profile& profile, const Opened& opened,
           std::vector<Step> steps, std::size_t chosen) {
  steps[chosen].operation = Accepted(steps[chosen].operation);
  return CallEstimate(profile, opened).Of(steps)[chosen];
}

}  // namespace

Opened OpenedAfter(const Profile& profile, const Round& round) {
  std::optional<std::size_t> crash_step = CrashStep(round);
  if (!crash_step.has_value()) crash_step = DeathStep(round);
  if (!crash_step.has_value()) return {Opened::Left::kByClose, 0};
  if (profile.journal_mode != saver::JournalMode::kWal) {
    return {Opened::Left::kByCrash, 0};
  }
  std::int64_t pages = 0;
  for (std::size_t i = 0; i < *crash_step; ++i) {
    const Step& step = round.steps[i];
    if (!IsChange(step.kind) || step.operation.invalid_at() >= 0) continue;
    pages += BytesOf(step.operation) / profile.page_size + 1;
  }
  // Some were rolled back, some are there more than once.
  constexpr std::int64_t kMostPages = 100;
  pages = std::min(pages / 2, kMostPages);
  const std::int64_t frames = profile.wal_autocheckpoint;
  if (frames > 0) pages = std::min(pages, 2 * frames);
  return {Opened::Left::kByCrash, static_cast<int>(pages)};
}

std::size_t DrawFaultStep(Draw& draw, const std::vector<Step>& steps) {
  const std::vector<int> weights = CrashWeights(steps);
  int total = 0;
  for (const int weight : weights) total += weight;
  // The later of two draws half of the time: more has happened before it.
  int left = draw.Int(0, total - 1);
  if (draw.Percent(50)) left = std::max(left, draw.Int(0, total - 1));
  std::size_t chosen = 0;
  while (chosen + 1 < steps.size() && left >= weights[chosen]) {
    left -= weights[chosen++];
  }
  return chosen;
}

void DrawCrash(Draw& draw, const Profile& profile, const Opened& opened,
               Round& round) {
  std::vector<Step>& steps = round.steps;
  const std::vector<int> calls = CallEstimate(profile, opened).Of(steps);
  // Recovery is where a crash has its best chance to do harm.
  const bool is_in_open =
      opened.left == Opened::Left::kByCrash && draw.Percent(45);
  const std::size_t chosen = is_in_open ? 0 : DrawFaultStep(draw, steps);
  int most = 0;
  for (std::size_t i = chosen; i < calls.size(); ++i) most += calls[i];
  CrashPoint crash;
  // Something may follow what SQLite does.
  constexpr int kBeyondRecovery = 20;
  const int most_in_open = std::min(most, calls[0] + kBeyondRecovery);
  crash.io = is_in_open
                 ? draw.Int(1, std::max(most_in_open, 10))
                 : DrawIo(draw, InStep(profile, opened, steps, chosen), most);
  if (crash.io > 0) {
    crash.moment = draw.Weighted<Moment>(
        {{4, Moment::kBefore}, {3, Moment::kDuring}, {3, Moment::kAfter}});
  }
  steps[chosen].crash = crash;
}

}  // namespace lastcommit
