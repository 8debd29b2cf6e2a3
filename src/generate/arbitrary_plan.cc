#include "generate/arbitrary_plan.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <vector>

#include "rapidcheck.h"

namespace lastcommit {
namespace {

// Draws from RapidCheck's splittable generator; its numbers are the same on
// every machine.
class Draw {
 public:
  explicit Draw(const rc::Random& random) : random_(random) {}

  // 0 .. bound-1
  std::uint64_t Below(std::uint64_t bound) { return random_.next() % bound; }
  int Int(int low, int high) {
    return low +
           static_cast<int>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool Percent(int chance) { return Int(0, 99) < chance; }
  std::uint64_t Seed() { return random_.next() % 1'000'000; }

  template <typename T>
  T Element(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

  template <typename T>
  struct Choice {
    int weight;
    T value;
  };
  template <typename T>
  T Weighted(std::initializer_list<Choice<T>> choices) {
    int total = 0;
    for (const Choice<T>& choice : choices) total += choice.weight;
    int left = Int(0, total - 1);
    for (const Choice<T>& choice : choices) {
      left -= choice.weight;
      if (left < 0) return choice.value;
    }
    return choices.begin()->value;
  }

 private:
  rc::Random random_;
};

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

// Which kinds of steps a plan prefers, and which it leaves out ("swarm
// testing", Groce et al., ISSTA 2012): plans that lack something go further
// in the rest.
struct Swarm {
  std::array<int, kStepKinds> weight{};

  int operator[](StepKind kind) const {
    return weight[static_cast<std::size_t>(kind)];
  }
};

Swarm DrawSwarm(Draw& draw, bool is_big) {
  Swarm swarm;
  const auto set = [&](StepKind kind, int most, int percent_off) {
    swarm.weight[static_cast<std::size_t>(kind)] =
        draw.Percent(percent_off) ? 0 : draw.Int(1, most);
  };
  set(StepKind::kBegin, 12, 10);
  set(StepKind::kCommit, 8, 5);
  set(StepKind::kRollback, 2, 40);
  set(StepKind::kSavepoint, 6, 25);
  set(StepKind::kRelease, 3, 30);
  set(StepKind::kRollbackTo, 6, 25);
  set(StepKind::kPutCheckpoint, 12, 15);
  set(StepKind::kAppendLog, 8, 25);
  set(StepKind::kAppendLogs, 8, 25);
  set(StepKind::kPutBlob, 8, 25);
  set(StepKind::kDeleteThread, 2, 40);
  set(StepKind::kRead, 1, is_big ? 90 : 60);
  set(StepKind::kLiveRead, 1, is_big ? 90 : 50);
  set(StepKind::kWalCheckpoint, 3, 40);
  set(StepKind::kReopen, 1, 60);
  set(StepKind::kVacuum, 1, 70);
  return swarm;
}

enum class Shape { kSmall, kMedium, kBig };

// One round's program, kept mostly well formed: it knows whether a
// transaction is open and how deep the savepoints are.
class ProgramDraw {
 public:
  ProgramDraw(Draw& draw, const Profile& profile, Shape shape)
      : draw_(draw),
        profile_(profile),
        shape_(shape),
        swarm_(DrawSwarm(draw, shape == Shape::kBig)),
        hot_threads_(draw.Int(1, 3)),
        hot_ids_(draw.Int(1, 4)),
        has_rewrites_(draw.Percent(60)) {}

  Round DrawRound() {
    steps_.clear();
    depth_ = -1;
    Add(StepKind::kOpen);
    if (shape_ == Shape::kBig && !is_filled_) Fill();
    const int length = DrawLength();
    while (static_cast<int>(steps_.size()) < length) {
      if (draw_.Percent(has_rewrites_ ? 12 : 0)) {
        AddRewrites();
      } else {
        DrawStep();
      }
    }
    // A transaction that is still open at the close is rolled back there.
    if (depth_ >= 0 && draw_.Percent(70)) Add(StepKind::kCommit);
    Add(StepKind::kClose);
    return {steps_};
  }

 private:
  int DrawLength() {
    switch (shape_) {
      case Shape::kSmall:
        return draw_.Int(3, 20);
      case Shape::kMedium:
        return draw_.Int(15, 70);
      case Shape::kBig:
        return draw_.Int(20, 60);
    }
    return 3;
  }

  Step& Add(StepKind kind) {
    Step& step = steps_.emplace_back();
    step.kind = kind;
    return step;
  }

  // Some thousand rows and some big blobs, so that trees have inner pages and
  // WALs more than one index page.
  void Fill() {
    is_filled_ = true;
    for (int i = draw_.Int(2, 6); i > 0; --i) {
      Step& logs = Add(StepKind::kAppendLogs);
      logs.thread = DrawThread();
      logs.count = draw_.Int(100, 400);
      logs.content = {draw_.Int(20, 200), draw_.Seed()};
    }
    for (int i = draw_.Int(0, 3); i > 0; --i) {
      Step& blob = Add(StepKind::kPutBlob);
      blob.thread = DrawThread();
      blob.id = i;
      blob.content = {draw_.Int(50'000, 400'000), draw_.Seed()};
    }
  }

  // Rows of hot keys written, and written again inside savepoints that are
  // undone or kept: what a cache that spills has to get right.
  void AddRewrites() {
    if (depth_ < 0) {
      Add(StepKind::kBegin);
      depth_ = 0;
    }
    AddWrites(draw_.Int(1, 3));
    AddSavepoint();
    AddWrites(draw_.Int(0, 2));
    if (draw_.Percent(75)) {
      Add(StepKind::kCommit);
      depth_ = -1;
    }
  }

  void AddSavepoint() {
    Add(StepKind::kSavepoint);
    ++depth_;
    AddWrites(draw_.Int(1, 3));
    if (depth_ < kMaxDepth && draw_.Percent(30)) AddSavepoint();
    if (draw_.Percent(70)) {
      Add(StepKind::kRollbackTo);
      AddWrites(draw_.Int(0, 2));
    }
    if (draw_.Percent(60)) {
      Add(StepKind::kRelease);
      --depth_;
    }
  }

  void AddWrites(int count) {
    for (; count > 0; --count) {
      Step& step =
          Add(draw_.Element({StepKind::kPutCheckpoint, StepKind::kAppendLog,
                             StepKind::kAppendLogs, StepKind::kPutBlob}));
      DrawArguments(step);
    }
  }

  // Kinds that fit where the program is; one in 40 steps need not fit, so that
  // refusals are tested too.
  bool Fits(StepKind kind) const {
    const bool is_open = depth_ >= 0;
    switch (kind) {
      case StepKind::kOpen:
      case StepKind::kClose:
        return false;
      case StepKind::kBegin:
      case StepKind::kWalCheckpoint:
      case StepKind::kVacuum:
        return !is_open;
      case StepKind::kReopen:
        return !is_open || draw_percent_reopen_;
      case StepKind::kCommit:
      case StepKind::kRollback:
        return is_open;
      case StepKind::kSavepoint:
        return is_open && depth_ < kMaxDepth;
      case StepKind::kRelease:
      case StepKind::kRollbackTo:
        return depth_ > 0;
      default:
        return true;
    }
  }

  StepKind DrawKind() {
    draw_percent_reopen_ = draw_.Percent(5);
    const bool any = draw_.Percent(2);
    std::vector<StepKind> kinds;
    std::vector<int> weights;
    int total = 0;
    for (int i = 0; i < kStepKinds; ++i) {
      const auto kind = static_cast<StepKind>(i);
      const bool is_frame = kind == StepKind::kOpen || kind == StepKind::kClose;
      if (is_frame || swarm_[kind] == 0 || (!any && !Fits(kind))) continue;
      kinds.push_back(kind);
      weights.push_back(swarm_[kind]);
      total += swarm_[kind];
    }
    if (kinds.empty()) return StepKind::kAppendLog;
    int left = draw_.Int(0, total - 1);
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      left -= weights[i];
      if (left < 0) return kinds[i];
    }
    return kinds.back();
  }

  void DrawStep() {
    Step& step = Add(DrawKind());
    switch (step.kind) {
      case StepKind::kBegin:
        if (depth_ < 0) depth_ = 0;
        break;
      case StepKind::kCommit:
      case StepKind::kRollback:
      case StepKind::kReopen:
        depth_ = -1;
        break;
      case StepKind::kSavepoint:
        if (depth_ >= 0) ++depth_;
        break;
      case StepKind::kRelease:
        if (depth_ > 0) --depth_;
        break;
      case StepKind::kRollbackTo:
        if (depth_ > 1 && draw_.Percent(25)) step.up = draw_.Int(1, depth_ - 1);
        if (depth_ > step.up) depth_ -= step.up;
        break;
      case StepKind::kWalCheckpoint:
        step.mode = draw_.Element(
            {CheckpointMode::kPassive, CheckpointMode::kFull,
             CheckpointMode::kRestart, CheckpointMode::kTruncate});
        break;
      default:
        DrawArguments(step);
    }
  }

  void DrawArguments(Step& step) {
    switch (step.kind) {
      case StepKind::kPutCheckpoint:
        step.thread = DrawThread();
        step.ns = draw_.Percent(80) ? 0 : draw_.Int(1, 2);
        step.id = DrawId();
        step.parent = draw_.Percent(50) ? -1 : DrawId();
        step.content = DrawContent();
        if (draw_.Percent(4)) step.invalid_at = 0;
        break;
      case StepKind::kAppendLog:
        step.thread = DrawThread();
        step.content = DrawContent();
        if (draw_.Percent(4)) step.invalid_at = 0;
        break;
      case StepKind::kAppendLogs:
        step.thread = DrawThread();
        step.count = draw_.Int(2, 12);
        step.content = DrawContent();
        if (draw_.Percent(30)) step.invalid_at = draw_.Int(0, step.count - 1);
        break;
      case StepKind::kPutBlob:
        step.thread = DrawThread();
        step.id = DrawId();
        step.content = DrawContent();
        break;
      case StepKind::kDeleteThread:
        step.thread = DrawThread();
        break;
      default:
        break;
    }
  }

  // Few hot ones, many cold ones.
  int DrawThread() {
    return draw_.Percent(80) ? draw_.Int(0, hot_threads_ - 1)
                             : draw_.Int(0, 40);
  }
  int DrawId() {
    return draw_.Percent(75) ? draw_.Int(0, hot_ids_ - 1) : draw_.Int(0, 60);
  }

  // Sizes around the places where SQLite changes its mind: the cell that still
  // fits a page, the overflow page that is just full.
  Content DrawContent() {
    const int page = profile_.page_size;
    const int kind = draw_.Weighted<int>({{2, 0}, {6, 1}, {3, 2}, {2, 3}});
    std::int64_t size = 0;
    if (kind == 0) {
      size = draw_.Int(0, 40);
    } else if (kind == 1) {
      size = draw_.Int(100, 3500);
    } else if (kind == 2) {
      const int pages = draw_.Int(1, 4);
      size = std::int64_t{pages} * page - draw_.Int(0, 120);
    } else {
      size = draw_.Int(page, 12 * page);
    }
    const std::int64_t most = shape_ == Shape::kSmall ? 70'000 : 200'000;
    return {std::clamp<std::int64_t>(size, 0, most), draw_.Seed()};
  }

  static constexpr int kMaxDepth = 4;

  Draw& draw_;
  const Profile& profile_;
  const Shape shape_;
  const Swarm swarm_;
  const int hot_threads_;
  const int hot_ids_;
  const bool has_rewrites_;
  bool is_filled_ = false;
  bool draw_percent_reopen_ = false;
  std::vector<Step> steps_;
  int depth_ = -1;  // savepoints of the open transaction, -1 = none open
};

// How likely a step carries the crash. A change outside a transaction commits,
// or fails and has to leave nothing.
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
      return 3;
    case StepKind::kAppendLogs:
      if (in_transaction) return 2;
      return step.invalid_at > 0 ? 10 : 3;
    case StepKind::kPutCheckpoint:
    case StepKind::kAppendLog:
    case StepKind::kPutBlob:
    case StepKind::kDeleteThread:
      return in_transaction ? 2 : 3;
    default:
      return 1;
  }
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

std::size_t DrawCrashStep(Draw& draw, const std::vector<Step>& steps) {
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

// A commit takes some ten calls with a WAL (two a frame) and some thirty with a
// rollback journal. Calls beyond the step count on into the next ones; towards
// the end of the round there are few left.
std::int64_t DrawIo(Draw& draw, const Step& step, std::size_t steps_left) {
  if (step.kind == StepKind::kClose) {
    return draw.Percent(50) ? 0 : draw.Int(1, 4);
  }
  const bool is_last = steps_left <= 2;
  const bool is_late = steps_left <= 7;
  return draw.Weighted<std::int64_t>({
      {2, 0},
      {6, draw.Int(1, 6)},
      {is_last ? 2 : 6, draw.Int(1, 20)},
      {is_late ? 2 : 6, draw.Int(1, 45)},
      {is_late ? 0 : 3, draw.Int(1, 120)},
  });
}

// `is_recovery`: the round opens what a crash left.
void DrawCrash(Draw& draw, bool is_recovery, Round& round) {
  std::vector<Step>& steps = round.steps;
  const bool is_in_open = is_recovery && draw.Percent(45);
  const std::size_t chosen = is_in_open ? 0 : DrawCrashStep(draw, steps);
  CrashPoint crash;
  crash.io = is_in_open ? draw.Int(1, 30)
                        : DrawIo(draw, steps[chosen], steps.size() - chosen);
  if (crash.io > 0) {
    crash.moment = draw.Weighted<Moment>(
        {{4, Moment::kBefore}, {3, Moment::kDuring}, {3, Moment::kAfter}});
  }
  steps[chosen].crash = crash;
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
      const bool is_recovery =
          r > 0 && CrashStep(plan.rounds[plan.rounds.size() - 2]).has_value();
      DrawCrash(draw, is_recovery, plan.rounds.back());
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
