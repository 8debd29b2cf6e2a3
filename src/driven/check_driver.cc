#include "driven/check_driver.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/answer_judge.h"
#include "driven/conversation.h"
#include "driven/protocol.h"
#include "driven/recoveries.h"
#include "output/shown.h"
#include "record/private_tree.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

class Checker {
 public:
  Checker(DriverCommand command, std::string scratch, absl::Duration time)
      : command_(std::move(command)),
        scratch_(std::move(scratch)),
        time_(time) {}

  absl::StatusOr<DriverCheck> Check(const std::vector<Plan>& plans) {
    for (std::size_t i = 0; i < plans.size() && check_.wrong.empty(); ++i) {
      check_.plan = i;
      RETURN_IF_ERROR(CheckPlan(plans[i]));
    }
    if (check_.wrong.empty()) check_.plan.reset();
    return check_;
  }

 private:
  absl::Status CheckPlan(const Plan& plan) {
    ASSIGN_OR_RETURN(const Answers first, Run(plan));
    if (!check_.wrong.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Answers second, Run(plan));
    if (!check_.wrong.empty()) return absl::OkStatus();
    const Conversation conversation = ConversationOf(plan, kDatabase);
    for (std::size_t i = 0; i < first.replies.size(); ++i) {
      Count(conversation.exchanges[i], first.replies[i]);
      if (IsSame(plan, conversation.exchanges[i], first.replies[i],
                 second.replies[i])) {
        continue;
      }
      const Exchange& exchange = conversation.exchanges[i];
      Wrong(exchange.state.has_value()
                ? absl::StrCat(InWords(plan, exchange),
                               ": the state of the store is another one the "
                               "second time")
                : absl::StrCat(InWords(plan, exchange), ": the store answers ",
                               InWords(first.replies[i]),
                               ", and the second time ",
                               InWords(second.replies[i])));
      return absl::OkStatus();
    }
    return CheckCopy(plan, conversation);
  }

  // Its value, or the kind of its error: words, and what else it says, are the
  // store's, and the rows of states were compared with the model's if there is
  // one.
  static bool IsSame(const Plan& plan, const Exchange& exchange,
                     const Reply& first, const Reply& second) {
    if (first.code != second.code) return false;
    const Step& step = plan.rounds[exchange.round].steps[exchange.step];
    if (first.code != absl::StatusCode::kOk) return true;
    if (exchange.state.has_value()) {
      const auto state = StateOf(*plan.dialect, first);
      const auto again = StateOf(*plan.dialect, second);
      return state.ok() && again.ok() && state->rows == again->rows;
    }
    if (!IsOperation(step.kind)) return true;
    const auto value = ValueOf(step.operation, first);
    const auto again = ValueOf(step.operation, second);
    return value.ok() && again.ok() && *value == *again;
  }

  // In a directory of its own, which stays until the next run.
  absl::StatusOr<Answers> Run(const Plan& plan) {
    directory_ = absl::StrCat(scratch_, "/run-", ++runs_);
    std::error_code error;
    std::filesystem::create_directory(directory_, error);
    if (error) {
      return absl::ErrnoToStatus(
          error.value(), absl::StrCat("cannot make ", Shown(directory_)));
    }
    if (process_ == nullptr) {
      ASSIGN_OR_RETURN(process_, DriverProcess::Start(command_, scratch_));
    }
    const Conversation conversation =
        ConversationOf(plan, absl::StrCat(directory_, "/", kDatabase));
    ASSIGN_OR_RETURN(DriverProcess::Said said,
                     process_->Ask(conversation.requests,
                                   conversation.exchanges.size(), time_));
    TrialResult result;
    JudgeAnswers(plan, conversation, said.answers, result);
    const std::size_t answered = said.answers.replies.size();
    if (!result.verdict.held()) {
      Wrong(result.verdict.why);
    } else if (answered < conversation.exchanges.size()) {
      Wrong(absl::StrCat(InWords(plan, conversation.exchanges[answered]),
                         ": the driver does not answer (", said.how, ")"));
    }
    return std::move(said.answers);
  }

  // What was closed is the same elsewhere, for another process.
  absl::Status CheckCopy(const Plan& plan, const Conversation& conversation) {
    const std::string copy = absl::StrCat(scratch_, "/copy");
    RemoveDirectory(copy);
    RETURN_IF_ERROR(CopyTree(directory_, copy));
    const std::string of_recovery = absl::StrCat(scratch_, "/recovery");
    std::error_code error;
    std::filesystem::create_directory(of_recovery, error);
    Recoverer recoverer(command_, of_recovery, time_);
    ASSIGN_OR_RETURN(const std::vector<Recovery> recoveries,
                     recoverer.RecoverAll(
                         *plan.dialect, {absl::StrCat(copy, "/", kDatabase)}));
    const Recovery& recovery = recoveries.front();
    if (recovery.kind != Recovery::Kind::kRecovered) {
      Wrong(absl::StrCat("a copy of what was closed: ", recovery.message));
    } else if (plan.dialect->has_model &&
               !driven::IsSame(*plan.dialect, conversation.cuts.back(),
                               recovery.state)) {
      Wrong(absl::StrCat(
          "a copy of what was closed, opened by another process, is not what "
          "the model holds:",
          RowDifferences(*plan.dialect, conversation.cuts.back(),
                         recovery.state)));
    }
    return absl::OkStatus();
  }

  void Count(const Exchange& exchange, const Reply& reply) {
    DriverCheck::Counts& counts = check_.requests[exchange.request];
    ++counts.asked;
    counts.done += reply.code == absl::StatusCode::kOk ? 1 : 0;
  }

  void Wrong(std::string what) {
    if (check_.wrong.empty()) check_.wrong = std::move(what);
  }

  const DriverCommand command_;
  const std::string scratch_;
  const absl::Duration time_;
  std::unique_ptr<DriverProcess> process_;
  std::string directory_;
  int runs_ = 0;
  DriverCheck check_;
};

}  // namespace

absl::StatusOr<DriverCheck> CheckDriver(const DriverCommand& command,
                                        const std::vector<Plan>& plans,
                                        const std::string& scratch,
                                        absl::Duration time) {
  return Checker(command, scratch, time).Check(plans);
}

}  // namespace lastcommit::driven
