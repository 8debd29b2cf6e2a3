#include "trial/trial_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "lastcommit-trials-";
constexpr std::string_view kUnique = "XXXXXX";
constexpr std::string_view kTrial = "trial";

std::string DefaultParent() {
  constexpr char kTmpfs[] = "/dev/shm";
  if (access(kTmpfs, W_OK) == 0) return kTmpfs;
  std::error_code error;
  const auto directory = fs::temp_directory_path(error);
  return error ? "." : directory.string();
}

// A descriptor that holds the lock, -1 if another process has it.
int Lock(const std::string& directory) {
  const int lock =
      open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (lock < 0) return -1;
  struct stat info = {};
  // No links left: it was removed after it had been opened.
  if (flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &info) == 0 &&
      info.st_nlink > 0 && info.st_uid == geteuid()) {
    return lock;
  }
  close(lock);
  return -1;
}

// Named as ours are, and with nothing in it but a trial.
bool LooksLikeOurs(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix) ||
      name.size() != kPrefix.size() + kUnique.size()) {
    return false;
  }
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().filename() != kTrial) return false;
  }
  return !error;
}

void RemoveStale(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> candidates;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(parent, error)) {
    if (LooksLikeOurs(entry.path())) {
      candidates.push_back(entry.path().string());
    }
  }
  for (const std::string& directory : candidates) {
    const int lock = Lock(directory);
    if (lock < 0) continue;
    RemoveDirectory(directory);
    close(lock);
  }
}

}  // namespace

absl::StatusOr<TrialDirectory> TrialDirectory::Make(
    const std::string& wanted_parent) {
  const std::string parent =
      wanted_parent.empty() ? DefaultParent() : wanted_parent;
  RemoveStale(parent);
  // Another process may take a new directory for a stale one before it is
  // locked; hardly ever twice.
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    std::string path =
        absl::StrCat(parent, "/", std::string(kPrefix), std::string(kUnique));
    if (mkdtemp(path.data()) == nullptr) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat("cannot make a directory for trials in ",
                              absl::CHexEscape(parent)));
    }
    const int lock = Lock(path);
    if (lock >= 0) return TrialDirectory(std::move(path), lock);
  }
  return absl::InternalError(absl::StrCat(
      "cannot lock a directory for trials in ", absl::CHexEscape(parent)));
}

TrialDirectory::TrialDirectory(std::string path, int lock)
    : path_(std::move(path)), lock_(lock) {}

TrialDirectory::TrialDirectory(TrialDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

TrialDirectory::~TrialDirectory() {
  if (lock_ < 0) return;
  RemoveDirectory(path_);
  close(lock_);
}

std::string TrialDirectory::trial() const {
  return absl::StrCat(path_, "/", std::string(kTrial));
}

}  // namespace lastcommit
