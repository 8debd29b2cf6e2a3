#include "campaign/fuzz.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "campaign/interrupts.h"
#include "campaign/message.h"
#include "campaign/progress.h"
#include "campaign/story.h"
#include "campaign/worker.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Makes the file, and leaves one that is there as it is until the run's end.
absl::Status PrepareJson(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot write ", absl::CHexEscape(path)));
  }
  close(file);
  return absl::OkStatus();
}

struct WorkerProcess {
  pid_t pid = -1;
  int pipe = -1;
  std::string partial_line;
  bool said_last = false;
};

class Supervisor {
 public:
  explicit Supervisor(const FuzzOptions& options)
      : options_(options), progress_(options.show_progress) {}

  ~Supervisor() {
    if (control_ != nullptr) munmap(control_, sizeof(Control));
  }

  absl::StatusOr<FuzzSummary> Run() {
    // What a worker would fail at is said before any trial is run.
    RETURN_IF_ERROR(PrepareFindings(options_.findings.directory));
    RETURN_IF_ERROR(PrepareJson(options_.json_path));
    RETURN_IF_ERROR(ForkTrial::Create(options_.trial).status());
    void* memory = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
    control_ = new (memory) Control();
    for (int i = 0; i < options_.jobs; ++i) RETURN_IF_ERROR(StartWorker());
    while (AnyOpen()) {
      Listen();
      DecideToStop();
      if (std::ferror(stdout) != 0) Fail("cannot write to standard output");
      progress_.Show(summary_.ledger, summary_.findings.size(),
                     control_->shrink_trials);
    }
    progress_.Finish();
    Conclude();
    return std::move(summary_);
  }

 private:
  absl::Status StartWorker() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "pipe");
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      // A terminal sends Ctrl-C to the whole process group, `timeout` its
      // SIGTERM; the supervisor decides.
      signal(SIGINT, SIG_IGN);
      signal(SIGTERM, SIG_IGN);
      signal(SIGPIPE, SIG_IGN);
      close(ends[0]);
      RunWorker(options_, *control_, ends[1]);
      _exit(0);
    }
    close(ends[1]);
    workers_.push_back({pid, ends[0], "", false});
    return absl::OkStatus();
  }

  bool AnyOpen() const {
    for (const WorkerProcess& worker : workers_) {
      if (worker.pipe >= 0) return true;
    }
    return false;
  }

  void Listen() {
    std::vector<pollfd> waits;
    for (const WorkerProcess& worker : workers_) {
      waits.push_back({worker.pipe, POLLIN, 0});
    }
    if (poll(waits.data(), waits.size(), /*timeout ms=*/100) <= 0) return;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].revents != 0) ReadFrom(workers_[i]);
    }
  }

  void ReadFrom(WorkerProcess& worker) {
    char buffer[65536];
    const ssize_t size = read(worker.pipe, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) return;
    if (size <= 0) {
      close(worker.pipe);
      worker.pipe = -1;
      Reap(worker);  // now, so that the others end if this one failed
      return;
    }
    worker.partial_line.append(buffer, static_cast<std::size_t>(size));
    for (std::size_t end = worker.partial_line.find('\n');
         end != std::string::npos; end = worker.partial_line.find('\n')) {
      Take(worker, worker.partial_line.substr(0, end));
      worker.partial_line.erase(0, end + 1);
    }
  }

  void Take(WorkerProcess& worker, const std::string& line) {
    const std::optional<Message> message = ParseMessage(line);
    if (!message.has_value()) {
      Fail("a worker sent a line that is no message");
      return;
    }
    summary_.ledger.Add(message->cells);
    digest_sum_ += message->digest_sum;
    worker.said_last |= message->is_last;
    if (!message->error.empty()) Fail(message->error);
    if (message->finding.has_value()) {
      progress_.Interrupt();
      const Finding& finding = *message->finding;
      std::printf("\n%s\n", finding.story.empty()
                                ? absl::StrCat("VIOLATED ", finding.verdict,
                                               ", kept: ", finding.plan_path)
                                      .c_str()
                                : finding.story.c_str());
      std::fflush(stdout);
      summary_.findings.push_back(*message->finding);
    }
  }

  void DecideToStop() {
    if (Interrupts::AreRaised() && !summary_.was_interrupted) {
      summary_.was_interrupted = true;
      control_->cancel = true;
      control_->stop = true;
    }
    if (options_.time_limit && progress_.Elapsed() >= *options_.time_limit) {
      control_->stop = true;
    }
  }

  void Reap(WorkerProcess& worker) {
    int status = 0;
    while (waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (worker.said_last && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      return;
    }
    Fail(WIFSIGNALED(status)
             ? absl::StrCat("a worker was ended by signal ", WTERMSIG(status))
             : absl::StrCat("a worker ended with exit code ",
                            WEXITSTATUS(status)));
  }

  void Fail(const std::string& error) {
    if (summary_.error.empty()) summary_.error = error;
    control_->stop = true;
    control_->cancel = true;
  }

  void Conclude() {
    summary_.took = progress_.Elapsed();
    summary_.digest = absl::StrFormat("%016x", digest_sum_);
    summary_.broken_promises =
        BrokenPromises(summary_.ledger, options_.generate);
    if (control_->findings > 0) {
      summary_.exit_code = ExitCode::kViolated;
    } else if (!summary_.error.empty()) {
      summary_.exit_code = ExitCode::kTesterFailed;
    } else if (!summary_.broken_promises.empty()) {
      summary_.exit_code = ExitCode::kNotExercised;
    }
  }

  const FuzzOptions& options_;
  Progress progress_;
  Control* control_ = nullptr;
  std::vector<WorkerProcess> workers_;
  FuzzSummary summary_;
  std::uint64_t digest_sum_ = 0;
};

std::string Word(FaultChoice fault) {
  switch (fault) {
    case FaultChoice::kNone:
      return "none";
    case FaultChoice::kKill:
      return "kill";
    case FaultChoice::kMixed:
      return "mixed";
  }
  return "";
}

std::string Parameters(const FuzzOptions& options) {
  std::string text = absl::StrCat(
      "lastcommit fuzz: seed=", options.seed, " saver=", options.generate.saver,
      " engine=", std::string(Name(options.generate.engine)),
      " fault=", Word(options.generate.fault), " jobs=", options.jobs);
  if (options.time_limit) {
    absl::StrAppend(&text,
                    " seconds=", absl::ToDoubleSeconds(*options.time_limit));
  }
  if (options.trial_limit) {
    absl::StrAppend(&text, " trials=", *options.trial_limit);
  }
  absl::StrAppend(
      &text, " stop-after=", options.stop_after,
      " findings=", options.findings.directory, " dir=",
      options.trial.directory.empty() ? "default" : options.trial.directory);
  return absl::StrCat(text, "; ", TesterVersion(), ", ", SqliteUnderTest());
}

std::string Outcome(const FuzzSummary& summary) {
  switch (summary.exit_code) {
    case ExitCode::kHeld:
      return "HELD";
    case ExitCode::kViolated:
      return "VIOLATED";
    case ExitCode::kTesterFailed:
      return "TESTER FAILED";
    default:
      return "NOT EXERCISED";
  }
}

// The last lines of a run that found something are what to do next.
void PrintFindings(const FuzzOptions& options, const FuzzSummary& summary) {
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < summary.findings.size() && i < kShown; ++i) {
    const Finding& finding = summary.findings[i];
    std::printf("finding: %s, %zu lines: %s\n", finding.verdict.c_str(),
                finding.lines,
                finding.plan_path.empty()
                    ? "not kept"
                    : ReplayCommand(options.findings.program, finding.plan_path)
                          .c_str());
  }
  if (summary.findings.size() > kShown) {
    std::printf("and %zu more findings in %s\n",
                summary.findings.size() - kShown,
                options.findings.directory.c_str());
  }
}

void PrintSummary(const FuzzOptions& options, const FuzzSummary& summary) {
  const Ledger& ledger = summary.ledger;
  const double seconds = absl::ToDoubleSeconds(summary.took);
  std::printf("\n%s", ledger.Print().c_str());
  if (options.generate.fault == FaultChoice::kMixed &&
      ledger.trials() < kTrialsOfAPromise) {
    std::printf("a run of less than %lld trials promises no cell\n",
                static_cast<long long>(kTrialsOfAPromise));
  }
  for (const std::string& broken : summary.broken_promises) {
    std::printf("promise not kept: %s\n", broken.c_str());
  }
  std::printf("digest %s\n", summary.digest.c_str());
  std::printf(
      "%s%s: %lld trials (%lld held, %lld skipped) in %.1f s, %.0f per "
      "second\n",
      summary.was_interrupted ? "interrupted, " : "", Outcome(summary).c_str(),
      static_cast<long long>(ledger.trials()),
      static_cast<long long>(ledger.Count("verdict/held")),
      static_cast<long long>(ledger.skipped()), seconds,
      seconds > 0 ? static_cast<double>(ledger.trials()) / seconds : 0.0);
  PrintFindings(options, summary);
}

absl::Status WriteJson(const FuzzOptions& options, const FuzzSummary& summary) {
  using nlohmann::json;
  json findings = json::array();
  for (const Finding& finding : summary.findings) {
    findings.push_back({{"seed", finding.key.seed},
                        {"index", finding.key.index},
                        {"verdict", finding.verdict},
                        {"repeats", finding.repeats},
                        {"directory", finding.directory},
                        {"shrink_trials", finding.shrink_trials},
                        {"plan", finding.plan_path},
                        {"lines", finding.lines}});
  }
  const json value = {{"seed", options.seed},
                      {"saver", options.generate.saver},
                      {"engine", std::string(Name(options.generate.engine))},
                      {"fault", Word(options.generate.fault)},
                      {"jobs", options.jobs},
                      {"tester", TesterVersion()},
                      {"sqlite_version", sqlite3_libversion()},
                      {"sqlite_source_id", sqlite3_sourceid()},
                      {"trials", summary.ledger.trials()},
                      {"ledger", summary.ledger.cells()},
                      {"broken_promises", summary.broken_promises},
                      {"findings", findings},
                      {"interrupted", summary.was_interrupted},
                      {"error", summary.error},
                      {"digest", summary.digest},
                      {"seconds", absl::ToDoubleSeconds(summary.took)},
                      {"outcome", Outcome(summary)},
                      {"exit_code", static_cast<int>(summary.exit_code)}};
  std::ofstream file(options.json_path, std::ios::binary | std::ios::trunc);
  file << value.dump(2, ' ', true, json::error_handler_t::replace) << "\n";
  file.close();
  if (file) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot write ", absl::CHexEscape(options.json_path)));
}

}  // namespace

absl::StatusOr<FuzzSummary> RunFuzz(const FuzzOptions& options) {
  const Interrupts interrupts;
  std::printf("%s\n", Parameters(options).c_str());
  std::fflush(stdout);
  ASSIGN_OR_RETURN(FuzzSummary summary, Supervisor(options).Run());
  PrintSummary(options, summary);
  if (!options.json_path.empty()) {
    const absl::Status written = WriteJson(options, summary);
    if (!written.ok() && summary.error.empty()) {
      summary.error = std::string(written.message());
      if (summary.exit_code != ExitCode::kViolated) {
        summary.exit_code = ExitCode::kTesterFailed;
      }
    }
  }
  return summary;
}

}  // namespace lastcommit
