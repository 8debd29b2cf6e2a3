#include "judge/image_commands.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "judge/image_files.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using Json = nlohmann::json;

constexpr int kTick = 100;  // milliseconds

// ---- In the process of a task ----

volatile sig_atomic_t g_is_stopped = 0;
void Stop(int /*signal*/) { g_is_stopped = 1; }

// Whoever started it stops it with SIGTERM, and so does that one's death.
void ListenToParent() {
  struct sigaction action = {};
  action.sa_handler = Stop;
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGINT, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
}

absl::StatusOr<std::vector<CommandEnd>> RunOn(const ImageTask& task,
                                              const Rebuild& files,
                                              const std::string& directory,
                                              absl::Duration time) {
  const std::string printed = absl::StrCat(directory, "/printed");
  const std::string image = absl::StrCat(directory, "/files");
  std::error_code error;
  if (!std::filesystem::create_directory(directory, error)) {
    return absl::InternalError(absl::StrCat("cannot make ", directory));
  }
  RETURN_IF_ERROR(WriteWholeFile(printed, task.printed));
  RETURN_IF_ERROR(WriteImage(*task.image, files, image));
  std::vector<CommandEnd> ends;
  for (const std::string& command : task.commands) {
    CommandEnd end;
    if (!command.empty()) {
      ShellCommand shell;
      shell.command = command;
      shell.directory = image;
      shell.environment = {{"LASTCOMMIT_CRASH", task.crash},
                           {"LASTCOMMIT_CALL", absl::StrCat(task.call)},
                           {"LASTCOMMIT_PRINTED", printed}};
      shell.time = time;
      ASSIGN_OR_RETURN(end,
                       RunCommand(shell, [] { return g_is_stopped == 0; }));
    }
    ends.push_back(end);
    if (!end.is_success()) break;
  }
  return ends;
}

Json::binary_t BytesOf(const std::string& text) {
  return Json::binary_t({text.begin(), text.end()});
}

std::vector<std::uint8_t> Packed(
    const absl::StatusOr<std::vector<CommandEnd>>& ends) {
  Json json = Json::object();
  if (!ends.ok()) {
    json["error"] = BytesOf(std::string(ends.status().message()));
    return Json::to_cbor(json);
  }
  json["ends"] = Json::array();
  for (const CommandEnd& end : *ends) {
    json["ends"].push_back({{"how", static_cast<int>(end.how)},
                            {"status", end.status},
                            {"output", BytesOf(end.output)},
                            {"errors", BytesOf(end.errors)},
                            {"digest", end.digest},
                            {"size", end.size}});
  }
  return Json::to_cbor(json);
}

// Does not return.
void BecomeTask(const ImageTask& task, const Rebuild& files,
                const std::string& directory, absl::Duration time, int output) {
  const std::vector<std::uint8_t> packed =
      Packed(RunOn(task, files, directory, time));
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  for (std::size_t done = 0; done < packed.size();) {
    const ssize_t size =
        write(output, packed.data() + done, packed.size() - done);
    if (size <= 0 && errno != EINTR) _exit(1);
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  _exit(0);
}

// ---- In the process that starts them ----

std::string TextOf(const Json& bytes) {
  const Json::binary_t& binary = bytes.get_binary();
  return {binary.begin(), binary.end()};
}

absl::StatusOr<std::vector<CommandEnd>> Unpacked(
    const std::vector<std::uint8_t>& packed) {
  const Json json = Json::from_cbor(packed, /*strict=*/true,
                                    /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InternalError("a process that looked at a crash image died");
  }
  if (json.contains("error")) {
    return absl::InternalError(TextOf(json.at("error")));
  }
  std::vector<CommandEnd> ends;
  for (const Json& found : json.at("ends")) {
    CommandEnd end;
    end.how = static_cast<CommandEnd::How>(found.at("how").get<int>());
    end.status = found.at("status").get<int>();
    end.output = TextOf(found.at("output"));
    end.errors = TextOf(found.at("errors"));
    end.digest = found.at("digest").get<std::uint64_t>();
    end.size = found.at("size").get<std::int64_t>();
    ends.push_back(std::move(end));
  }
  return ends;
}

class Tasks {
 public:
  Tasks(const std::vector<ImageTask>& tasks, const Rebuild& files,
        const ImageTaskOptions& options)
      : tasks_(tasks), files_(files), options_(options), ends_(tasks.size()) {}
  ~Tasks() {
    for (const Running& running : running_) kill(running.child, SIGTERM);
    for (const Running& running : running_) {
      close(running.output);
      waitpid(running.child, nullptr, 0);
    }
  }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  absl::Status Run(const std::function<bool(std::size_t)>& goes_on) {
    while (done_ < tasks_.size()) {
      if (!goes_on(done_)) return absl::OkStatus();
      while (next_ < tasks_.size() &&
             running_.size() < static_cast<std::size_t>(options_.jobs)) {
        RETURN_IF_ERROR(Start());
      }
      RETURN_IF_ERROR(Wait());
    }
    return absl::OkStatus();
  }

  std::vector<ImageTaskEnd>& ends() { return ends_; }

 private:
  struct Running {
    std::size_t task = 0;
    pid_t child = 0;
    int output = -1;
    std::vector<std::uint8_t> packed;
  };

  absl::Status Start() {
    int pipe[2];
    if (pipe2(pipe, O_CLOEXEC) != 0) {
      return absl::ErrnoToStatus(errno, "cannot make a pipe");
    }
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
      ListenToParent();
      if (getppid() != parent) _exit(1);
      BecomeTask(tasks_[next_], files_,
                 absl::StrCat(options_.scratch, "/image-", next_),
                 options_.time, pipe[1]);
    }
    close(pipe[1]);
    if (child < 0) {
      close(pipe[0]);
      return absl::ErrnoToStatus(errno, "cannot fork");
    }
    running_.push_back({next_++, child, pipe[0], {}});
    return absl::OkStatus();
  }

  absl::Status Wait() {
    std::vector<pollfd> waits;
    for (const Running& running : running_) {
      waits.push_back({running.output, POLLIN, 0});
    }
    if (poll(waits.data(), waits.size(), kTick) < 0) return absl::OkStatus();
    for (std::size_t i = waits.size(); i-- > 0;) {
      if (waits[i].revents == 0) continue;
      std::uint8_t buffer[1 << 16];
      Running& running = running_[i];
      const ssize_t size = read(running.output, buffer, sizeof(buffer));
      if (size > 0) {
        running.packed.insert(running.packed.end(), buffer, buffer + size);
      } else if (size == 0 || errno != EINTR) {
        RETURN_IF_ERROR(Finish(i));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Finish(std::size_t i) {
    const Running running = std::move(running_[i]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    close(running.output);
    waitpid(running.child, nullptr, 0);
    ASSIGN_OR_RETURN(ends_[running.task], Unpacked(running.packed));
    ++done_;
    return absl::OkStatus();
  }

  const std::vector<ImageTask>& tasks_;
  const Rebuild& files_;
  const ImageTaskOptions& options_;
  std::vector<ImageTaskEnd> ends_;
  std::vector<Running> running_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<ImageTaskEnd>> RunTasks(
    const std::vector<ImageTask>& tasks, const Rebuild& files,
    const ImageTaskOptions& options,
    const std::function<bool(std::size_t)>& goes_on) {
  Tasks run(tasks, files, options);
  RETURN_IF_ERROR(run.Run(goes_on));
  return std::move(run.ends());
}

}  // namespace lastcommit
