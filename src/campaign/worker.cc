#include "campaign/worker.h"

#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "campaign/message.h"
#include "plan/codec.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

std::uint64_t DigestOf(std::uint64_t index, const std::string& plan_text,
                       const std::string& verdict) {
  const std::string text = absl::StrCat(index, "\n", plan_text, verdict);
  return XXH3_64bits(text.data(), text.size());
}

class Worker {
 public:
  Worker(const FuzzOptions& options, Control& control, int pipe)
      : options_(options), control_(control), pipe_(pipe) {}

  void Run() {
    const absl::Status status = RunTrials();
    if (!status.ok()) {
      unsent_.error = status.ToString();
      control_.stop = true;
    }
    unsent_.is_last = true;
    Send();
  }

 private:
  absl::Status RunTrials() {
    ASSIGN_OR_RETURN(trial_, ForkTrial::Create(options_.trial));
    while (!control_.stop.load(std::memory_order_relaxed)) {
      const std::uint64_t index = control_.next_index++;
      if (options_.trial_limit && index >= *options_.trial_limit) break;
      RETURN_IF_ERROR(RunOne({options_.seed, index}));
      if (absl::Now() - sent_ > absl::Milliseconds(200)) Send();
    }
    return absl::OkStatus();
  }

  absl::Status RunOne(const CaseKey& key) {
    const Plan plan = PlanAt(key, options_.generate);
    ASSIGN_OR_RETURN(const TrialResult result, trial_->Run(plan));
    Ledger ledger;
    ledger.Add(plan, result);
    for (const auto& [cell, count] : ledger.cells()) {
      unsent_.cells[cell] += count;
    }
    unsent_.digest_sum +=
        DigestOf(key.index, PrintPlan(plan), Name(result.verdict));
    if (result.verdict.violation.has_value()) {
      RETURN_IF_ERROR(Keep(key, plan, result));
    }
    return absl::OkStatus();
  }

  // Whatever fails here, the supervisor hears of the violation.
  absl::Status Keep(const CaseKey& key, const Plan& plan,
                    const TrialResult& result) {
    const std::int64_t found = ++control_.findings;
    if (options_.stop_after > 0 && found >= options_.stop_after) {
      control_.stop = true;
    }
    absl::StatusOr<Finding> finding =
        KeepPlan(key, plan, result, options_.findings);
    absl::Status status = finding.status();
    if (!status.ok()) {
      finding.emplace();
      finding->key = key;
      finding->verdict = Name(result.verdict);
      finding->story = absl::StrCat("VIOLATED ", finding->verdict, " at index ",
                                    key.index, "\n", result.verdict.why);
    } else if (kept_[*result.verdict.violation]++ < options_.shrunk_per_class) {
      status = Explain(plan, result, *finding);
    }
    unsent_.finding = *std::move(finding);
    Send();
    return status;
  }

  absl::Status Explain(const Plan& plan, const TrialResult& result,
                       Finding& finding) {
    FindingOptions finding_options = options_.findings;
    finding_options.is_cancelled = [this] {
      ++control_.shrink_trials;
      return control_.cancel.load();
    };
    return ExplainFinding(*trial_, plan, result, finding_options, finding);
  }

  void Send() {
    const std::string line = PrintMessage(unsent_);
    std::string_view left = line;
    while (!left.empty()) {
      const ssize_t written = write(pipe_, left.data(), left.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return;  // the supervisor is gone
      left.remove_prefix(static_cast<std::size_t>(written));
    }
    unsent_ = Message();
    sent_ = absl::Now();
  }

  const FuzzOptions& options_;
  Control& control_;
  const int pipe_;
  std::unique_ptr<ForkTrial> trial_;
  std::map<ViolationClass, int> kept_;
  Message unsent_;
  absl::Time sent_ = absl::Now();
};

}  // namespace

void RunWorker(const FuzzOptions& options, Control& control, int pipe) {
  Worker(options, control, pipe).Run();
}

}  // namespace lastcommit
