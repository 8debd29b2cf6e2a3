#include "hand_loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "hand_store.h"
#include "status/status.h"
#include "threads/content.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

using WriteCall = ssize_t (*)(int, const void*, std::size_t, off64_t);
WriteCall g_write = nullptr;
std::int64_t g_writes_left = 0;

ssize_t WriteOrDie(int file, const void* bytes, std::size_t size,
                   off64_t offset) {
  if (--g_writes_left == 0) kill(getpid(), SIGKILL);
  return g_write(file, bytes, size, offset);
}

void DieAtWrite(std::int64_t n) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  g_writes_left = n;
  g_write = reinterpret_cast<WriteCall>(vfs->xGetSystemCall(vfs, "pwrite64"));
  vfs->xSetSystemCall(vfs, "pwrite64",
                      reinterpret_cast<sqlite3_syscall_ptr>(WriteOrDie));
}

void CopyFile(const std::string& from, const std::string& to) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return;  // there is none
  const int out =
      open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  while (sendfile(out, in, nullptr, 1 << 24) > 0) {
  }
  close(in);
  close(out);
}

void RemoveDatabase(const std::string& directory) {
  for (const char* name :
       {"/state.db", "/state.db-wal", "/state.db-shm", "/state.db-journal"}) {
    unlink((directory + name).c_str());
  }
  rmdir(directory.c_str());
}

void RunProgram(const std::vector<HandCall>& calls, const std::string& path,
                const Profile& profile) {
  HandStore store(path, profile);
  for (const HandCall& call : calls) store.Run(call);
}

void RecoverAndCheck(const std::string& database, const std::string& copy,
                     const Profile& profile,
                     const std::vector<HandCall>& probe) {
  mkdir(copy.c_str(), S_IRWXU);
  for (const char* name : {"/state.db", "/state.db-wal", "/state.db-journal"}) {
    CopyFile(database + name, copy + name);
  }
  std::int64_t sum = CheckByPlainSql(copy + "/state.db");
  RemoveDatabase(copy);
  {
    HandStore store(database + "/state.db", profile);
    sum += store.ReadThreads();
    HandCall control;
    control.kind = StepKind::kBegin;
    store.Run(control);
    for (const HandCall& call : probe) store.Run(call);
    control.kind = StepKind::kCommit;
    store.Run(control);
  }
  mkdir(copy.c_str(), S_IRWXU);
  CopyFile(database + "/state.db", copy + "/state.db");
  sum += CheckByPlainSql(copy + "/state.db");
  HandStore store(database + "/state.db", profile);
  sum += store.ReadThreads();
  if (sum == 0) _exit(1);
}

using threads::Kind;

bool IsBlob(Kind kind) {
  return kind == Kind::kPutBlob || kind == Kind::kStreamBlob;
}

void Fill(const Operation& operation, HandCall& call) {
  const threads::Arguments step = threads::ArgumentsOf(operation);
  call.operation = threads::KindOf(operation);
  call.thread = threads::ThreadName(step.thread);
  call.ns = threads::NamespaceName(step.ns);
  call.id = IsBlob(call.operation) ? threads::BlobName(step.id)
                                   : threads::CheckpointName(step.id);
  call.task = threads::TaskName(step.task);
  if (step.parent >= 0) call.parent = threads::CheckpointName(step.parent);
  if (call.operation == Kind::kPutCheckpoint) {
    threads::CheckpointContent content = threads::CheckpointOf(step);
    call.type = std::move(content.type);
    call.bytes = std::move(content.state);
    call.metadata = std::move(content.metadata);
  } else if (call.operation == Kind::kPutWrite) {
    const saver::PendingWrite write = threads::WritesOf(step).front();
    call.type = write.type;
    call.bytes = write.bytes;
    call.metadata = write.channel;
  } else if (IsBlob(call.operation)) {
    call.bytes = ContentBytes(step.content);
  } else if (call.operation == Kind::kCreateTask) {
    call.payloads = {threads::TaskPayloadOf(step)};
  } else {
    call.payloads = threads::LogPayloadsOf(step);
  }
}

HandCall CallFor(const Step& step) {
  HandCall call;
  call.kind = step.kind;
  call.up = step.up;
  call.mode = step.mode;
  if (IsOperation(step.kind)) Fill(step.operation, call);
  return call;
}

// What the transaction writes that ForkTrial tries after recovery.
std::vector<HandCall> ProbeCalls() {
  std::vector<HandCall> calls;
  for (const Operation& operation : threads::kVocabulary.probe()) {
    calls.push_back(CallFor(StepOf(operation)));
  }
  return calls;
}

bool IsKnown(const Step& step) {
  if (step.kind == StepKind::kReopen) return false;
  if (!IsOperation(step.kind)) return true;
  switch (threads::KindOf(step.operation)) {
    case Kind::kPutCheckpoint:
    case Kind::kPutWrite:
    case Kind::kAppendLog:
    case Kind::kAppendLogs:
    case Kind::kCreateTask:
    case Kind::kPutBlob:
      return true;
    default:  // stream_blob: in one piece only
      return false;
  }
}

// Runs `function` in a child; its wait status.
template <typename Function>
absl::StatusOr<int> InChild(Function function) {
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    function();
    _exit(0);
  }
  int wait_status = 0;
  if (waitpid(child, &wait_status, 0) != child) {
    return absl::ErrnoToStatus(errno, "waitpid");
  }
  return wait_status;
}

}  // namespace

absl::StatusOr<HandLoop> HandLoop::Create(const Plan& plan,
                                          const std::string& directory) {
  if (plan.rounds.size() != 1 || !CrashStep(plan.rounds.front()).has_value()) {
    return absl::InvalidArgumentError("not a plan of one round with a crash");
  }
  HandLoop loop;
  loop.profile_ = plan.profile;
  loop.directory_ = directory + "/hand";
  for (const Step& step : plan.rounds.front().steps) {
    if (!IsKnown(step)) {
      return absl::InvalidArgumentError("the hand loop has no step " +
                                        std::string(NameOf(step)));
    }
    if (step.kind == StepKind::kOpen || step.kind == StepKind::kClose) continue;
    loop.calls_.push_back(CallFor(step));
  }
  return loop;
}

absl::Status HandLoop::RunOnce() {
  static const std::vector<HandCall> probe = ProbeCalls();
  const std::string database = directory_ + "/db";
  const std::string copy = directory_ + "/copy";
  mkdir(directory_.c_str(), S_IRWXU);
  mkdir(database.c_str(), S_IRWXU);
  ASSIGN_OR_RETURN(const int killed, InChild([&] {
                     DieAtWrite(kill_at_write_);
                     RunProgram(calls_, database + "/state.db", profile_);
                   }));
  ASSIGN_OR_RETURN(const int recovered, InChild([&] {
                     RecoverAndCheck(database, copy, profile_, probe);
                   }));
  RemoveDatabase(copy);
  RemoveDatabase(database);
  rmdir(directory_.c_str());
  if (!WIFSIGNALED(killed) || WTERMSIG(killed) != SIGKILL) {
    return absl::InternalError(
        "the hand loop was not killed: does this SQLite call pwrite64?");
  }
  if (!WIFEXITED(recovered) || WEXITSTATUS(recovered) != 0) {
    return absl::InternalError("the hand loop did not recover");
  }
  return absl::OkStatus();
}

}  // namespace lastcommit
