#include "results/campaign_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "output/json_file.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kLock[] = "lock";
constexpr char kUnfinishedIdentity[] = "campaign.json.tmp";

std::string IdentityPath(const std::string& directory) {
  return absl::StrCat(directory, "/campaign.json");
}

// A file of the caller's must not end up between those of a campaign.
absl::Status CheckIsOurs(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(IdentityPath(path), error)) {
    return absl::OkStatus();
  }
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    const std::string name = entry.path().filename();
    // All that a campaign leaves that was killed when it began.
    if (name == kLock || name == kUnfinishedIdentity) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        absl::CHexEscape(path), " is not empty and has no campaign in it"));
  }
  return absl::OkStatus();
}

// A campaign that somebody else has made may have links in it that lead out of
// it, and FIFOs that wait for ever.
absl::Status CheckIsPlain(const std::string& path) {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(path, error)) {
    const auto type = entry.symlink_status().type();
    if (type == std::filesystem::file_type::regular ||
        type == std::filesystem::file_type::directory) {
      continue;
    }
    return absl::FailedPreconditionError(absl::StrCat(
        absl::CHexEscape(entry.path().string()),
        " is neither a file nor a directory: a campaign has nothing else"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Identity> ReadIdentity(const std::string& directory) {
  const std::string path = IdentityPath(directory);
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path));
  return ParseIdentity(text, path);
}

absl::StatusOr<CampaignDirectory> CampaignDirectory::Lock(
    const std::string& path) {
  std::error_code error_code;
  std::filesystem::create_directories(path, error_code);
  if (error_code) {
    return absl::ErrnoToStatus(
        error_code.value(),
        absl::StrCat("cannot make the directory ", absl::CHexEscape(path)));
  }
  RETURN_IF_ERROR(CheckIsOurs(path));
  RETURN_IF_ERROR(CheckIsPlain(path));
  const std::string lock_path = absl::StrCat(path, "/", kLock);
  const int lock =
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (lock < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot write ", absl::CHexEscape(lock_path)));
  }
  // Not flock: workers, and children of trials, would have it too, and outlive
  // a supervisor that is killed by a moment.
  struct flock whole = {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (fcntl(lock, F_SETLK, &whole) != 0) {
    const int error = errno;
    close(lock);
    if (error != EACCES && error != EAGAIN) {
      return absl::ErrnoToStatus(
          error, absl::StrCat("cannot lock ", absl::CHexEscape(lock_path)));
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "another process works on the campaign ", absl::CHexEscape(path)));
  }
  return CampaignDirectory(path, lock);
}

CampaignDirectory::CampaignDirectory(std::string path, int lock)
    : path_(std::move(path)), lock_(lock) {}

CampaignDirectory::CampaignDirectory(CampaignDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

CampaignDirectory::~CampaignDirectory() {
  if (lock_ >= 0) close(lock_);
}

absl::StatusOr<Identity> CampaignDirectory::Begin(
    const WantedIdentity& wanted) const {
  const absl::StatusOr<Identity> there = ReadIdentity(path_);
  if (absl::IsNotFound(there.status())) {
    const Identity begun = NewIdentity(wanted);
    RETURN_IF_ERROR(CheckEngine(begun.generate));
    RETURN_IF_ERROR(
        WriteWholeFile(IdentityPath(path_), PrintJson(IdentityToJson(begun))));
    return begun;
  }
  RETURN_IF_ERROR(there.status());
  const absl::Status agrees = CheckCanContinue(*there, wanted);
  if (agrees.ok()) return *there;
  return absl::FailedPreconditionError(absl::StrCat(
      absl::CHexEscape(path_), " has another campaign: ", agrees.message()));
}

}  // namespace lastcommit
