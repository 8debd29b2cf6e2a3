#include "explain/step_words.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
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

std::string CheckpointPath(const Step& step) {
  return absl::StrCat(Quoted(ThreadName(step.thread)), " / ",
                      Quoted(NamespaceName(step.ns)), " / ",
                      Quoted(CheckpointName(step.id)));
}

std::string CheckpointArguments(const Step& step) {
  return absl::StrCat(
      CheckpointPath(step), ", ",
      step.parent < 0
          ? ""
          : absl::StrCat("parent ", Quoted(CheckpointName(step.parent)), ", "),
      Bytes(step.content), step.invalid_at < 0 ? "" : ", metadata is not JSON");
}

// "task-0" #1 to #3, those that are there replaced
std::string WriteArguments(const Step& step) {
  const int count = step.kind == StepKind::kPutWrite ? 1 : step.count;
  return absl::StrCat(
      Quoted(TaskName(step.task)), " #", step.idx,
      count == 1 ? "" : absl::StrCat(" to #", step.idx + count - 1),
      step.replace == 0 ? "" : ", replacing");
}

std::string UpdateArguments(const Step& step) {
  return absl::StrCat(
      Word(step.state),
      step.stale == 0
          ? ""
          : absl::StrCat(", expecting a version ", step.stale, " too low"),
      step.replace == 0 ? "" : ", " + Bytes(step.content),
      step.replace == 0 || step.invalid_at < 0 ? "" : ", not JSON");
}

std::string ListArguments(const Step& step) {
  return absl::StrCat(
      Quoted(ThreadName(step.thread)), " / ", Quoted(NamespaceName(step.ns)),
      step.filter < 0 ? "" : absl::StrCat(", those with ", step.filter),
      step.before < 0 ? ""
                      : ", older than " + Quoted(CheckpointName(step.before)),
      step.limit == 0 ? "" : absl::StrCat(", at most ", step.limit));
}

std::string Level(const Step& step) {
  return step.level == LogLevel::kInfo ? "" : ", level " + Word(step.level);
}

}  // namespace

std::string ArgumentsInWords(const Step& step) {
  std::string thread = Quoted(ThreadName(step.thread));
  switch (step.kind) {
    case StepKind::kPutCheckpoint:
      return CheckpointArguments(step);
    case StepKind::kPutWrite:
    case StepKind::kPutWrites:
      return absl::StrCat(CheckpointPath(step), ", ", WriteArguments(step),
                          ", ", Bytes(step.content));
    case StepKind::kCommitStep:
      return absl::StrCat(CheckpointArguments(step), ", with ",
                          WriteArguments(step));
    case StepKind::kPrune:
      return absl::StrCat(thread, " / ", Quoted(NamespaceName(step.ns)),
                          ", all but ", step.keep);
    case StepKind::kListCheckpoints:
      return ListArguments(step);
    case StepKind::kCreateTask:
      return absl::StrCat(thread, " / ", Quoted(TaskName(step.task)), ", ",
                          Bytes(step.content),
                          step.invalid_at < 0 ? "" : ", not JSON");
    case StepKind::kUpdateTask:
      return absl::StrCat(thread, " / ", Quoted(TaskName(step.task)), ", ",
                          UpdateArguments(step));
    case StepKind::kAppendLog:
      return absl::StrCat(thread, ", ", Bytes(step.content), Level(step),
                          step.invalid_at < 0 ? "" : ", not JSON");
    case StepKind::kAppendLogs:
      return absl::StrCat(
          thread, ", ", step.count, " entries of ", Bytes(step.content),
          Level(step),
          step.invalid_at < 0
              ? ""
              : absl::StrCat(", entry ", step.invalid_at + 1, " is not JSON"));
    case StepKind::kPutBlob:
      return absl::StrCat(thread, " / ", Quoted(BlobName(step.id)), ", ",
                          Bytes(step.content));
    case StepKind::kStreamBlob:
      return absl::StrCat(thread, " / ", Quoted(BlobName(step.id)), ", ",
                          Bytes(step.content), " in pieces of ", step.chunk);
    case StepKind::kDeleteThread:
      return thread;
    case StepKind::kRollbackTo:
      return step.up == 0 ? "the innermost savepoint"
                          : absl::StrCat("the savepoint ", step.up,
                                         " further out than the innermost");
    case StepKind::kWalCheckpoint:
      return Word(step.mode);
    case StepKind::kJournalMode:
      return Word(step.journal_mode);
    case StepKind::kUnlink:
      return absl::StrCat("the ", Word(step.file), " file, by another program");
    default:
      return "";
  }
}

}  // namespace lastcommit
