#include "campaign/supervisor.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "campaign/interrupts.h"
#include "campaign/message.h"
#include "campaign/progress.h"
#include "campaign/work_list.h"
#include "campaign/worker.h"
#include "campaign/worker_process.h"
#include "output/machine.h"
#include "output/version.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What a supervisor that is killed may lose of its counts: a tenth of a short
// run, and seconds of a long one, which would otherwise write gigabytes.
absl::Duration RecordInterval(absl::Duration elapsed) {
  return std::clamp(elapsed / 10, absl::Milliseconds(100), absl::Seconds(5));
}

// One that a worker is at and one that waits, so that it need not wait itself.
constexpr std::size_t kAssignedRanges = 2;

double SecondsNow() {
  return absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
}

class Supervisor {
 public:
  Supervisor(const RunOptions& options, Tally tally, ResultsFile* results)
      : options_(options),
        results_(results),
        work_(tally.done, options.shard, options.trial_limit),
        progress_(options.show_progress),
        trials_before_(tally.ledger.trials()),
        tally_(std::move(tally)) {}

  ~Supervisor() {
    workers_.clear();
    if (control_ != nullptr) munmap(control_, sizeof(Control));
  }

  absl::StatusOr<Summary> Run() {
    // What a worker would fail at is said before any trial is run.
    RETURN_IF_ERROR(TrialRunner::Create(options_.trial).status());
    void* memory = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
    control_ = new (memory) Control();
    control_->began = absl::Now();
    CountKnownFindings();
    Record(StartRecord{SecondsNow(), options_.jobs,
                       absl::StrCat(TesterVersion(), " (", TesterCommit(), ")"),
                       Machine()});
    for (int i = 0; i < options_.jobs; ++i) {
      workers_.emplace_back();
      RETURN_IF_ERROR(StartWorker(static_cast<std::size_t>(i)));
    }
    while (AnyAlive()) {
      Assign();
      Listen();
      ReplaceHungWorkers();
      DecideToStop();
      RecordTrials(RecordInterval(progress_.Elapsed()));
      ShowProgress();
    }
    progress_.Finish();
    RecordTrials(absl::ZeroDuration());
    return Conclude();
  }

 private:
  // The limits for each class are those of the whole campaign.
  void CountKnownFindings() {
    for (const auto& [key, finding] : tally_.findings) {
      const auto violation = ParseViolationClass(finding.filed_under);
      if (!violation) continue;
      const auto number = static_cast<std::size_t>(*violation);
      if (finding.state == FindingState::kExplained) {
        ++(finding.counted ? control_->counted : control_->explained)[number];
        if (!finding.shape.empty()) control_->shapes.Add(finding.shape);
      }
      if (finding.state != FindingState::kSeen) ++control_->kept[number];
    }
  }

  absl::Status StartWorker(std::size_t number) {
    WorkerSlot& slot = control_->slots[number];
    ASSIGN_OR_RETURN(workers_[number],
                     WorkerProcess::Start(slot, [&](int socket) {
                       // The descriptors of the others, not the processes.
                       for (const auto& other : workers_) {
                         if (other != nullptr) other->socket.Close();
                       }
                       RunWorker(options_, *control_, slot, socket);
                     }));
    return absl::OkStatus();
  }

  bool AnyAlive() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) { return worker != nullptr; });
  }

  bool AnyAssigned() const {
    return std::any_of(workers_.begin(), workers_.end(),
                       [](const auto& worker) {
                         return worker != nullptr && !worker->assigned.empty();
                       });
  }

  void Assign() {
    bool is_out_of_work = false;
    for (const auto& worker : workers_) {
      if (worker == nullptr || worker->has_no_more || control_->stop) continue;
      while (worker->assigned.size() < kAssignedRanges) {
        const std::optional<IndexRange> range = NextRange();
        is_out_of_work = !range.has_value();
        if (!range) break;
        worker->assigned.push_back(*range);
        // A worker that is gone shows when it is listened to.
        worker->socket.Send(PrintAssignment({*range, SettledIn(*range)}));
      }
    }
    // As long as one is at work it may die and leave something to do.
    if (!control_->stop && !(is_out_of_work && !AnyAssigned())) return;
    for (const auto& worker : workers_) {
      if (worker == nullptr || std::exchange(worker->has_no_more, true)) {
        continue;
      }
      worker->socket.EndSending();
    }
  }

  // Counts the plans that were given up instead of handing them out.
  std::optional<IndexRange> NextRange() {
    while (std::optional<IndexRange> range = work_.Next()) {
      std::uint64_t end = range->first;
      while (end < range->end && !IsGivenUp(end)) ++end;
      if (end == range->end) return range;
      work_.GiveBack({end + 1, range->end});
      CountGivenUp(end);
      if (end > range->first) return IndexRange{range->first, end};
    }
    return std::nullopt;
  }

  bool IsGivenUp(std::uint64_t index) const {
    const auto deaths = deaths_.find(index);
    return deaths != deaths_.end() && deaths->second >= kMaxDeathsOfAPlan;
  }

  void CountGivenUp(std::uint64_t index) {
    const std::string verdict = tally_.findings.contains({index, kWorkerDied})
                                    ? kWorkerDied
                                    : kWorkerHung;
    const Plan plan = PlanAt({options_.seed, index}, options_.generate);
    unrecorded_.indexes.Add({index, index + 1});
    ++unrecorded_.cells[{.group = CellGroup::kTrials}];
    ++unrecorded_.cells[VerdictCell(verdict)];
    unrecorded_.digest_sum += DigestOf(index, plan, verdict);
  }

  // Explained, or a worker ended over the attempt to.
  std::set<std::uint64_t> SettledIn(const IndexRange& range) const {
    std::set<std::uint64_t> settled;
    for (auto next = tally_.findings.lower_bound({range.first, ""});
         next != tally_.findings.end() && next->first.first < range.end;
         ++next) {
      const Finding& finding = next->second;
      const bool is_violation = !finding.is_of_a_worker();
      if (is_violation && (finding.state == FindingState::kExplained ||
                           tally_.DeathsAt(finding.key.index) > 0)) {
        settled.insert(finding.key.index);
      }
    }
    return settled;
  }

  void Listen() {
    std::vector<pollfd> waits;
    for (const auto& worker : workers_) {
      waits.push_back(
          {worker == nullptr ? -1 : worker->socket.descriptor(), POLLIN, 0});
    }
    if (poll(waits.data(), waits.size(), /*timeout ms=*/100) <= 0) return;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents != 0) ReadFrom(i);
    }
  }

  void ReadFrom(std::size_t number) {
    std::vector<std::string> lines;
    const bool is_open = workers_[number]->socket.ReadLines(lines);
    for (const std::string& line : lines) Take(*workers_[number], line);
    if (!is_open) Reap(number);
  }

  void Take(WorkerProcess& worker, const std::string& line) {
    const std::optional<Message> message = ParseMessage(line);
    if (!message.has_value()) {
      Fail("a worker sent a line that is no message");
      return;
    }
    worker.said_last |= message->is_last;
    if (message->finding) Take(*message->finding);
    if (message->done) TakeDone(worker, *message);
    if (!message->error.empty()) Fail(message->error);
  }

  void TakeDone(WorkerProcess& worker, const Message& message) {
    if (worker.assigned.empty() ||
        worker.assigned.front().first != message.done->first) {
      Fail("a worker answered what it was not asked");
      return;
    }
    worker.assigned.pop_front();
    if (message.done->is_empty()) return;
    deaths_in_a_row_ = 0;
    unrecorded_.indexes.Add(*message.done);
    for (const auto& [cell, count] : message.cells) {
      unrecorded_.cells[cell] += count;
    }
    unrecorded_.digest_sum += message.digest_sum;
  }

  void Take(const Finding& finding) {
    if (!Record(FindingRecord{finding})) return;
    if (finding.state == FindingState::kSeen && finding.story.empty()) return;
    progress_.Interrupt();
    if (finding.story.empty()) {
      std::printf("VIOLATED %s at index %llu, kept: %s\n%s",
                  finding.verdict.c_str(),
                  static_cast<unsigned long long>(finding.key.index),
                  finding.plan_path.c_str(),
                  TokenLine(finding, options_.findings).c_str());
    } else {
      std::printf("\n%s\n", finding.story.c_str());
    }
    std::fflush(stdout);
  }

  // False if it says nothing new.
  bool Record(const lastcommit::Record& record) {
    // Of a run without a file there is no session.
    if (results_ == nullptr && std::holds_alternative<StartRecord>(record)) {
      return true;
    }
    if (!tally_.Add(record)) return false;
    if (results_ == nullptr) return true;
    const absl::Status written = results_->Append(record);
    if (!written.ok()) Fail(std::string(written.message()));
    return true;
  }

  void RecordTrials(absl::Duration interval) {
    const absl::Duration since = progress_.Elapsed() - recorded_;
    if (since < interval || unrecorded_.indexes.is_empty()) return;
    unrecorded_.at = SecondsNow();
    unrecorded_.seconds = absl::ToDoubleSeconds(since);
    recorded_ = progress_.Elapsed();
    Record(std::exchange(unrecorded_, TrialsRecord()));
  }

  void ReplaceHungWorkers() {
    for (const auto& worker : workers_) {
      if (worker == nullptr || worker->was_hung ||
          !worker->HangsFor(options_.worker_timeout)) {
        continue;
      }
      worker->was_hung = true;
      worker->Kill();
    }
  }

  void Reap(std::size_t number) {
    const std::unique_ptr<WorkerProcess> worker = std::move(workers_[number]);
    const int status = worker->Wait();
    const bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (worker->said_last && is_clean) return;
    const std::string how =
        worker->was_hung ? "was ended: it hung"
        : WIFSIGNALED(status)
            ? absl::StrCat("was ended by signal ", WTERMSIG(status))
            : absl::StrCat("ended with exit code ", WEXITSTATUS(status));
    KeepPlanOf(*worker, how);
    // What it had been given, in order, and the plan it was at by itself.
    for (auto range = worker->assigned.rbegin();
         range != worker->assigned.rend(); ++range) {
      GiveBack(*range, worker->slot.index);
    }
    if (worker_error_.empty()) worker_error_ = absl::StrCat("a worker ", how);
    if (++deaths_in_a_row_ >= kMaxDeathsInARow) {
      Fail("workers end as soon as they have begun");
    }
    if (control_->stop) return;
    const absl::Status started = StartWorker(number);
    if (!started.ok()) Fail(std::string(started.message()));
  }

  void GiveBack(const IndexRange& range, std::uint64_t index) {
    if (index < range.first || index >= range.end) {
      work_.GiveBack(range);
      return;
    }
    work_.GiveBack({index + 1, range.end});
    work_.GiveBack({index, index + 1});
    work_.GiveBack({range.first, index});
  }

  void KeepPlanOf(const WorkerProcess& worker, const std::string& how) {
    const WorkerPhase phase = worker.slot.phase;
    if (phase == WorkerPhase::kIdle) return;  // it was at none
    const CaseKey key = {options_.seed, worker.slot.index};
    ++deaths_[key.index];
    const char* filed_under = worker.was_hung ? kWorkerHung : kWorkerDied;
    absl::StatusOr<Finding> finding = KeepWorkerPlan(
        key, PlanAt(key, options_.generate), filed_under,
        absl::StrCat("a worker ", how,
                     phase == WorkerPhase::kExplaining
                         ? " while it shrank or repeated this plan"
                         : " while it ran this plan"),
        options_.findings);
    if (!finding.ok()) {
      Fail(std::string(finding.status().message()));
      return;
    }
    const auto known = tally_.findings.find({key.index, filed_under});
    if (known != tally_.findings.end()) {
      finding->deaths += known->second.deaths;
    }
    Record(FindingRecord{*finding});
    progress_.Interrupt();
    std::printf("TESTER: %s at index %llu: %s, kept: %s\n%s", filed_under,
                static_cast<unsigned long long>(key.index),
                finding->repeats.c_str(), finding->plan_path.c_str(),
                TokenLine(*finding, options_.findings).c_str());
    std::fflush(stdout);
  }

  void DecideToStop() {
    if (Interrupts::AreRaised() && !was_interrupted_) {
      was_interrupted_ = true;
      control_->cancel = true;
      control_->stop = true;
    }
    if (options_.time_limit && progress_.Elapsed() >= *options_.time_limit) {
      control_->stop = true;
    }
    if (std::ferror(stdout) != 0) Fail("cannot write to standard output");
  }

  void ShowProgress() {
    progress_.Show(tally_.ledger, trials_before_, tally_.findings.size(),
                   control_->shrink_trials, TimeLeft());
  }

  // Until the run ends by itself.
  std::optional<absl::Duration> TimeLeft() const {
    std::optional<absl::Duration> left;
    const absl::Duration elapsed = progress_.Elapsed();
    if (options_.time_limit) left = *options_.time_limit - elapsed;
    const std::int64_t now = tally_.ledger.trials() - trials_before_;
    if (options_.trial_limit && options_.shard.of == 1 && now > 0) {
      const std::int64_t rest =
          static_cast<std::int64_t>(*options_.trial_limit) -
          tally_.ledger.trials();
      const absl::Duration by_trials =
          elapsed * (static_cast<double>(rest) / static_cast<double>(now));
      left = std::min(left.value_or(by_trials), by_trials);
    }
    return left;
  }

  void Fail(const std::string& error) {
    if (error_.empty()) error_ = error;
    control_->stop = true;
    control_->cancel = true;
  }

  std::optional<FirstFinding> FirstOfThisRun() const {
    if (control_->findings == 0) return std::nullopt;
    return FirstFinding{control_->first_finding_trials,
                        absl::Nanoseconds(control_->first_finding_ns.load())};
  }

  Summary Conclude() {
    Summary summary = Summarize(std::move(tally_), options_.generate);
    summary.trials_before = trials_before_;
    summary.was_interrupted = was_interrupted_;
    summary.error = !error_.empty() ? error_ : worker_error_;
    summary.took = progress_.Elapsed();
    summary.first_finding = FirstOfThisRun();
    summary.DecideOutcome(/*has_found=*/control_->findings > 0);
    if (results_ == nullptr) return summary;
    const EndRecord end = {SecondsNow(), was_interrupted_, summary.error,
                           static_cast<int>(summary.exit_code)};
    summary.tally.Add(end);
    const absl::Status written = results_->Append(end);
    if (!written.ok() && summary.error.empty()) {
      summary.error = std::string(written.message());
      summary.DecideOutcome(control_->findings > 0);
    }
    return summary;
  }

  const RunOptions& options_;
  ResultsFile* const results_;
  WorkList work_;
  ProgressLine progress_;
  const std::int64_t trials_before_;
  Tally tally_;
  TrialsRecord unrecorded_;
  absl::Duration recorded_;  // when, since the beginning
  Control* control_ = nullptr;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;  // null: it has ended
  std::map<std::uint64_t, int> deaths_;  // of workers in this run, by index
  int deaths_in_a_row_ = 0;
  bool was_interrupted_ = false;
  std::string error_;
  std::string worker_error_;  // of one that was replaced
};

}  // namespace

absl::StatusOr<Summary> Supervise(const RunOptions& options, Tally tally,
                                  ResultsFile* results) {
  return Supervisor(options, std::move(tally), results).Run();
}

}  // namespace lastcommit
