#include "saver/process.h"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include "absl/strings/str_cat.h"

namespace lastcommit::saver {
namespace {

// getpid() is a system call. What it answers changes by fork() alone, whose
// child asks again; a child of a bare clone() is not seen.
std::atomic<pid_t> g_process = 0;

// Those that are open, and those that a child has inherited.
std::mutex g_mutex;
OpenInProcess* g_first = nullptr;

// A thread that forks must not leave the mutex locked in the child by another.
void WatchForks() {
  static std::once_flag once;
  std::call_once(once, [] {
    g_process = getpid();
    pthread_atfork([] { g_mutex.lock(); }, [] { g_mutex.unlock(); },
                   [] {
                     g_process = getpid();
                     g_mutex.unlock();
                   });
  });
}

pid_t ThisProcess() {
  WatchForks();
  return g_process;
}

}  // namespace

absl::Status CheckIsNotInherited(const std::string& path) {
  const pid_t process = ThisProcess();
  struct stat file = {};
  if (stat(path.c_str(), &file) != 0) return absl::OkStatus();
  const std::lock_guard<std::mutex> lock(g_mutex);
  for (const OpenInProcess* open = g_first; open != nullptr;
       open = open->next_) {
    if (open->process_ != process && open->inode_ == file.st_ino &&
        open->device_ == file.st_dev) {
      return absl::FailedPreconditionError(absl::StrCat(
          path, ": a saver of it was open when this process was forked"));
    }
  }
  return absl::OkStatus();
}

OpenInProcess::OpenInProcess(const std::string& path)
    : process_(ThisProcess()) {
  struct stat file = {};
  if (stat(path.c_str(), &file) == 0) {
    device_ = file.st_dev;
    inode_ = file.st_ino;
  }
  const std::lock_guard<std::mutex> lock(g_mutex);
  next_ = g_first;
  if (next_ != nullptr) next_->previous_ = this;
  g_first = this;
}

OpenInProcess::~OpenInProcess() {
  const std::lock_guard<std::mutex> lock(g_mutex);
  (previous_ == nullptr ? g_first : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

bool OpenInProcess::IsHere() const {
  return process_ == g_process.load(std::memory_order_relaxed);
}

absl::Status WasInherited() {
  return absl::FailedPreconditionError(
      "the saver was opened by another process, before a fork()");
}

}  // namespace lastcommit::saver
