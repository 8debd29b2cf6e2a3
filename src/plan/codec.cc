#include "plan/codec.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "plan/fault_fields.h"
#include "plan/flat_json.h"
#include "plan/header_fields.h"
#include "plan/step_fields.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What operations that copy may add to PlanLimits::kMaxPlanContentBytes, if
// each copies all that was put before it.
constexpr std::int64_t kMaxCopiedBytes = std::int64_t{1} << 30;

// Takes lines one at a time and makes up rounds of them. Looks at sizes before
// anything else, and stops at the first error.
class PlanParser {
 public:
  absl::StatusOr<Plan> Parse(std::string_view text) {
    if (text.empty()) return FieldError("plan", "the text is empty");
    if (text.size() > PlanLimits::kMaxFileBytes) {
      return FieldError(
          "plan", absl::StrCat(text.size(), " bytes are too many (allowed ",
                               PlanLimits::kMaxFileBytes, ")"));
    }
    while (!text.empty()) {
      ++line_number_;
      RETURN_IF_ERROR(ParseLine(text.substr(0, text.find('\n')), text));
    }
    RETURN_IF_ERROR(CheckEnd());
    return std::move(plan_);
  }

  // Of the line that an error is about.
  int line_number() const { return line_number_; }

 private:
  // `line` is the beginning of `rest` and is removed from it.
  absl::Status ParseLine(std::string_view line, std::string_view& rest) {
    if (line.size() > PlanLimits::kMaxLineBytes) {
      return FieldError(
          "line", absl::StrCat(line.size(), " bytes are too many (allowed ",
                               PlanLimits::kMaxLineBytes, ")"));
    }
    if (line.size() == rest.size()) {
      return FieldError("plan", "is cut off: the last line has no newline");
    }
    rest.remove_prefix(line.size() + 1);
    if (line.empty()) return FieldError("line", "is blank");
    ASSIGN_OR_RETURN(const JsonFields fields, ParseFlatJson(line));
    if (line_number_ == 1) {
      ASSIGN_OR_RETURN(plan_, ParseHeader(fields));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Step step, ParseStep(fields, *plan_.dialect));
    return Add(step);
  }

  absl::Status Add(const Step& step) {
    RETURN_IF_ERROR(CheckPlace(step));
    if (!is_in_round_) RETURN_IF_ERROR(BeginRound());
    Round& round = plan_.rounds.back();
    if (round.steps.size() == PlanLimits::kMaxStepsPerRound) {
      return FieldError(
          "step", absl::StrCat("too many steps (allowed ",
                               PlanLimits::kMaxStepsPerRound, " a round)"));
    }
    RETURN_IF_ERROR(CountCrash(step));
    RETURN_IF_ERROR(CountError(step));
    RETURN_IF_ERROR(CountContent(step));
    RETURN_IF_ERROR(CheckModeChange(step));
    RETURN_IF_ERROR(CheckRemoval(step));
    round.steps.push_back(step);
    programs_[static_cast<std::size_t>(step.client)] =
        step.kind == StepKind::kClose ? Program::kClosed : Program::kOpen;
    is_in_round_ = step.kind != StepKind::kClose || step.client != 0;
    if (!is_in_round_) programs_ = {};
    return absl::OkStatus();
  }

  absl::Status CheckPlace(const Step& step) const {
    if (step.client != 0) return CheckPlaceOfOther(step);
    const StepKind kind = step.kind;
    if (is_in_round_ && kind == StepKind::kOpen) {
      return FieldError("step",
                        "'open' inside a round (allowed after 'close')");
    }
    if (!is_in_round_ && kind != StepKind::kOpen) {
      return FieldError("step",
                        absl::StrCat("'", std::string(NameOf(step)),
                                     "' outside a round (allowed 'open')"));
    }
    if (kind != StepKind::kClose) return absl::OkStatus();
    for (std::size_t i = 1; i < programs_.size(); ++i) {
      if (programs_[i] == Program::kOpen) {
        return FieldError("step", absl::StrCat("client ", i,
                                               " has not closed (allowed is "
                                               "client 0's 'close' last)"));
      }
    }
    return absl::OkStatus();
  }

  // Between client 0's open and close it opens once, first, and closes last.
  absl::Status CheckPlaceOfOther(const Step& step) const {
    const Program program = programs_[static_cast<std::size_t>(step.client)];
    const Program wanted =
        step.kind == StepKind::kOpen ? Program::kNone : Program::kOpen;
    if (is_in_round_ && program == wanted) return absl::OkStatus();
    const std::string_view allowed = !is_in_round_ ? "after client 0's 'open'"
                                     : program == Program::kNone ? "'open'"
                                     : program == Program::kOpen
                                         ? "all but 'open'"
                                         : "nothing after its 'close'";
    return FieldError(
        "step", absl::StrCat("'", std::string(NameOf(step)), "' of client ",
                             step.client, " is out of place (allowed ",
                             std::string(allowed), ")"));
  }

  absl::Status BeginRound() {
    if (plan_.rounds.size() == PlanLimits::kMaxRounds) {
      return FieldError("step", absl::StrCat("too many rounds (allowed ",
                                             PlanLimits::kMaxRounds, ")"));
    }
    plan_.rounds.emplace_back();
    crash_line_ = 0;
    death_line_ = 0;
    error_line_ = 0;
    is_file_removed_ = false;
    return absl::OkStatus();
  }

  absl::Status CountCrash(const Step& step) {
    if (step.crash.has_value() && step.kill_after_us.has_value()) {
      return FieldError("kill_after_us",
                        "the step has a crash too (allowed 1 of them a round)");
    }
    if (!step.crash.has_value() && !step.kill_after_us.has_value()) {
      return absl::OkStatus();
    }
    const bool is_of_one = step.crash.has_value() && step.crash->is_of_one;
    int& line = is_of_one ? death_line_ : crash_line_;
    if (line != 0) {
      return FieldError(
          step.crash.has_value() ? "crash" : "kill_after_us",
          absl::StrCat("line ", line, " has one already (allowed 1 a round",
                       is_of_one ? " of one client" : "", ")"));
    }
    line = line_number_;
    return absl::OkStatus();
  }

  absl::Status CountError(const Step& step) {
    if (!step.error.has_value()) return absl::OkStatus();
    if (error_line_ != 0) {
      return FieldError("error",
                        absl::StrCat("line ", error_line_,
                                     " has one already (allowed 1 a round)"));
    }
    error_line_ = line_number_;
    return absl::OkStatus();
  }

  // What a loss of power may take depends on the mode, and no row of the
  // contract is about a change of it.
  absl::Status CheckModeChange(const Step& step) {
    if (step.kind == StepKind::kJournalMode && mode_change_line_ == 0) {
      mode_change_line_ = line_number_;
      const saver::JournalMode mode = plan_.profile.journal_mode;
      if (!IsKeptOnDisk(mode)) {
        return FieldError(
            "step", absl::StrCat("the plan begins in ", std::string(Name(mode)),
                                 " (allowed with profile.journal_mode delete, "
                                 "truncate, persist, wal)"));
      }
      if (plan_.images > 0) {
        return FieldError("step",
                          "the plan has 'images' (allowed without them)");
      }
    }
    const bool loses_power = step.crash.has_value() &&
                             step.crash->survival.kind != SurvivalKind::kAll;
    if (loses_power) power_loss_line_ = line_number_;
    if (mode_change_line_ == 0 || power_loss_line_ == 0) {
      return absl::OkStatus();
    }
    return FieldError(
        loses_power ? "survival" : "step",
        absl::StrCat("'journal_mode' and a loss of power in one plan (line ",
                     std::min(mode_change_line_, power_loss_line_),
                     " has the other)"));
  }

  // What is left of a file without a name is demanded of one client that only
  // dies. Whoever opens the name in the same round makes another file of it.
  absl::Status CheckRemoval(const Step& step) {
    if (step.kind == StepKind::kUnlink) {
      if (plan_.images > 0) {
        return FieldError("step",
                          "the plan has 'images' (allowed without them)");
      }
      if (removal_line_ == 0) removal_line_ = line_number_;
      is_file_removed_ = true;
    }
    if (is_file_removed_ && OpensTheName(step.kind)) {
      return FieldError("step",
                        absl::StrCat("'", std::string(NameOf(step)),
                                     "' behind an 'unlink' of its round "
                                     "(allowed before it)"));
    }
    if (no_removal_line_ == 0) {
      no_removal_because_ = WhyNoRemoval(step);
      if (!no_removal_because_.empty()) no_removal_line_ = line_number_;
    }
    if (removal_line_ == 0 || no_removal_line_ == 0) return absl::OkStatus();
    return FieldError(
        "step", absl::StrCat("'unlink' and ", std::string(no_removal_because_),
                             " in one plan (line ",
                             std::min(removal_line_, no_removal_line_),
                             " has the other)"));
  }

  // Empty: a plan with this step may have an 'unlink'.
  static std::string_view WhyNoRemoval(const Step& step) {
    if (step.client != 0) return "several clients";
    if (step.error.has_value()) return "an error";
    if (step.kind == StepKind::kJournalMode) return "'journal_mode'";
    const bool loses_power = step.crash.has_value() &&
                             step.crash->survival.kind != SurvivalKind::kAll;
    return loses_power ? "a loss of power" : "";
  }

  absl::Status CountContent(const Step& step) {
    const OperationSpec* const spec = step.operation.spec;
    if (spec == nullptr) return absl::OkStatus();
    if (spec->copies_contents) return CountCopy();
    content_bytes_ += step.operation.content.size *
                      (step.operation.count() + spec->contents_besides);
    if (content_bytes_ <= PlanLimits::kMaxPlanContentBytes) {
      return absl::OkStatus();
    }
    return FieldError(
        "size", absl::StrCat("the contents so far are ", content_bytes_,
                             " bytes (allowed ",
                             PlanLimits::kMaxPlanContentBytes, " in a plan)"));
  }

  // It copies no more than what came before it.
  absl::Status CountCopy() {
    copied_bytes_ += content_bytes_;
    if (copied_bytes_ <= kMaxCopiedBytes) {
      return absl::OkStatus();
    }
    return FieldError("step", absl::StrCat("the copies so far may be ",
                                           copied_bytes_, " bytes (allowed ",
                                           kMaxCopiedBytes, " in a plan)"));
  }

  absl::Status CheckEnd() const {
    if (plan_.rounds.empty()) {
      return FieldError("plan", "has no round (allowed 1 or more)");
    }
    if (is_in_round_) {
      return FieldError("plan", "is cut off: the last round has no 'close'");
    }
    RETURN_IF_ERROR(CheckRecorded());
    return CheckClients();
  }

  // A recording has every crash of all.
  absl::Status CheckRecorded() const {
    if (plan_.engine != Engine::kRecord) return absl::OkStatus();
    for (const Round& round : plan_.rounds) {
      if (CrashStep(round) || TimedKillStep(round) || ErrorStep(round)) {
        return FieldError("engine",
                          "'record' has neither errors nor crashes of all in "
                          "its plans");
      }
      const auto death = DeathStep(round);
      if (!death.has_value()) continue;
      if (RunsFreely(plan_)) {
        return FieldError("schedule.kind",
                          "'free' of engine 'record' leaves no client to be "
                          "killed at a call of its own");
      }
      const CrashPoint& crash = *round.steps[*death].crash;
      if (crash.io == 0 || crash.moment == Moment::kDuring) {
        return FieldError("crash",
                          "of engine 'record' is before or after a call, 1 or "
                          "a later one");
      }
    }
    return absl::OkStatus();
  }

  // What clients allow and need.
  absl::Status CheckClients() const {
    const int clients = Clients(plan_);
    if (clients == 1 && plan_.schedule != Schedule()) {
      return FieldError("schedule", "there is one client only");
    }
    if (RunsFreely(plan_) && plan_.engine == Engine::kSim) {
      return FieldError("schedule.kind",
                        "'free' needs real processes: engine 'fork' or "
                        "'record'");
    }
    return absl::OkStatus();
  }

  Plan plan_;
  int line_number_ = 0;
  bool is_in_round_ = false;
  enum class Program { kNone, kOpen, kClosed };  // of a client in this round
  std::array<Program, kMaxClients> programs_ = {};
  int crash_line_ = 0;        // 0 = this round has no crash or timed kill yet
  int death_line_ = 0;        // the same for a crash of one client
  int error_line_ = 0;        // 0 = this round has no error yet
  int mode_change_line_ = 0;  // the plan has none yet
  int power_loss_line_ = 0;   // the newest; the plan has none yet
  int removal_line_ = 0;      // the plan has none yet
  bool is_file_removed_ = false;  // in this round
  int no_removal_line_ = 0;       // what excludes one; the plan has none yet
  std::string_view no_removal_because_;
  std::int64_t content_bytes_ = 0;
  std::int64_t copied_bytes_ = 0;
};

}  // namespace

std::string PrintStep(const Step& step) {
  std::string text = "{\"step\":\"";
  text.append(NameOf(step)).append("\"");
  if (step.client != 0) absl::StrAppend(&text, ",\"client\":", step.client);
  text.append(PrintStepFields(step));
  return text + PrintFaults(step) + "}";
}

std::string PrintPlan(const Plan& plan) {
  std::string text = PrintHeader(plan) + "\n";
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) text.append(PrintStep(step)) += '\n';
  }
  return text;
}

absl::StatusOr<Plan> ParsePlan(std::string_view text, std::string_view name) {
  PlanParser parser;
  absl::StatusOr<Plan> plan = parser.Parse(text);
  if (plan.ok()) return plan;
  const int line = parser.line_number() == 0 ? 1 : parser.line_number();
  return absl::InvalidArgumentError(
      absl::StrCat(absl::CHexEscape({name.data(), name.size()}), ":", line,
                   ": ", plan.status().message()));
}

}  // namespace lastcommit
