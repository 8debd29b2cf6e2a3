#include "disk/real_process.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <map>

#include "absl/strings/str_cat.h"
#include "disk/call_replay.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

constexpr int kSurprised = 3;

// The saver's side.
[[noreturn]] void RunAndDie(const std::string& path,
                            const std::vector<std::string>& statements,
                            int expected, SystemCallObserver* observer) {
  if (!InstallSystemCalls(observer).ok()) _exit(kSurprised);
  sqlite3* connection = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &connection,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix");
  if (opened != SQLITE_OK && opened == expected) kill(getpid(), SIGKILL);
  for (const std::string& sql : statements) {
    const int result =
        sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    const bool is_last = &sql == &statements.back();
    if (result != (is_last ? expected : SQLITE_OK)) {
      std::fprintf(stderr, "%s: %d %s\n", sql.c_str(), result,
                   sqlite3_errmsg(connection));
      _exit(kSurprised);
    }
  }
  kill(getpid(), SIGKILL);
  _exit(kSurprised);
}

std::string Print(const LoggedCall& call, const std::string& file) {
  switch (call.kind) {
    case SystemCallKind::kOpen:
      return "open " + file;
    case SystemCallKind::kWrite:
      return absl::StrCat("write ", file, " ", call.offset, "+",
                          call.bytes.size());
    case SystemCallKind::kTruncate:
      return absl::StrCat("truncate ", file, " ", call.offset);
    case SystemCallKind::kSync:
      return "sync " + file;
    case SystemCallKind::kUnlink:
      return "unlink " + file;
    default:
      return "";
  }
}

}  // namespace

RealProcess::RealProcess()
    : path_(std::filesystem::canonical(directory_.path()).string()),
      log_(*CallLog::Create()),
      storage_(Storage::Options()) {}

void RealProcess::Run(const std::vector<std::string>& statements, int result,
                      const Wrap& wrap) {
  log_->Clear();
  const pid_t child = fork();
  if (child == 0) {
    CallRecorder recorder(path_, *log_);
    RunAndDie(absl::StrCat(path_, "/x"), statements, result,
              wrap ? wrap(&recorder) : &recorder);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

void RealProcess::RunAndReplay(const std::vector<std::string>& statements) {
  Run(statements);
  ASSERT_THAT(Replay(*log_, path_, storage_), IsOk());
}

std::vector<std::string> RealProcess::Calls() const {
  std::vector<std::string> calls;
  std::map<int, std::string> names;
  for (const LoggedCall& call : log_->Calls()) {
    std::string name(call.name);
    if (call.kind == SystemCallKind::kOpen) {
      if (name.empty()) name = "directory";
      names[call.descriptor] = name;
    } else if (call.descriptor >= 0) {
      name = names[call.descriptor];
    }
    if (const std::string text = Print(call, name); !text.empty()) {
      calls.push_back(text);
    }
  }
  return calls;
}

}  // namespace lastcommit
