#include "queue/specs.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "queue/draw.h"

namespace lastcommit::queue {
namespace {

constexpr std::int64_t kMaxName = 99'999;
constexpr std::int64_t kMaxTime = 99'999'999;

constexpr Field kFields[] = {
    {.name = "job", .max = kMaxName, .role = Field::Role::kKept, .value = 0},
    {.name = "count",
     .min = 1,
     .max = kMaxJobs,
     .simplest = 1,
     .role = Field::Role::kCount,
     .value = 1},
    {.name = "worker", .max = kMaxName, .value = 2},
    {.name = "time", .max = kMaxTime, .role = Field::Role::kKept, .value = 3},
    {.name = "lease", .max = kMaxTime, .value = 4},
    {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
};
constexpr std::size_t kTimeField = 3;
constexpr std::uint32_t kJob = 1;
constexpr std::uint32_t kCount = 2;
constexpr std::uint32_t kWorker = 4;
constexpr std::uint32_t kTime = 8;
constexpr std::uint32_t kLease = 16;
constexpr std::uint32_t kValue = 32 + 64;

// Which of a row's facts is what. A job's place in the queue; who has it, or
// kNobody; since when; until when; and who had it before and lost it.
enum Fact : std::size_t { kPlace, kHolder, kSince, kUntil, kLoser };
constexpr std::int64_t kNobody = -1;
constexpr std::int64_t kForever = std::numeric_limits<std::int64_t>::max();

Outcome Ok(std::int64_t value) { return {absl::StatusCode::kOk, value}; }

RowKey KeyOf(int job) { return {kJobs, {JobName(job)}, 0}; }

// Of a row with one status that with another.
Fingerprint With(Fingerprint row, JobStatus old, JobStatus now) {
  constexpr std::uint64_t kMarks[] = {0, 0x9e37'79b9'7f4a'7c15,
                                      0xbf58'476d'1ce4'e5b9};
  row.high ^= kMarks[static_cast<int>(old)] ^ kMarks[static_cast<int>(now)];
  return row;
}

std::int64_t AnswerFor(std::string_view job, const Fingerprint& waiting) {
  return static_cast<std::int64_t>(
      RowHasher()
          .Text(job)
          .Integer(static_cast<std::int64_t>(waiting.low))
          .Finish()
          .low);
}

// The row of the job for which `less` says that it comes first, of those for
// which `fits` says so; nullptr: there is none.
using Job = std::pair<const RowKey, Facts>;
template <typename Fits, typename Less>
const Job* First(const Rows& rows, Fits fits, Less less) {
  const Job* first = nullptr;
  for (const Job& job : rows.facts()) {
    if (!fits(job.second)) continue;
    if (first == nullptr || less(job.second, first->second)) first = &job;
  }
  return first;
}

bool IsOlder(const Facts& a, const Facts& b) { return a[kPlace] < b[kPlace]; }

bool HasRunOut(const Facts& job, std::int64_t now) {
  return job[kHolder] != kNobody && job[kUntil] < now;
}

// When a lease ended of which that was seen.
constexpr std::int64_t kLongAgo = -1;

JobStatus StatusOf(const Facts& job) {
  if (job[kHolder] == kNobody) return JobStatus::kWaiting;
  return job[kUntil] == kLongAgo ? JobStatus::kRunOut : JobStatus::kClaimed;
}

void Change(const RowKey& key, const Facts& job, Rows& rows) {
  const JobStatus old = StatusOf(*rows.FactsOf(key));
  rows.Put(key, With(rows.state().rows.at(key), old, StatusOf(job)), job);
}

const Job* FindJobFor(const Operation& operation, const Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  const std::int64_t now = SecondsOf(arguments.time);
  const auto is_claimed_later = [](const Facts& a, const Facts& b) {
    return std::pair(a[kSince], a[kPlace]) > std::pair(b[kSince], b[kPlace]);
  };
  if (KindOf(operation) == Kind::kCompleteLate) {
    return First(
        rows,
        [&](const Facts& job) {
          return job[kLoser] == arguments.worker && job[kHolder] != kNobody &&
                 job[kHolder] != arguments.worker;
        },
        is_claimed_later);
  }
  // One whose lease has run out is no longer its worker's.
  return First(
      rows,
      [&](const Facts& job) {
        return job[kHolder] == arguments.worker && !HasRunOut(job, now);
      },
      is_claimed_later);
}

// ---- rules ----

Outcome Enqueue(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  const Arguments arguments = ArgumentsOf(operation);
  std::int64_t place = 0;
  for (const auto& [key, job] : rows.facts()) {
    place = std::max(place, job[kPlace] + 1);
  }
  for (int idx = 0; idx < arguments.count; ++idx) {
    const RowKey key = KeyOf(arguments.job + idx);
    if (rows.Has(key)) return {absl::StatusCode::kFailedPrecondition, 0};
    rows.Put(key, RowOf(ValueOf(arguments, idx), JobStatus::kWaiting),
             Facts{place + idx, kNobody, 0, 0, kNobody});
  }
  return Ok(0);
}

Outcome Claim(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  const Arguments arguments = ArgumentsOf(operation);
  const std::int64_t now = SecondsOf(arguments.time);
  const bool has_lease = KindOf(operation) == Kind::kClaim;
  const Job* const found = First(
      rows,
      [&](const Facts& job) {
        return job[kHolder] == kNobody || HasRunOut(job, now);
      },
      IsOlder);
  if (found == nullptr) return Ok(kNoJob);
  const RowKey key = found->first;
  Facts job = found->second;
  if (job[kHolder] != kNobody) job[kLoser] = job[kHolder];
  if (job[kLoser] == arguments.worker) job[kLoser] = kNobody;
  job[kHolder] = arguments.worker;
  job[kSince] = now;
  job[kUntil] = has_lease ? now + SecondsOfLease(arguments.lease) : kForever;
  Change(key, job, rows);
  return Ok(
      AnswerFor(key.names[0], With(rows.state().rows.at(key),
                                   JobStatus::kClaimed, JobStatus::kWaiting)));
}

// Complete and fail: the job is gone.
Outcome End(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  const Job* const job = FindJobFor(operation, rows);
  if (job == nullptr) return {absl::StatusCode::kFailedPrecondition, 0};
  rows.Erase(RowKey(job->first));
  return Ok(1);
}

Outcome CompleteLate(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  if (FindJobFor(operation, rows) == nullptr) {
    return {absl::StatusCode::kFailedPrecondition, 0};
  }
  return Ok(0);
}

void WaitAgain(const RowKey& key, Facts job, std::int64_t loser, Rows& rows) {
  job[kHolder] = kNobody;
  job[kLoser] = loser;
  Change(key, job, rows);
}

Outcome Release(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  const Job* const job = FindJobFor(operation, rows);
  if (job == nullptr) return {absl::StatusCode::kFailedPrecondition, 0};
  WaitAgain(RowKey(job->first), job->second, kNobody, rows);
  return Ok(1);
}

Outcome Requeue(const Operation& operation, Rows& rows) {
  LetRunOut(operation, rows);
  const Arguments arguments = ArgumentsOf(operation);
  const std::int64_t before =
      SecondsOf(arguments.time) - SecondsOfLease(arguments.lease);
  const std::vector<Job> jobs(rows.facts().begin(), rows.facts().end());
  for (const auto& [key, job] : jobs) {
    if (job[kHolder] == kNobody || job[kSince] >= before) continue;
    WaitAgain(key, job, job[kHolder], rows);
  }
  return Ok(0);
}

// ---- words ----

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::CHexEscape(name), "\"");
}

std::string AtWords(const Arguments& arguments) {
  return absl::StrCat(" at ", SecondsOf(arguments.time), " s");
}

std::string EnqueueWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(Quoted(JobName(arguments.job)),
                      arguments.count == 1
                          ? ""
                          : absl::StrCat(" and ", arguments.count - 1, " more"),
                      ", ", arguments.value.size, " bytes (seed ",
                      arguments.value.seed, ")", AtWords(arguments));
}

std::string LeaseWords(const Arguments& arguments) {
  return absl::StrCat(SecondsOfLease(arguments.lease), " s");
}

std::string ClaimWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat("by ", Quoted(WorkerName(arguments.worker)),
                      AtWords(arguments), " for ", LeaseWords(arguments));
}

std::string WorkerWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat("by ", Quoted(WorkerName(arguments.worker)),
                      AtWords(arguments));
}

std::string RequeueWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat("what was claimed ", LeaseWords(arguments), " ago,",
                      AtWords(arguments));
}

// In the order of Kind.
constexpr OperationSpec kOperations[] = {
    {.name = "enqueue",
     .vocabulary = &kVocabulary,
     .fields = kJob | kTime | kValue,
     .is_change = true,
     .apply = Enqueue,
     .words = EnqueueWords,
     .alone = {4, 10},
     .duel = {4, 10}},
    {.name = "enqueue_batch",
     .vocabulary = &kVocabulary,
     .fields = kJob | kCount | kTime | kValue,
     .is_change = true,
     .apply = Enqueue,
     .words = EnqueueWords,
     .simpler = &kOperations[0],
     .alone = {1, 3, 20},
     .duel = {0, 2}},
    {.name = "claim",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime | kLease,
     .is_change = true,
     .apply = Claim,
     .words = ClaimWords,
     .alone = {4, 10},
     .duel = {4, 10}},
    {.name = "claim_waiting",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime,
     .is_change = true,
     .apply = Claim,
     .words = WorkerWords,
     .alone = {4, 10},
     .duel = {4, 10}},
    {.name = "complete",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime,
     .is_change = true,
     .apply = End,
     .words = WorkerWords,
     .alone = {2, 8},
     .duel = {2, 6}},
    {.name = "complete_late",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime,
     .is_change = true,
     .apply = CompleteLate,
     .words = WorkerWords,
     .alone = {2, 6},
     .duel = {1, 4}},
    {.name = "fail",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime,
     .is_change = true,
     .apply = End,
     .words = WorkerWords,
     .alone = {1, 3, 30},
     .duel = {0, 2}},
    {.name = "release",
     .vocabulary = &kVocabulary,
     .fields = kWorker | kTime,
     .is_change = true,
     .apply = Release,
     .words = WorkerWords,
     .alone = {1, 3, 30},
     .duel = {0, 2}},
    {.name = "requeue",
     .vocabulary = &kVocabulary,
     .fields = kTime | kLease,
     .is_change = true,
     .apply = Requeue,
     .words = RequeueWords,
     .alone = {1, 4, 10},
     .duel = {0, 2}},
};

std::vector<Operation> Probe() {
  return {Make(Kind::kEnqueue, {.job = kMaxName, .value = {64, 1}})};
}

}  // namespace

const Vocabulary kVocabulary = {.name = "queue",
                                .fields = kFields,
                                .operations = kOperations,
                                .draw = DrawOperations,
                                .probe = Probe,
                                .settle = Settle};

const OperationSpec& SpecOf(Kind kind) {
  return kOperations[static_cast<std::size_t>(kind)];
}

Kind KindOf(const Operation& operation) {
  return static_cast<Kind>(operation.spec - kOperations);
}

Arguments ArgumentsOf(const Operation& operation) {
  const auto value = [&](std::size_t i) {
    return static_cast<int>(operation.values[i]);
  };
  return {.job = value(0),
          .count = KindOf(operation) == Kind::kEnqueueBatch ? value(1) : 1,
          .worker = value(2),
          .time = value(3),
          .lease = value(4),
          .value = operation.content};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation operation(SpecOf(kind));
  const int values[] = {arguments.job, arguments.count, arguments.worker,
                        arguments.time, arguments.lease};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    if (operation.spec->Uses(kFields[i])) operation.values[i] = values[i];
  }
  if (operation.spec->Uses(kFields[std::size(values)])) {
    operation.content = arguments.value;
  }
  return operation;
}

bool IsOfAJob(const Operation& operation) {
  switch (KindOf(operation)) {
    case Kind::kComplete:
    case Kind::kCompleteLate:
    case Kind::kFail:
    case Kind::kRelease:
      return true;
    default:
      return false;
  }
}

bool IsEarlier(const Operation& a, const Operation& b) {
  return ArgumentsOf(a).time < ArgumentsOf(b).time;
}

Operation AtTimeOf(const Operation& operation, const Operation& other) {
  Operation at = operation;
  at.Set(kFields[kTimeField], other.Get(kFields[kTimeField]));
  return at;
}

std::string JobName(int job) { return NameOf("job", job); }
std::string WorkerName(int worker) { return NameOf("worker", worker); }

std::string ValueOf(const Arguments& arguments, int idx) {
  const Content content = {
      arguments.value.size,
      idx == 0 ? arguments.value.seed
               : Derive(arguments.value.seed, static_cast<std::uint64_t>(idx))};
  return absl::StrCat(content.seed, ":",
                      ContentJson(content, /*is_valid=*/true));
}

Fingerprint RowOf(std::string_view value, JobStatus status) {
  return With(RowHasher().Text(value).Finish(), JobStatus::kWaiting, status);
}

bool IsSame(const Fingerprint& of_model, const Fingerprint& of_store) {
  return of_model == of_store ||
         of_model == With(of_store, JobStatus::kWaiting, JobStatus::kRunOut) ||
         of_model == With(of_store, JobStatus::kClaimed, JobStatus::kRunOut);
}

std::int64_t AnswerOf(std::string_view job, std::string_view value) {
  return AnswerFor(job, RowOf(value, JobStatus::kWaiting));
}

void LetRunOut(const Operation& operation, Rows& rows) {
  const std::int64_t now = SecondsOf(ArgumentsOf(operation).time);
  const std::vector<Job> jobs(rows.facts().begin(), rows.facts().end());
  for (auto [key, job] : jobs) {
    if (!HasRunOut(job, now) || job[kUntil] == kLongAgo) continue;
    job[kUntil] = kLongAgo;
    Change(key, job, rows);
  }
}

std::optional<std::string> JobFor(const Operation& operation,
                                  const Rows& rows) {
  const Job* const job = FindJobFor(operation, rows);
  if (job == nullptr) return std::nullopt;
  return job->first.names[0];
}

}  // namespace lastcommit::queue
