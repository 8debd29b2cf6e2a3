#include "trial/crash_sweep.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "disk/shared_memory.h"
#include "oracle/crash_history.h"
#include "status/status.h"
#include "trial/sim_guest.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// How many crash points are taken at a time, each a copy on write of the disk,
// and when a batch ends: so many images examined, or duplicates found. And
// after some time, or slow examinations would be taken for one that hangs; what
// a sweep finds does not depend on where its batches end.
constexpr std::uint64_t kWindow = 128;
constexpr std::size_t kExaminedPerBatch = 256;
constexpr std::size_t kImagesPerBatch = 8192;
constexpr absl::Duration kTimePerBatch = absl::Seconds(5);

std::uint64_t Combine(std::uint64_t seed, std::uint64_t number) {
  return XXH3_64bits_withSeed(&number, sizeof(number), seed);
}

// What an image has to be like another one for, to be its duplicate.
struct ImageKey {
  std::uint64_t digest = 0;
  bool anything = false;
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  std::uint64_t doubts = 0;  // what else it may hold

  auto AsTuple() const {
    return std::tie(digest, anything, lowest, highest, doubts);
  }
  bool operator<(const ImageKey& other) const {
    return AsTuple() < other.AsTuple();
  }
};

struct Found {
  std::int64_t cut = -1;
  bool is_damaged = false;
  std::int32_t violation = -1;
};

struct Record {
  SweptImage image;
  ImageKey key;
  Found found;
};
static_assert(std::is_trivially_copyable_v<Record>);

// Where the next batch begins.
struct Cursor {
  std::uint64_t crash_point = 0;
  std::size_t survival = 0;
  std::int64_t images = 0;  // until then
};

struct Shared {
  Cursor next;
  bool is_last = false;
  std::uint64_t crash_points = 0;
  std::size_t count = 0;
  bool is_examining = false;  // the record behind the last one
  Record records[kImagesPerBatch + 1];
};

std::uint64_t DigestOf(const Alternatives& alternatives) {
  std::uint64_t digest = alternatives.size();
  for (const auto& model : alternatives) {
    for (std::int64_t cut = -1; cut <= model->state().cut; ++cut) {
      digest = Combine(digest, model->DigestOfCut(cut));
    }
  }
  return digest;
}

ImageKey KeyOf(const CrashImage& image) {
  return {image.storage.Digest(), image.legal.anything, image.legal.lowest,
          image.legal.highest, DigestOf(image.alternatives)};
}

void Tell(const CrashImage& crash, const Found& found, SweptImage& image) {
  ImageCounts counts;
  CountImage(crash.facts, crash.legal, crash.survived, found.cut,
             found.is_damaged, counts);
  const std::int64_t lost = std::max<std::int64_t>(
      0, crash.facts.acknowledged - std::max<std::int64_t>(0, found.cut));
  const bool is_lost = counts.with_lost_commits > 0 ||
                       counts.with_lost_commits_without_demand > 0;
  image.no_demand = crash.legal.anything;
  image.is_damaged = found.is_damaged;
  image.violation = found.violation;
  image.lost_commits = is_lost && found.violation < 0 ? lost : 0;
}

// In the child: judges from the cursor on until the batch is full.
class Sweeper : public SimGuest {
 public:
  Sweeper(const SweepLimits& limits, const Cursor& cursor,
          std::map<ImageKey, Found>& known, Shared& shared)
      : limits_(limits), cursor_(cursor), known_(known), shared_(shared) {}

  std::optional<CrashPointWindow> Window() const override {
    return CrashPointWindow{cursor_.crash_point, cursor_.crash_point + kWindow};
  }

  absl::Status Judge(const std::vector<SimImage>& images,
                     std::uint64_t crash_points, ImageJudge& judge) override {
    shared_.crash_points = crash_points;
    began_ = absl::Now();
    for (const SimImage& image : images) {
      RETURN_IF_ERROR(JudgePoint(image, judge));
      if (is_full_) return absl::OkStatus();
      cursor_ = {image.ordinal + 1, 0, cursor_.images};
      shared_.next = cursor_;
    }
    shared_.is_last = cursor_.crash_point >= crash_points;
    return absl::OkStatus();
  }

 private:
  absl::Status JudgePoint(const SimImage& image, ImageJudge& judge) {
    const std::size_t changes = image.storage.PendingChanges().size();
    const std::vector<Survival> survivals =
        SurvivalsToTry(changes, image.ordinal, limits_);
    while (cursor_.survival < survivals.size()) {
      is_full_ = shared_.count >= kImagesPerBatch ||
                 examined_ >= kExaminedPerBatch ||
                 (examined_ > 0 && absl::Now() - began_ > kTimePerBatch) ||
                 cursor_.images >= limits_.images;
      if (is_full_) return absl::OkStatus();
      Record& record = shared_.records[shared_.count];
      const Survival& survival = survivals[cursor_.survival];
      record.image = {image.ordinal, image.place, survival.kind,
                      survival.number};
      record.image.is_first_of_point = cursor_.survival == 0;
      record.image.is_thinned =
          changes > static_cast<std::size_t>(limits_.changes);
      ++cursor_.survival;
      ++cursor_.images;
      RETURN_IF_ERROR(JudgeOne(judge.Crash(image, survival), judge, record));
    }
    return absl::OkStatus();
  }

  absl::Status JudgeOne(const CrashImage& crash, ImageJudge& judge,
                        Record& record) {
    record.key = KeyOf(crash);
    const auto known = known_.find(record.key);
    record.image.is_duplicate = known != known_.end();
    if (record.image.is_duplicate) {
      record.found = known->second;
    } else {
      RETURN_IF_ERROR(Examine(crash, judge, record));
      known_.emplace(record.key, record.found);
    }
    Tell(crash, record.found, record.image);
    shared_.next = cursor_;
    ++shared_.count;
    return absl::OkStatus();
  }

  absl::Status Examine(const CrashImage& crash, ImageJudge& judge,
                       Record& record) {
    shared_.next = cursor_;  // should it be the last that this child does
    record.image.no_demand = crash.legal.anything;
    shared_.is_examining = true;
    ASSIGN_OR_RETURN(const Examination examination, judge.Examine(crash));
    shared_.is_examining = false;
    ++examined_;
    record.found = {examination.cut, examination.is_damaged, -1};
    if (examination.verdict.violation) {
      record.found.violation =
          static_cast<std::int32_t>(*examination.verdict.violation);
    }
    return absl::OkStatus();
  }

  const SweepLimits& limits_;
  Cursor cursor_;
  std::map<ImageKey, Found>& known_;  // the child's copy of the parent's
  Shared& shared_;
  absl::Time began_;
  std::size_t examined_ = 0;
  bool is_full_ = false;
};

}  // namespace

class CrashSweep::Impl {
 public:
  Impl(SimTrial& trial, const Plan& plan, const SweepLimits& limits,
       SharedMemory<Shared> shared)
      : trial_(trial),
        plan_(plan),
        limits_(limits),
        shared_(std::move(shared)) {}

  absl::StatusOr<SweepBatch> Next() {
    shared_->next = cursor_;
    shared_->is_last = false;
    shared_->is_examining = false;
    shared_->count = 0;
    Sweeper sweeper(limits_, cursor_, known_, *shared_);
    ASSIGN_OR_RETURN(const TrialResult result, trial_.RunWith(plan_, sweeper));
    SweepBatch batch;
    if (!result.verdict.held()) {
      // Of the image that was examined, or of the round.
      if (!shared_->is_examining) {
        batch.verdict = result.verdict;
        return batch;
      }
      AddFatal(*result.verdict.violation);
    }
    TakeOver(batch);
    return batch;
  }

 private:
  // The examination that ended the child.
  void AddFatal(ViolationClass violation) {
    Record& record = shared_->records[shared_->count++];
    record.found = {-1, false, static_cast<std::int32_t>(violation)};
    record.image.violation = record.found.violation;
  }

  void TakeOver(SweepBatch& batch) {
    for (std::size_t i = 0; i < shared_->count; ++i) {
      const Record& record = shared_->records[i];
      known_.emplace(record.key, record.found);
      batch.images.push_back(record.image);
    }
    cursor_ = shared_->next;
    batch.crash_points = shared_->crash_points;
    batch.is_complete = shared_->is_last;
    batch.is_last = shared_->is_last || cursor_.images >= limits_.images;
  }

  SimTrial& trial_;
  const Plan& plan_;
  const SweepLimits limits_;
  const SharedMemory<Shared> shared_;
  Cursor cursor_;
  std::map<ImageKey, Found> known_;
};

CrashSweep::CrashSweep(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CrashSweep::~CrashSweep() = default;

absl::StatusOr<std::unique_ptr<CrashSweep>> CrashSweep::Create(
    SimTrial& trial, const Plan& plan, const SweepLimits& limits) {
  ASSIGN_OR_RETURN(SharedMemory<Shared> shared, MakeSharedMemory<Shared>());
  return std::unique_ptr<CrashSweep>(new CrashSweep(
      std::make_unique<Impl>(trial, plan, limits, std::move(shared))));
}

absl::StatusOr<SweepBatch> CrashSweep::Next() { return impl_->Next(); }

Plan PlanOf(const Plan& plan, const SweptImage& image) {
  Plan crashed = plan;
  crashed.images = 0;
  const std::optional<std::size_t> former = CrashStep(crashed.rounds.back());
  if (former.has_value()) crashed.rounds.back().steps[*former].crash.reset();
  crashed.rounds.back().steps[image.place.step].crash =
      CrashPoint{image.place.point.io,
                 image.place.point.moment,
                 {image.survival, image.number}};
  return crashed;
}

}  // namespace lastcommit
