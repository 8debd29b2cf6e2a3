#include "campaign/worker.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "campaign/line_socket.h"
#include "campaign/message.h"
#include "explain/deterministic.h"
#include "plan/codec.h"
#include "results/ledger.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// Of a class; each of them is run some ten times.
constexpr std::int64_t kMostCounted = 100;

class Worker {
 public:
  Worker(const RunOptions& options, Control& control, WorkerSlot& slot,
         int socket)
      : options_(options), control_(control), slot_(slot), socket_(socket) {}

  void Run() {
    Message last;
    const absl::Status status = RunAssignments();
    if (!status.ok()) {
      last.error = status.ToString();
      control_.stop = true;
    }
    last.is_last = true;
    Send(last);
  }

 private:
  absl::Status RunAssignments() {
    ASSIGN_OR_RETURN(trial_, TrialRunner::Create(options_.trial));
    while (const std::optional<std::string> line = socket_.WaitForLine()) {
      const std::optional<Assignment> assignment = ParseAssignment(*line);
      if (!assignment) return absl::InternalError("a bad assignment");
      const absl::Status status = RunRange(*assignment);
      slot_.phase = WorkerPhase::kIdle;
      Send(std::exchange(unsent_, Message()));  // what was done is done
      RETURN_IF_ERROR(status);
    }
    return absl::OkStatus();
  }

  absl::Status RunRange(const Assignment& assignment) {
    const IndexRange& range = assignment.range;
    unsent_.done = {range.first, range.first};
    for (std::uint64_t i = range.first; i < range.end && !control_.stop; ++i) {
      slot_.index = i;
      slot_.phase = WorkerPhase::kRunning;
      RETURN_IF_ERROR(RunOne({options_.seed, i}, assignment.settled));
      unsent_.done->end = i + 1;
    }
    return absl::OkStatus();
  }

  absl::Status RunOne(const CaseKey& key,
                      const std::set<std::uint64_t>& settled) {
    ++slot_.beats;
    const Plan plan = PlanAt(key, options_.generate);
    ASSIGN_OR_RETURN(
        const TrialResult result,
        trial_->RunBy(DrivenBy::kUsed, options_.run_instead
                                           ? options_.run_instead(plan)
                                           : plan));
    const std::int64_t trials = ++control_.trials;
    if (result.verdict.violation && !settled.contains(key.index)) {
      RETURN_IF_ERROR(Keep(key, plan, result, trials));
    }
    Ledger ledger;
    ledger.Add(plan, result);
    for (const auto& [cell, count] : ledger.cells()) {
      unsent_.cells[cell] += count;
    }
    unsent_.digest_sum += DigestOf(key.index, plan, Name(result.verdict));
    return absl::OkStatus();
  }

  // Whatever fails here, the supervisor hears of the violation.
  absl::Status Keep(const CaseKey& key, const Plan& plan,
                    const TrialResult& result, std::int64_t trials) {
    const std::int64_t found = ++control_.findings;
    if (found == 1) {
      control_.first_finding_trials = trials;
      control_.first_finding_ns =
          absl::ToInt64Nanoseconds(absl::Now() - control_.began);
    }
    if (options_.stop_after > 0 && found >= options_.stop_after) {
      control_.stop = true;
    }
    const auto number = static_cast<std::size_t>(*result.verdict.violation);
    if (control_.kept[number]++ >= options_.kept_per_class) {
      Tell(SeenFinding(key, plan, result));
      return absl::OkStatus();
    }
    absl::StatusOr<Finding> finding =
        KeepPlan(key, plan, result, options_.findings);
    if (!finding.ok()) {
      Finding seen = SeenFinding(key, plan, result);
      seen.story = absl::StrCat(
          "VIOLATED ", seen.verdict, " at index ", key.index, "\n",
          result.verdict.why, "\n", TokenLine(seen, options_.findings),
          "plan:    it could not be kept; it is\n", PrintPlan(plan));
      Tell(seen);
      return finding.status();
    }
    Tell(*finding);
    if (control_.explained[number]++ >= options_.shrunk_per_class) {
      return absl::OkStatus();
    }
    slot_.phase = WorkerPhase::kExplaining;
    absl::Status explained = Explain(plan, result, *finding);
    // One that is only counted leaves its place to others.
    if (finding->counted && ++control_.counted[number] <= kMostCounted) {
      --control_.explained[number];
    }
    Tell(*finding);
    return explained;
  }

  absl::Status Explain(const Plan& plan, const TrialResult& result,
                       Finding& finding) {
    FindingOptions finding_options = options_.findings;
    finding_options.is_cancelled = [this] {
      ++slot_.beats;
      ++control_.shrink_trials;
      return control_.cancel.load();
    };
    finding_options.is_known_shape = [this](const std::string& shape) {
      return control_.shapes.Has(shape);
    };
    RETURN_IF_ERROR(
        ExplainFinding(*trial_, plan, result, finding_options, finding));
    if (!finding.shape.empty()) control_.shapes.Add(finding.shape);
    return absl::OkStatus();
  }

  void Tell(const Finding& finding) {
    Message message;
    message.finding = finding;
    Send(message);
  }

  // If the supervisor is gone, so will be this process.
  void Send(const Message& message) { socket_.Send(PrintMessage(message)); }

  const RunOptions& options_;
  Control& control_;
  WorkerSlot& slot_;
  LineSocket socket_;
  std::unique_ptr<TrialRunner> trial_;
  Message unsent_;  // of the assignment that is run
};

std::uint64_t DigestOfShape(const std::string& shape) {
  return std::max<std::uint64_t>(XXH3_64bits(shape.data(), shape.size()), 1);
}

}  // namespace

void KnownShapes::Add(const std::string& shape) {
  if (Has(shape)) return;
  const std::size_t place = count_++;
  if (place < kMost) digests_[place] = DigestOfShape(shape);
}

bool KnownShapes::Has(const std::string& shape) const {
  const std::size_t count = std::min(count_.load(), kMost);
  return std::find(digests_, digests_ + count, DigestOfShape(shape)) !=
         digests_ + count;
}

std::uint64_t DigestOf(std::uint64_t index, const Plan& plan,
                       const std::string& verdict) {
  // Where chance decides, the verdict is no function of the seed.
  const std::string text = absl::StrCat(index, "\n", PrintPlan(plan),
                                        IsByChance(plan) ? "" : verdict);
  return XXH3_64bits(text.data(), text.size());
}

void RunWorker(const RunOptions& options, Control& control, WorkerSlot& slot,
               int socket) {
  Worker(options, control, slot, socket).Run();
}

}  // namespace lastcommit
