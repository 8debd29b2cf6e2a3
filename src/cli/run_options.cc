#include "cli/run_options.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "driven/use_driver.h"
#include "generate/choices.h"
#include "subject/sql_store.h"

namespace lastcommit {

CLI::Validator WholeNumber(std::uint64_t least) {
  return CLI::Validator(
      [least](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= least) return "";
        return absl::StrCat("\"", absl::CHexEscape(text),
                            "\" is not a whole number from ", least, " to ",
                            std::numeric_limits<std::uint64_t>::max());
      },
      "");
}

CLI::Validator Seconds() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        constexpr double kMost = 1e9;  // and neither NaN nor infinity
        double seconds = 0;
        if (absl::SimpleAtod(text, &seconds) && seconds > 0 &&
            seconds <= kMost) {
          return "";
        }
        return absl::StrCat("\"", absl::CHexEscape(text),
                            "\" is not a number above 0 and up to ", kMost);
      },
      "");
}

namespace {

std::string CheckClients(const std::string& text) {
  if (ParseClients(text)) return "";
  return absl::StrCat("\"", absl::CHexEscape(text),
                      "\" is neither a number of clients nor a range like 2-3: "
                      "from 1 to ",
                      kMaxClients);
}

}  // namespace

CLI::Option* AddSqlOption(CLI::App* command,
                          std::function<void(const std::string&)> use) {
  return command->add_option_function<std::string>(
      "--sql",
      [use = std::move(use)](const std::string& path) {
        const absl::StatusOr<std::string> name = UseSqlScript(path);
        if (!name.ok()) {
          throw CLI::ValidationError(std::string(name.status().message()));
        }
        use(*name);
      },
      "A script of SQL that is the store under test: its schema, its "
      "transactions and what always holds (docs/sql-dialect.md)");
}

void AddSqlOption(CLI::App* command) {
  AddSqlOption(command, [](const std::string& /*name*/) {});
}

CLI::Option* AddDriverOption(CLI::App* command, TrialOptions& trial,
                             std::function<void(const std::string&)> use) {
  return command->add_option_function<std::string>(
      "--driver",
      [&trial, use = std::move(use)](const std::string& program) {
        const absl::StatusOr<std::string> name =
            driven::UseDriver(program, trial);
        if (!name.ok()) {
          throw CLI::ValidationError(std::string(name.status().message()));
        }
        use(*name);
      },
      "A program in any language that has the store under test, and says "
      "what it does in lines of JSON (docs/driver-protocol.md)");
}

void AddDriverOption(CLI::App* command, TrialOptions& trial) {
  AddDriverOption(command, trial, [](const std::string& /*name*/) {});
}

void AddPlanOptions(CLI::App* command, WantedIdentity& wanted) {
  CLI::Option* const sql = AddSqlOption(
      command, [&](const std::string& name) { wanted.saver = name; });
  command
      ->add_option_function<std::uint64_t>(
          "--seed", [&](std::uint64_t seed) { wanted.seed = seed; },
          "Plans are a function of the seed (default 1)")
      ->check(WholeNumber(0));
  command
      ->add_option_function<std::string>(
          "--saver", [&](const std::string& name) { wanted.saver = name; },
          "The store under test: see `lastcommit savers` (default sqlite)")
      ->excludes(sql);
  command
      ->add_option_function<std::string>(
          "--engine",
          [&](const std::string& name) {
            wanted.engine = ParseEngineChoice(name);
          },
          "fork: real processes, real SIGKILL, real files; sim: a simulated "
          "disk; mixed (default): both")
      ->check(CLI::IsMember({"fork", "sim", "mixed"}));
  command
      ->add_option_function<std::string>(
          "--fault",
          [&](const std::string& name) {
            wanted.fault = ParseFaultChoice(name);
          },
          "kill: each plan has a kill at an I/O call; timed-kill: each has one "
          "by the clock; power-loss, io-error: each has one; none; mixed "
          "(default): all of them, but nothing by the clock")
      ->check(CLI::IsMember(
          {"kill", "timed-kill", "power-loss", "io-error", "none", "mixed"}));
  command
      ->add_option_function<std::string>(
          "--clients",
          [&](const std::string& word) { wanted.clients = ParseClients(word); },
          "How many connections work on one database: a number, or a range "
          "such as 2-3 (default 1-4); the plan chooses who goes on at each "
          "call. With --engine=fork each is a process")
      ->check(CLI::Validator(CheckClients, ""));
  command
      ->add_option_function<std::string>(
          "--schedule",
          [&](const std::string& name) {
            wanted.schedule = ParseScheduleKind(name);
          },
          "How clients take turns: random; few switches; round_robin; "
          "directed, inside of checkpoints, commits, opens and closes; plan, "
          "between steps only; free, as the kernel lets real processes run, "
          "which no plan can repeat: what is found is tried in turns (default: "
          "each plan has one of its own, "
          "but not free)")
      ->check(CLI::IsMember(
          {"random", "few", "round_robin", "directed", "plan", "free"}));
}

void AddRunOptions(CLI::App* command, RunOptions& options) {
  options.jobs = static_cast<int>(
      std::clamp(std::thread::hardware_concurrency(), 1U, unsigned{kMaxJobs}));
  command
      ->add_option_function<double>(
          "--seconds", [&](double s) { options.time_limit = absl::Seconds(s); },
          "End after that many seconds")
      ->check(Seconds());
  command
      ->add_option_function<std::uint64_t>(
          "--trials", [&](std::uint64_t n) { options.trial_limit = n; },
          "End after that many trials")
      ->check(WholeNumber(1));
  command
      ->add_option("--jobs", options.jobs,
                   "Worker processes (default: one a core)")
      ->check(CLI::Range(1, kMaxJobs));
  command
      ->add_option_function<double>(
          "--worker-timeout",
          [&](double s) { options.worker_timeout = absl::Seconds(s); },
          "Replace a worker that is at one execution of a plan for that many "
          "seconds (default 600)")
      ->check(Seconds());
  command->add_flag("--ledger", options.show_ledger,
                    "At the end also print what was exercised, and how often");
  AddTrialOptions(command, options.trial);
}

ExitCode EndOf(const absl::StatusOr<Summary>& summary) {
  if (!summary.ok()) return Report(summary.status());
  if (!summary->error.empty()) Report(absl::InternalError(summary->error));
  return WithWritten(summary->exit_code, summary->written);
}

}  // namespace lastcommit
