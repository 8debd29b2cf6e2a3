#include "disk/call_replay.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "disk/real_files.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// One dead process.
class Replayer {
 public:
  Replayer(const std::string& directory, Storage& storage)
      : directory_(directory), storage_(storage) {}

  absl::Status Do(const LoggedCall& call) {
    if (!call.has_returned) return DoCutOff(call);
    if (call.result < 0) return absl::OkStatus();
    switch (call.kind) {
      case SystemCallKind::kOpen:
        Open(call);
        return absl::OkStatus();
      case SystemCallKind::kUnlink:
        return Unlink(std::string(call.name));
      default:
        return OnDescriptor(call);
    }
  }

 private:
  struct OpenFile {
    bool is_directory = false;
    InodeId inode = kNoInode;
  };

  void Open(const LoggedCall& call) {
    if (call.name.empty()) {
      files_[call.descriptor] = {true, kNoInode};
      return;
    }
    files_[call.descriptor] = {false,
                               Named(std::string(call.name), call.creates)};
  }

  // Somebody who does not go through SQLite may have removed it, or made it.
  InodeId Named(const std::string& name, bool is_new) {
    if (is_new && storage_.Find(name) != kNoInode) Remove(name);
    const InodeId inode = storage_.Find(name);
    return inode != kNoInode ? inode : storage_.Create(name);
  }

  void Remove(const std::string& name) {
    unlinked_.insert(storage_.Find(name));
    storage_.Unlink(name);
    ForgetUnused();
  }

  absl::Status Unlink(const std::string& name) {
    if (storage_.Find(name) != kNoInode) Remove(name);
    return absl::OkStatus();
  }

  absl::Status OnDescriptor(const LoggedCall& call) {
    const auto file = files_.find(call.descriptor);
    if (file == files_.end()) {
      return absl::InternalError(
          absl::StrCat("the log has a call on descriptor ", call.descriptor,
                       ", which was not opened"));
    }
    const InodeId inode = file->second.inode;
    if (call.kind == SystemCallKind::kClose) {
      files_.erase(file);
      ForgetUnused();
    } else if (call.kind == SystemCallKind::kSync) {
      Sync(file->second);
    } else if (call.kind == SystemCallKind::kTruncate) {
      storage_.Truncate(inode, call.offset);
    } else if (call.result > 0) {
      storage_.Write(
          inode, call.offset,
          call.bytes.substr(0, static_cast<std::size_t>(call.result)));
    }
    return absl::OkStatus();
  }

  void Sync(const OpenFile& file) {
    if (file.is_directory) {
      storage_.SyncDirectory();
    } else {
      storage_.Sync(file.inode);
    }
  }

  // Begun, and cut off by a kill: the file tells how far it came.
  absl::Status DoCutOff(const LoggedCall& call) {
    const std::string name = NameOf(call);
    if (name.empty()) return absl::OkStatus();
    const std::string path = absl::StrCat(directory_, "/", name);
    const std::optional<std::string> found = ReadRealFile(path);
    switch (call.kind) {
      case SystemCallKind::kOpen:
        if (found.has_value()) Named(name, call.creates);
        break;
      case SystemCallKind::kUnlink:
        if (!found.has_value()) return Unlink(name);
        break;
      case SystemCallKind::kTruncate:
        if (found.has_value() &&
            static_cast<std::int64_t>(found->size()) == call.offset) {
          storage_.Truncate(storage_.Find(name), call.offset);
        }
        break;
      case SystemCallKind::kWrite:
        if (found.has_value()) WriteWhatIsThere(name, call, *found);
        break;
      default:
        break;
    }
    return absl::OkStatus();
  }

  void WriteWhatIsThere(const std::string& name, const LoggedCall& call,
                        const std::string& found) {
    const auto offset = static_cast<std::size_t>(call.offset);
    if (offset >= found.size()) return;
    storage_.Write(storage_.Find(name), call.offset,
                   std::string_view(found).substr(offset, call.bytes.size()));
  }

  // Empty: it is not in the directory any more, or the directory itself.
  std::string NameOf(const LoggedCall& call) const {
    if (call.kind == SystemCallKind::kOpen ||
        call.kind == SystemCallKind::kUnlink) {
      return std::string(call.name);
    }
    const auto file = files_.find(call.descriptor);
    if (file == files_.end() || file->second.is_directory) return "";
    for (const std::string& path : storage_.Paths()) {
      if (storage_.Find(path) == file->second.inode) return path;
    }
    return "";
  }

  void ForgetUnused() {
    for (auto it = unlinked_.begin(); it != unlinked_.end();) {
      const bool is_open = std::any_of(
          files_.begin(), files_.end(),
          [&](const auto& file) { return file.second.inode == *it; });
      if (is_open) {
        ++it;
      } else {
        storage_.Forget(*it);
        it = unlinked_.erase(it);
      }
    }
  }

 public:
  void EndProcess() {
    files_.clear();
    ForgetUnused();
  }

 private:
  const std::string& directory_;
  Storage& storage_;
  std::map<int, OpenFile> files_;
  std::set<InodeId> unlinked_;
};

}  // namespace

absl::Status Replay(const CallLog& log, const std::string& directory,
                    Storage& storage) {
  if (log.is_full()) {
    return absl::ResourceExhaustedError(
        "a round wrote more than the log of its system calls can hold");
  }
  Replayer replayer(directory, storage);
  for (const LoggedCall& call : log.Calls()) {
    RETURN_IF_ERROR(replayer.Do(call));
  }
  replayer.EndProcess();
  return absl::OkStatus();
}

}  // namespace lastcommit
