#include "driven/use_driver.h"

#include <sys/types.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "driven/driven_trial.h"
#include "driven/driver_process.h"
#include "driven/protocol.h"
#include "output/shell_word.h"
#include "plan/dialects.h"
#include "record/private_tree.h"
#include "status/status.h"
#include "subject/registry.h"

namespace lastcommit::driven {
namespace {

constexpr absl::Duration kTimeForHello = absl::Seconds(20);

absl::StatusOr<std::string> WorkingDirectory() {
  char* const path = get_current_dir_name();
  if (path == nullptr) {
    return absl::ErrnoToStatus(errno, "cannot find the current directory");
  }
  std::string directory = path;
  free(path);
  return directory;
}

// The names of registered stores live as long as the program.
std::string_view Kept(const std::string& name) {
  static std::set<std::string> kept;
  return *kept.insert(name).first;
}

// All that plans and verdicts depend on.
std::string InWords(const Hello& hello) {
  const auto words = [](const auto& all, auto name) {
    return absl::StrJoin(all, " ", [&](std::string* out, const auto& one) {
      absl::StrAppend(out, std::string(name(one)));
    });
  };
  return absl::StrCat(
      "dialect ", std::string(hello.dialect->name), ", promise ",
      hello.promises_power ? "power" : "process", ", clients ", hello.clients,
      ", SQLite ", hello.sqlite.empty() ? "not said" : hello.sqlite,
      ", without the controls [",
      words(hello.lacks, [](StepKind kind) { return Name(kind); }),
      "] and the operations [",
      words(hello.lacks_operations,
            [](const OperationSpec* spec) { return spec->name; }),
      "]");
}

absl::Status Register(const Hello& hello, const std::string& command) {
  if (!hello.dialect->has_model &&
      FindDialect(hello.dialect->name) == nullptr) {
    RegisterDialect(*hello.dialect);
  }
  const SaverEntry* const known = FindSaver(hello.store);
  if (known != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the driver's store is called ", hello.store,
        known->is_driven ? ", and there is a driver of that name"
                         : ", as one of lastcommit's own; see `lastcommit "
                           "savers`"));
  }
  SaverEntry entry = {Kept(hello.store), "the store of --driver", std::nullopt,
                      nullptr, nullptr};
  entry.dialect = hello.dialect;
  entry.lacks = hello.lacks;
  entry.lacks_operations = hello.lacks_operations;
  entry.defences = Defences::kNone;
  entry.is_driven = true;
  entry.promises_power = hello.promises_power;
  entry.clients = hello.clients;
  entry.says = InWords(hello);
  entry.sqlite = hello.sqlite;
  entry.option = absl::StrCat("--driver=", ShellWord(command));
  RegisterSaver(std::move(entry));
  return absl::OkStatus();
}

// A trial belongs to one process: a fork makes one of its own, and so does
// each copy, with which it ends.
class Trials {
 public:
  explicit Trials(DrivenOptions options) : options_(std::move(options)) {}
  Trials(const Trials& other) : options_(other.options_) {}
  Trials& operator=(const Trials&) = delete;
  ~Trials() { LeaveToOthers(); }

  absl::StatusOr<TrialResult> operator()(const Plan& plan,
                                         const std::string& directory,
                                         DrivenBy by) {
    LeaveToOthers();
    if (trial_ == nullptr) {
      ASSIGN_OR_RETURN(trial_, DrivenTrial::Create(options_));
      process_ = getpid();
    }
    return trial_->Run(plan, directory, by);
  }

 private:
  // That of another process is not this one's to remove.
  void LeaveToOthers() {
    if (process_ != getpid()) (void)trial_.release();
  }

  const DrivenOptions options_;
  std::unique_ptr<DrivenTrial> trial_;
  pid_t process_ = 0;
};

}  // namespace

absl::StatusOr<Hello> AskHello(const DriverCommand& command) {
  ASSIGN_OR_RETURN(const ScratchDirectory scratch, ScratchDirectory::Make());
  const std::string request =
      absl::StrCat(RequestLine(1, HelloRequest()), "\n");
  ASSIGN_OR_RETURN(const auto process,
                   DriverProcess::Start(command, scratch.path()));
  ASSIGN_OR_RETURN(const DriverProcess::Said said,
                   process->Ask(request, 1, kTimeForHello));
  if (said.answers.replies.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the driver does not answer hello on descriptor 4",
                     said.how.empty() ? "" : absl::StrCat(" (", said.how, ")"),
                     said.is_hung ? "; does it wait for the end of its "
                                    "requests, or keep its answers in a buffer?"
                                  : ""));
  }
  return HelloOf(said.answers.replies.front());
}

absl::StatusOr<DriverCommand> CommandHere(const std::string& command) {
  DriverCommand here;
  ASSIGN_OR_RETURN(here.directory, WorkingDirectory());
  here.command = command;
  return here;
}

absl::StatusOr<std::string> UseDriver(const std::string& command,
                                      TrialOptions& trial) {
  DrivenOptions options;
  ASSIGN_OR_RETURN(options.driver, CommandHere(command));
  ASSIGN_OR_RETURN(const Hello hello, AskHello(options.driver));
  RETURN_IF_ERROR(Register(hello, command));
  options.promises_power = hello.promises_power;
  options.clients = hello.clients;
  options.directory = trial.directory;
  trial.record = Trials(options);
  return hello.store;
}

}  // namespace lastcommit::driven
