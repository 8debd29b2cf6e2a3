// The vocabulary `queue`: what most job queues have: jobs are enqueued, claimed
// by a worker, the oldest first, and completed by it. A claim may have a lease,
// after which the job may be claimed again. What time it is, is an argument of
// each operation, so that what a lease does follows from the plan. Stores that
// are driven from outside (src/driven) are asked in it.

#ifndef LASTCOMMIT_QUEUE_SPECS_H_
#define LASTCOMMIT_QUEUE_SPECS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/content.h"
#include "store/operation.h"
#include "store/rows.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::queue {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of specs.cc.
extern const Vocabulary kVocabulary;

enum class Kind {
  kEnqueue,
  kEnqueueBatch,  // all of them or none
  kClaim,         // a job that waits, or one whose lease has run out
  kClaimWaiting,  // a job that waits; the claim does not run out by itself
  kComplete,      // by its worker
  kCompleteLate,  // by one that has lost it to another worker: refused
  kFail,          // by its worker, for good
  kRelease,       // by its worker: it waits again, in its old place
  kRequeue,       // the jobs that were claimed long ago wait again
};

inline constexpr int kMaxJobs = 100;  // of a batch

struct Arguments {
  int job = 0;  // the first of a batch
  int count = 1;
  int worker = 0;
  int time = 0;   // in kTick seconds
  int lease = 0;  // SecondsOfLease()
  Content value = {};
};

// Of an operation of this vocabulary.
const OperationSpec& SpecOf(Kind kind);
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);
Operation Make(Kind kind, const Arguments& arguments = {});

std::string JobName(int job);
std::string WorkerName(int worker);
// Of the job number `idx` of those that are enqueued; no other one of a plan is
// the same.
std::string ValueOf(const Arguments& arguments, int idx);

// No lease ends at a time that an operation has: whether a store asks for
// "until" or "before" makes no difference.
inline constexpr std::int64_t kTick = 10;
constexpr std::int64_t SecondsOf(int time) { return time * kTick; }
constexpr std::int64_t SecondsOfLease(int lease) { return lease * kTick + 5; }

// A row: a job that waits or is claimed; its value (text), and which of both.
// Of one whose lease has run out a store may say either, until somebody claims
// it.
enum class JobStatus { kWaiting, kClaimed, kRunOut };
inline constexpr TableSpec kJobs = {0, "job", 1};
Fingerprint RowOf(std::string_view value, JobStatus status);
// Whether the row of a store, which says that the job waits or is claimed, is
// that of the model.
bool IsSame(const Fingerprint& of_model, const Fingerprint& of_store);

// What a claim answers; kNoJob if there is none.
inline constexpr std::int64_t kNoJob = 0;
std::int64_t AnswerOf(std::string_view job, std::string_view value);

bool IsEarlier(const Operation& a, const Operation& b);
// The operation at the time of another one.
Operation AtTimeOf(const Operation& operation, const Operation& other);

// What has run out at the time of the operation, before it does anything.
void LetRunOut(const Operation& operation, Rows& rows);

// Whether it is one of a worker that has claimed a job.
bool IsOfAJob(const Operation& operation);
// The job that such an operation of a worker is about, in these rows; nullopt:
// there is none, and the operation says nothing.
std::optional<std::string> JobFor(const Operation& operation, const Rows& rows);

}  // namespace lastcommit::queue

#endif  // LASTCOMMIT_QUEUE_SPECS_H_
