// What it costs a program to be recorded: the same system calls with the
// recorder and without it, in turns, and the difference for each call.
//
// The program that is recorded is this one. Exit code 2 for bad arguments, 3
// when something failed. The time is never judged here.

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "harness.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kFile[] = "file";
constexpr std::array<const char*, 5> kKinds = {"write", "truncate", "sync",
                                               "lock", "unlink"};

struct Settings {
  std::string program;  // that is recorded: this one
  std::string kind;     // only that; "": all
  int calls = 5000;
  int pairs = 5;
  bool is_recorded = false;
};

// ---- What is recorded ----

bool WritePage(int file, int i) {
  static const std::array<char, 4096> page = {};
  constexpr int kPages = 64;
  const auto size = static_cast<ssize_t>(page.size());
  return pwrite(file, page.data(), page.size(), i % kPages * size) == size;
}

bool SetLock(int file, int i) {
  struct flock lock = {};
  lock.l_type = i % 2 == 0 ? F_WRLCK : F_UNLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  return fcntl(file, F_SETLK, &lock) == 0;
}

// Every second call makes what the next one takes away.
bool MakeOrUnlink(int i) {
  constexpr char kOther[] = "other";
  if (i % 2 == 1) return unlink(kOther) == 0;
  const int other = open(kOther, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  return other >= 0 && close(other) == 0;
}

bool Call(std::string_view kind, int file, int i) {
  if (kind == "write") return WritePage(file, i);
  if (kind == "truncate") return ftruncate(file, i % 2 * 4096) == 0;
  if (kind == "sync") return fdatasync(file) == 0;
  if (kind == "lock") return SetLock(file, i);
  return MakeOrUnlink(i);
}

absl::Status BeRecorded(const Settings& settings) {
  const int file = open(kFile, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return absl::ErrnoToStatus(errno, kFile);
  const auto closes = absl::MakeCleanup([file] { close(file); });
  for (int i = 0; i < settings.calls; ++i) {
    if (!Call(settings.kind, file, i)) {
      return absl::ErrnoToStatus(errno, settings.kind);
    }
  }
  return absl::OkStatus();
}

// ---- With the recorder and without it ----

std::vector<std::string> CommandOf(const Settings& settings,
                                   const std::string& kind) {
  return {settings.program, "--recorded", absl::StrCat("--kind=", kind),
          absl::StrCat("--calls=", settings.calls)};
}

absl::Status RunAlone(const std::vector<std::string>& command,
                      const std::string& directory) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto destroys = absl::MakeCleanup(
      [&actions] { posix_spawn_file_actions_destroy(&actions); });
  posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
  pid_t child = 0;
  if (const int error = posix_spawn(&child, arguments[0], &actions, nullptr,
                                    arguments.data(), environ);
      error != 0) {
    return absl::ErrnoToStatus(error, command.front());
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0) {
    return absl::InternalError("the program failed");
  }
  return absl::OkStatus();
}

absl::Status RunRecorded(const std::vector<std::string>& command,
                         const std::string& directory, int calls) {
  RecordOptions options;
  options.command = command;
  options.directory = directory + "/files";
  options.recording = directory + "/recording";
  options.ack = directory + "/ack";
  options.time = absl::Minutes(10);
  ASSIGN_OR_RETURN(
      const RecordingEnd end,
      RecordProgram(options, [](const RecordProgress&) { return true; }));
  if (end.calls < static_cast<std::uint64_t>(calls)) {
    return absl::InternalError("not all calls were recorded");
  }
  return absl::OkStatus();
}

absl::Status Measure(const Settings& settings, const std::string& kind) {
  const std::vector<std::string> command = CommandOf(settings, kind);
  std::vector<double> wall;
  std::vector<double> cpu;
  std::vector<double> alone_wall;
  for (int pair = 0; pair < settings.pairs; ++pair) {
    ASSIGN_OR_RETURN(const TemporaryDirectory directory,
                     TemporaryDirectory::Make("/tmp"));
    std::filesystem::create_directory(directory.path() + "/alone");
    std::filesystem::create_directory(directory.path() + "/files");
    Spent alone;
    RETURN_IF_ERROR(alone.Time(
        [&] { return RunAlone(command, directory.path() + "/alone"); }));
    Spent recorded;
    RETURN_IF_ERROR(recorded.Time([&] {
      return RunRecorded(command, directory.path(), settings.calls);
    }));
    const auto each = [&](double seconds) {
      return seconds * 1e6 / settings.calls;
    };
    alone_wall.push_back(each(alone.wall));
    wall.push_back(each(recorded.wall - alone.wall));
    cpu.push_back(each(recorded.cpu - alone.cpu));
  }
  std::printf("%-9s %8.1f %8.1f %8.1f\n", kind.c_str(), Median(alone_wall),
              Median(wall), Median(cpu));
  return absl::OkStatus();
}

absl::StatusOr<bool> Run(const Settings& settings) {
  if (settings.is_recorded) {
    RETURN_IF_ERROR(BeRecorded(settings));
    return true;
  }
  std::printf(
      "us a call, the median of %d: alone, and what recording adds\n"
      "%-9s %8s %8s %8s\n",
      settings.pairs, "", "alone", "wall", "cpu");
  for (const char* const kind : kKinds) {
    if (!settings.kind.empty() && settings.kind != kind) continue;
    RETURN_IF_ERROR(Measure(settings, kind));
  }
  return true;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  settings.program = std::filesystem::read_symlink("/proc/self/exe");
  CLI::App app("What a recorded call costs the program");
  app.add_option("--kind", settings.kind, "Only this kind of call (all)")
      ->check(CLI::IsMember(std::vector<std::string>(
          lastcommit::kKinds.begin(), lastcommit::kKinds.end())));
  app.add_option("--calls", settings.calls, "Calls of each kind")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--pairs", settings.pairs, "Turns")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_flag("--recorded", settings.is_recorded)->group("");
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::Run(settings); });
}
