#include "cli/verify_command.h"

#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "cli/command.h"
#include "output/junit_file.h"
#include "output/shown.h"
#include "output/version.h"
#include "status/status.h"
#include "verify/verification.h"
#include "verify/verification_json.h"

namespace lastcommit {
namespace {

struct VerifyCommand {
  std::vector<std::string> databases;
  bool is_json = false;
  std::string junit_path;
  VerifyOptions verify;
};

// One database of the call: the verdict, or what kept the tester from one.
struct Outcome {
  std::string database;
  Verification verification;
  ExitCode code = ExitCode::kHeld;
};

constexpr int kJsonSchema = 1;
constexpr char kSuite[] = "lastcommit.verify";  // of JUnit's XML

ExitCode CodeOf(Soundness soundness) {
  switch (soundness) {
    case Soundness::kOk:
      return ExitCode::kHeld;
    case Soundness::kWarning:
      return ExitCode::kNotExercised;
    case Soundness::kDamaged:
      return ExitCode::kViolated;
    case Soundness::kCannotCheck:
      break;
  }
  return ExitCode::kUsage;
}

// What is known to be damaged is the worst, then what nothing is known of.
bool IsWorse(ExitCode a, ExitCode b) {
  constexpr ExitCode kFromBest[] = {ExitCode::kHeld, ExitCode::kNotExercised,
                                    ExitCode::kUsage, ExitCode::kTesterFailed,
                                    ExitCode::kViolated};
  const auto rank = [&](ExitCode code) {
    return std::find(std::begin(kFromBest), std::end(kFromBest), code);
  };
  return rank(a) > rank(b);
}

Outcome CannotCheck(const std::string& database, const std::string& why,
                    ExitCode code) {
  Outcome outcome = {database, {}, code};
  outcome.verification.soundness = Soundness::kCannotCheck;
  outcome.verification.summary = why;
  return outcome;
}

Outcome Check(const std::string& database, const VerifyOptions& options) {
  if (database == "-") {
    return CannotCheck(database,
                       "-: a database is not read from standard input, since "
                       "its WAL and its journal are part of it (./- is a file)",
                       ExitCode::kUsage);
  }
  const absl::StatusOr<Verification> result = Verify(database, options);
  if (result.ok()) return {database, *result, CodeOf(result->soundness)};
  // The directory for the copy is the caller's choice, the rest is the
  // tester's.
  const bool is_usage = absl::IsNotFound(result.status()) ||
                        absl::IsPermissionDenied(result.status());
  return CannotCheck(database, std::string(result.status().message()),
                     is_usage ? ExitCode::kUsage : ExitCode::kTesterFailed);
}

// Facts and damage are shown under what they are about, the rest under what it
// is worth.
std::string LabelOf(const Remark& remark) {
  switch (remark.level) {
    case RemarkLevel::kNote:
      return "note";
    case RemarkLevel::kWarning:
      return "WARNING";
    case RemarkLevel::kUnchecked:
      return "not checked";
    case RemarkLevel::kFact:
    case RemarkLevel::kDamage:
      break;
  }
  return remark.about;
}

void PrintRemarks(const Verification& verification) {
  for (const Remark& remark : verification.remarks) {
    std::printf("%-13s %s\n", (LabelOf(remark) + ":").c_str(),
                remark.text.c_str());
  }
}

void PrintVerdict(const Verification& verification) {
  std::printf("%s: %s\n", Word(verification.soundness).c_str(),
              verification.summary.c_str());
}

// The worst of several, and how many of each there are.
void PrintWorst(const std::vector<Outcome>& outcomes, const Outcome& worst) {
  std::map<Soundness, int> counts;
  for (const Outcome& outcome : outcomes) {
    ++counts[outcome.verification.soundness];
  }
  std::string text = absl::StrCat(outcomes.size(), " databases");
  const char* separator = ": ";
  for (const auto& [soundness, count] : counts) {
    absl::StrAppend(&text, separator, count, " ", Word(soundness));
    separator = ", ";
  }
  std::printf("%s: %s\n", Word(worst.verification.soundness).c_str(),
              text.c_str());
}

void PrintJson(const std::vector<Outcome>& outcomes, const Outcome& worst) {
  nlohmann::json files = nlohmann::json::array();
  for (const Outcome& outcome : outcomes) {
    nlohmann::json file = ToJson(outcome.verification);
    file["database"] = Shown(outcome.database);
    file["exit_code"] = static_cast<int>(outcome.code);
    files.push_back(std::move(file));
  }
  const nlohmann::json all = {{"schema", kJsonSchema},
                              {"sqlite_version", sqlite3_libversion()},
                              {"verdict", Word(worst.verification.soundness)},
                              {"exit_code", static_cast<int>(worst.code)},
                              {"databases", files}};
  std::printf("%s\n", all.dump(2).c_str());
}

absl::Status WriteJUnit(const std::string& path,
                        const std::vector<Outcome>& outcomes) {
  std::vector<JUnitCase> cases;
  for (const Outcome& outcome : outcomes) {
    const Verification& verification = outcome.verification;
    cases.push_back({outcome.database, outcome.code,
                     absl::StrCat(Word(verification.soundness), ": ",
                                  verification.summary)});
    for (const Remark& remark : verification.remarks) {
      absl::StrAppend(&cases.back().text, "\n", LabelOf(remark), ": ",
                      remark.text);
    }
  }
  return WriteJUnitFile(path, kSuite, cases);
}

absl::StatusOr<ExitCode> Run(VerifyCommand command) {
  RETURN_IF_ERROR(
      PrepareJUnitFile(command.junit_path, kSuite, command.databases.front()));
  const Interrupts interrupts;
  ProgressLine progress(/*is_shown=*/true);
  command.verify.keep_going = [&](const std::string& doing) {
    if (progress.Elapsed() > absl::Seconds(2)) progress.Show(doing);
    return !Interrupts::AreRaised();
  };
  std::vector<Outcome> outcomes;
  for (const std::string& database : command.databases) {
    if (!command.is_json) {
      std::printf("lastcommit verify %s; %s\n", Shown(database).c_str(),
                  SqliteUnderTest().c_str());
    }
    std::fflush(stdout);  // or the child prints it too
    outcomes.push_back(Check(database, command.verify));
    progress.Finish();
    if (command.is_json) continue;
    PrintRemarks(outcomes.back().verification);
    PrintVerdict(outcomes.back().verification);
  }
  const Outcome& worst = *std::max_element(
      outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) {
        return IsWorse(b.code, a.code);
      });
  if (command.is_json) {
    PrintJson(outcomes, worst);
  } else if (outcomes.size() > 1) {
    PrintWorst(outcomes, worst);
  }
  return WithWritten(worst.code, WriteJUnit(command.junit_path, outcomes));
}

}  // namespace

void AddVerify(CLI::App& app, ExitCode& code) {
  CLI::App* subcommand = app.add_subcommand(
      "verify", "Check any SQLite database, without changing a byte of it");
  const auto command = std::make_shared<VerifyCommand>();
  subcommand
      ->add_option("database", command->databases,
                   "The database files; a WAL or a journal is found beside its "
                   "database")
      ->required();
  subcommand->add_flag("--json", command->is_json,
                       "Print one object of JSON instead (see "
                       "docs/results-format.md)");
  subcommand->add_option("--junit", command->junit_path,
                         "Write the outcome as JUnit's XML to this file");
  subcommand->add_option("--dir", command->verify.directory,
                         "Where it is copied to, with its WAL and its journal, "
                         "and checked (default:\nthe directory for temporary "
                         "files)");
  CheckLimits& limits = command->verify.limits;
  subcommand
      ->add_option_function<std::int64_t>(
          "--seconds",
          [&limits](const std::int64_t& seconds) {
            limits.seconds = seconds;
            limits.seconds_per_mib = 0;
          },
          absl::StrCat("How long a check may take (default: ", limits.seconds,
                       ", and ", limits.seconds_per_mib, " for each MiB)"))
      ->check(CLI::Range(1, 1'000'000));
  subcommand
      ->add_option_function<std::int64_t>(
          "--memory-mib",
          [&limits](const std::int64_t& mib) {
            limits.memory_mib = limits.max_memory_mib = mib;
            limits.memory_mib_per_mib = 0;
          },
          absl::StrCat("How much memory it may take (default: ",
                       limits.memory_mib, ", and ", limits.memory_mib_per_mib,
                       " for each\nMiB, at most ", limits.max_memory_mib, ")"))
      ->check(CLI::Range(16, 1'000'000));
  subcommand->footer(
      "integrity_check, foreign_key_check, the own checks of FTS and R-Tree "
      "tables, the WAL frame by\nframe, the journal, the schema; in a database "
      "of lastcommit's saver each digest.\nThe last line begins with OK, "
      "WARNING, DAMAGED or CANNOT CHECK.\n\nA database that another program "
      "has open is checked as it stood between two writes;\nif it writes all "
      "the time, there is no such copy.\n\nExit codes: 0 intact; 1 damaged; 2 "
      "it, or a part of it, cannot be checked (no such file, no\ndatabase, "
      "changed all the time, of a newer SQLite); 3 the tester itself failed "
      "(no "
      "room for the\ncopy); 4 intact, but commits are lost or will be (see the "
      "WARNING). Of several databases the worst\ncounts: 1, 3, 2, 4, 0.");
  subcommand->callback([command, &code] { code = Checked(Run, *command); });
}

}  // namespace lastcommit
