#include "campaign/story.h"

#include <sqlite3.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plan/content.h"

namespace lastcommit {
namespace {

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::CHexEscape(name), "\"");
}

template <typename Enum>
std::string Word(Enum value) {
  return std::string(Name(value));
}

std::string Bytes(const Content& content) {
  return absl::StrCat(content.size, " bytes (seed ", content.seed, ")");
}

std::string Arguments(const Step& step) {
  std::string thread = Quoted(ThreadName(step.thread));
  switch (step.kind) {
    case StepKind::kPutCheckpoint:
      return absl::StrCat(
          thread, " / ", Quoted(NamespaceName(step.ns)), " / ",
          Quoted(CheckpointName(step.id)), ", ",
          step.parent < 0
              ? ""
              : absl::StrCat("parent ", Quoted(CheckpointName(step.parent)),
                             ", "),
          Bytes(step.content),
          step.invalid_at < 0 ? "" : ", metadata is not JSON");
    case StepKind::kAppendLog:
      return absl::StrCat(thread, ", ", Bytes(step.content),
                          step.invalid_at < 0 ? "" : ", not JSON");
    case StepKind::kAppendLogs:
      return absl::StrCat(
          thread, ", ", step.count, " entries of ", Bytes(step.content),
          step.invalid_at < 0
              ? ""
              : absl::StrCat(", entry ", step.invalid_at + 1, " is not JSON"));
    case StepKind::kPutBlob:
      return absl::StrCat(thread, " / ", Quoted(BlobName(step.id)), ", ",
                          Bytes(step.content));
    case StepKind::kDeleteThread:
      return thread;
    case StepKind::kRollbackTo:
      return step.up == 0 ? "the innermost savepoint"
                          : absl::StrCat("the savepoint ", step.up,
                                         " further out than the innermost");
    case StepKind::kWalCheckpoint:
      return Word(step.mode);
    default:
      return "";
  }
}

std::string CrashMark(const CrashPoint& crash) {
  if (crash.io == 0) return "   <== KILLED before it begins";
  return absl::StrCat("   <== KILLED ", Word(crash.moment), " I/O call ",
                      crash.io);
}

void AppendRound(const Round& round, std::string& text) {
  bool is_dead = false;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const Step& step = round.steps[i];
    std::string line =
        absl::StrFormat("  %4d  %-15s %s", i, Word(step.kind), Arguments(step));
    if (is_dead) absl::StrAppend(&line, "   (only if the kill comes later)");
    if (step.crash.has_value()) {
      absl::StrAppend(&line, CrashMark(*step.crash));
      is_dead = true;
    }
    while (line.ends_with(' ')) line.pop_back();
    absl::StrAppend(&text, line, "\n");
  }
}

}  // namespace

std::string ReadableProgram(const Plan& plan) {
  const Profile& profile = plan.profile;
  std::string text = absl::StrCat(
      "saver ", absl::CHexEscape(plan.saver), ", engine ", Word(plan.engine),
      "\njournal_mode=", Word(profile.journal_mode),
      " synchronous=", Word(profile.synchronous),
      " page_size=", profile.page_size, " cache_size=",
      profile.cache_size == 0 ? "default" : absl::StrCat(profile.cache_size),
      " wal_autocheckpoint=", profile.wal_autocheckpoint, "\n");
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    absl::StrAppend(&text, "round ", r + 1, "\n");
    AppendRound(plan.rounds[r], text);
  }
  absl::StrAppend(&text, "then: recover, compare with the model\n");
  return text;
}

std::string TesterVersion() { return "lastcommit " LASTCOMMIT_VERSION; }

std::string SqliteUnderTest() {
  return absl::StrCat("SQLite ", sqlite3_libversion(), " (", sqlite3_sourceid(),
                      ")");
}

}  // namespace lastcommit
