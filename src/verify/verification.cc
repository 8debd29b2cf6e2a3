#include "verify/verification.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "disk/confined_vfs.h"
#include "output/shown.h"
#include "status/status.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"
#include "verify/checks.h"
#include "verify/report.h"
#include "verify/surroundings.h"
#include "verify/verification_json.h"

namespace lastcommit {
namespace {

// What a child sends: a Verification as JSON, or kError, the code and the
// message of an error.
constexpr char kError = 'E';

std::string Packed(const absl::StatusOr<Verification>& result) {
  if (result.ok()) return ToJson(*result).dump();
  return absl::StrCat(std::string(1, kError),
                      static_cast<int>(result.status().code()), " ",
                      Shown(std::string(result.status().message())));
}

absl::StatusOr<Verification> Unpacked(const std::string& text) {
  if (text.empty()) return absl::InternalError("the check said nothing");
  if (text.front() != kError) return VerificationFromJson(text);
  const std::size_t space = text.find(' ');
  return absl::Status(
      static_cast<absl::StatusCode>(std::atoi(text.c_str() + 1)),
      text.substr(space + 1));
}

Verification Refused(std::string why) {
  Verification verification;
  verification.soundness = Soundness::kCannotCheck;
  verification.summary = std::move(why);
  return verification;
}

// Whatever the copy says, nothing outside its directory is touched, and the
// limits hold.
absl::StatusOr<Verification> CheckConfined(const CopyToCheck& copy,
                                           const CheckBounds& bounds) {
  RETURN_IF_ERROR(ConfineSqlite(copy.directory));
  KeepTo(bounds);
  absl::StatusOr<Verification> result = CheckCopy(copy);
  std::string exceeded = WhatWasExceeded(result.status(), bounds);
  if (!exceeded.empty()) return Refused(std::move(exceeded));
  return result;
}

// A child that checks a copy. It ends with this object.
class Checker {
 public:
  Checker(const CopyToCheck& copy, const CheckBounds& bounds)
      : bounds_(bounds) {
    int ends[2];
    if (pipe(ends) != 0) return;
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      CheckInChild(parent, copy, bounds, ends[1]);
    }
    close(ends[1]);
    output_ = ends[0];
  }
  ~Checker() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      Wait();
    }
    if (output_ >= 0) close(output_);
  }
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  bool is_running() const { return pid_ > 0; }

  // Waits a moment for what the child says; false when it has said all.
  bool Read() {
    constexpr int kMomentMs = 100;
    pollfd wait = {output_, POLLIN, 0};
    if (poll(&wait, 1, kMomentMs) <= 0) return true;
    char buffer[4096];
    const ssize_t size = read(output_, buffer, sizeof(buffer));
    if (size > 0) text_.append(buffer, static_cast<std::size_t>(size));
    return size > 0 || (size < 0 && errno == EINTR);
  }

  absl::StatusOr<Verification> Result() {
    const int status = Wait();
    std::string exceeded = WhatWasExceeded(status, bounds_);
    if (!exceeded.empty()) return Refused(std::move(exceeded));
    if (!WIFSIGNALED(status)) return Unpacked(text_);
    const int signal = WTERMSIG(status);
    const std::string how = absl::StrCat("SIG", sigabbrev_np(signal));
    if (signal == SIGKILL) {
      return absl::InternalError("the check was ended by SIGKILL");
    }
    Report report;
    const std::string what =
        absl::StrCat("SQLite was ended by ", how, " while it read the file");
    report.Damage("damage", what, what);
    return report.Conclude("");
  }

 private:
  [[noreturn]] static void CheckInChild(pid_t parent, const CopyToCheck& copy,
                                        const CheckBounds& bounds, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before prctl
    signal(SIGINT, SIG_IGN);            // the parent decides
    signal(SIGTERM, SIG_IGN);
    const std::string text = Packed(CheckConfined(copy, bounds));
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t size = write(out, text.data() + done, text.size() - done);
      if (size < 0 && errno != EINTR) _exit(1);
      if (size > 0) done += static_cast<std::size_t>(size);
    }
    _exit(0);
  }

  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  const CheckBounds bounds_;
  pid_t pid_ = -1;
  int output_ = -1;
  std::string text_;
};

absl::StatusOr<Verification> CheckApart(const CopyToCheck& copy,
                                        const CheckBounds& bounds,
                                        const KeepGoing& keep_going) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Checker checker(copy, bounds);
  if (!checker.is_running()) return absl::ErrnoToStatus(errno, "fork");
  while (checker.Read()) {
    const absl::Duration passed = absl::FromChrono(Clock::now() - start);
    if (passed > bounds.time) return Refused(TimeExceeded(bounds));
    if (!keep_going(absl::StrCat("checking, ", absl::ToInt64Seconds(passed),
                                 " of at most ",
                                 absl::ToInt64Seconds(bounds.time), " s"))) {
      return absl::CancelledError("interrupted");
    }
  }
  return checker.Result();
}

absl::StatusOr<std::string> PlaceFor(const VerifyOptions& options) {
  if (!options.directory.empty()) return options.directory;
  std::error_code error;
  const auto directory = std::filesystem::temp_directory_path(error);
  if (!error) return directory.string();
  return absl::NotFoundError("there is no directory for temporary files");
}

std::vector<Surrounding> SurroundingsOf(const std::string& database) {
  const absl::StatusOr<std::string> path = ResolvedPath(database);
  if (!path.ok()) return {};
  std::vector<Surrounding> found = LookAround(*path);
  if (const int holder = LockHolder(database, Lock::kAny); holder != 0) {
    found.push_back(
        {{RemarkLevel::kNote, "processes",
          absl::StrCat("process ", holder,
                       " has it open; this is how it stood between two of its "
                       "writes. With journal_mode MEMORY or OFF that looks "
                       "damaged within a transaction")},
         ""});
  }
  return found;
}

}  // namespace

absl::StatusOr<Verification> Verify(const std::string& database,
                                    const VerifyOptions& options) {
  if (const std::string whose = WhoseFile(database); !whose.empty()) {
    return Refused(absl::StrCat(Shown(database), ": ", whose));
  }
  ASSIGN_OR_RETURN(const std::string place, PlaceFor(options));
  ASSIGN_OR_RETURN(const TrialDirectory directory, TrialDirectory::Make(place));
  std::error_code error;
  if (!std::filesystem::create_directory(directory.trial(), error)) {
    return absl::ErrnoToStatus(error.value(), "making a directory");
  }
  CopyToCheck copy = {.directory = directory.trial()};
  // A transaction may end, or begin, while the copy is made.
  copy.is_in_use = LockHolder(database, Lock::kReserved) != 0;
  ASSIGN_OR_RETURN(
      CopyRefused copied,
      CopyDatabase(database, absl::StrCat(copy.directory, "/", kDatabaseName),
                   options.keep_going));
  if (!copied.why.empty()) return Refused(copied.why);
  copy.is_in_use = copy.is_in_use || LockHolder(database, Lock::kReserved) != 0;
  copy.surroundings = SurroundingsOf(database);
  ASSIGN_OR_RETURN(Verification verification,
                   CheckApart(copy, BoundsFor(options.limits, copy.directory),
                              options.keep_going));
  verification.summary =
      absl::StrCat(Shown(database), ": ", verification.summary);
  return verification;
}

}  // namespace lastcommit
