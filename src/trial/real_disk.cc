#include "trial/real_disk.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "disk/call_replay.h"
#include "disk/real_files.h"
#include "status/status.h"

namespace lastcommit {

absl::StatusOr<std::unique_ptr<RealDisk>> RealDisk::Create() {
  ASSIGN_OR_RETURN(auto log, CallLog::Create());
  return std::unique_ptr<RealDisk>(new RealDisk(std::move(log)));
}

RealDisk::RealDisk(std::unique_ptr<CallLog> log)
    : log_(std::move(log)), storage_(Storage::Options()) {}

absl::Status RealDisk::Format(const std::string& directory,
                              const Storage::Options& options) {
  std::error_code error;
  directory_ = std::filesystem::canonical(directory, error).string();
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot resolve ", directory));
  }
  storage_ = Storage(options);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> RealDisk::EndProcess() {
  RETURN_IF_ERROR(Replay(*log_, directory_, storage_));
  std::vector<std::string> differences = DifferencesFrom(storage_, directory_);
  if (!differences.empty()) Adopt();
  return differences;
}

// Files that the storage does not know stay as they are whatever happens.
void RealDisk::Adopt() {
  for (const std::string& name : storage_.Paths()) {
    const auto found = ReadRealFile(absl::StrCat(directory_, "/", name));
    if (!found.has_value()) {
      const InodeId inode = storage_.Find(name);
      storage_.Unlink(name);
      storage_.Forget(inode);
    } else if (*found != ContentOf(storage_, name)) {
      const InodeId inode = storage_.Find(name);
      storage_.Truncate(inode, static_cast<std::int64_t>(found->size()));
      storage_.Write(inode, 0, *found);
    }
  }
}

absl::StatusOr<Survived> RealDisk::LosePower(const Survival& survival) {
  const Survived survived = Resolve(storage_, survival);
  Storage image = storage_.AfterCrash(survived.fates);
  RETURN_IF_ERROR(WriteImage(image, storage_, directory_));
  storage_ = std::move(image);
  return survived;
}

}  // namespace lastcommit
