#include "judge/kept_findings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "disk/survival.h"
#include "judge/call_site.h"
#include "judge/change_words.h"
#include "judge/finding_view.h"
#include "judge/image_files.h"
#include "output/json_file.h"
#include "output/shown.h"
#include "output/version.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Of the changes that a loss of power takes, and of the promises before it.
constexpr std::size_t kMostLost = 20;
constexpr std::size_t kMostPromises = 3;

bool IsNumber(const std::string& name) {
  return !name.empty() &&
         name.find_first_not_of("0123456789") == std::string::npos;
}

// DIR/1, or the first number that is not there.
absl::StatusOr<std::string> MakeNext(const std::string& directory) {
  constexpr int kMost = 1'000'000;
  for (int i = 1; i < kMost; ++i) {
    std::string path = absl::StrCat(directory, "/", i);
    if (mkdir(path.c_str(), 0777) == 0) return path;
    if (errno != EEXIST) {
      return absl::ErrnoToStatus(errno,
                                 absl::StrCat("cannot make ", Shown(path)));
    }
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("there is no room in ", Shown(directory)));
}

std::string InWords(const Fate& fate) {
  switch (fate.kind) {
    case FateKind::kLost:
      return "";
    case FateKind::kHead:
      return absl::StrCat(", but for the first ", fate.bytes, " bytes");
    case FateKind::kTail:
      return absl::StrCat(", but for the last ", fate.bytes, " bytes");
    case FateKind::kHeadGarbage:
      return absl::StrCat(", with garbage from byte ", fate.bytes, " on");
    case FateKind::kZeros:
      break;
  }
  return ", with zeros in its place";
}

// What a loss of power takes, a line each.
std::string LostInWords(const Storage& storage, const Survived& survived,
                        bool is_least, const std::string& root) {
  std::vector<std::string> lost;
  std::vector<PendingChange> files;
  std::int64_t names = 0;
  for (const PendingChange& change : storage.PendingChanges()) {
    if (!change.is_of_directory()) {
      files.push_back(change);
    } else if (survived.fates.directory >= 0 &&
               names++ >= survived.fates.directory) {
      lost.push_back(InWords(change, storage, root));
    }
  }
  for (const Fate& fate : survived.fates.files) {
    const auto at = static_cast<std::size_t>(fate.change);
    // The wal-index is made anew, whatever is left of it.
    if (at >= files.size() || files[at].path.ends_with("-shm")) continue;
    lost.push_back(
        absl::StrCat(InWords(files[at], storage, root), InWords(fate)));
  }
  std::string text =
      absl::StrCat("lost", is_least ? ", the least that does it," : "", " of ",
                   files.size(), " unsynced changes of files and ",
                   survived.directory_changes, " of names:\n");
  for (std::size_t i = 0; i < std::min(lost.size(), kMostLost); ++i) {
    absl::StrAppend(&text, "  ", lost[i], "\n");
  }
  if (lost.size() > kMostLost) {
    absl::StrAppend(&text, "  and ", lost.size() - kMostLost, " more\n");
  }
  return text;
}

std::string_view WithoutNewline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

std::string PromisesInWords(const Timeline& timeline, std::uint64_t call) {
  std::vector<std::string> before;
  for (const ProgramPromise& promise : timeline.promises) {
    if (promise.call > call) break;
    const std::string what = promise.kind == ProgramPromise::Kind::kExit
                                 ? "its end with 0"
                                 : Shown(WithoutNewline(promise.text));
    before.push_back(absl::StrCat("  call ", promise.call, ": ", what, "\n"));
  }
  const std::size_t skipped =
      before.size() - std::min(before.size(), kMostPromises);
  before.erase(before.begin(),
               before.begin() + static_cast<std::ptrdiff_t>(skipped));
  return absl::StrCat("promised until then, the last of ",
                      before.size() + skipped, ":\n",
                      absl::StrJoin(before, ""));
}

Json JsonOf(const Survival& survival) {
  return {{"fates", PrintFates(survival.fates)},
          {"directory", survival.directory}};
}

// Goes through the recording to the crashes, and writes what they leave.
class Keeper {
 public:
  Keeper(const Judgement& judgement, const KeepOptions& options,
         std::string directory)
      : judgement_(judgement),
        options_(options),
        directory_(std::move(directory)),
        files_(judgement.header.directory, DiskModel::kPosix),
        disk_(judgement.header.directory, options.model),
        databases_(judgement.header.directory, options.model) {
    files_.storage().NeverLosesPower();
    databases_.KeepOnly(judgement.timeline.files);
    for (FindingView& view : NamedFindings(judgement)) {
      views_.emplace(view.call, std::move(view));
    }
  }

  absl::Status Take(const RecordedCall& call) {
    if (!call.name.empty() && !has_begun_) {
      has_begun_ = true;
      disk_.storage().SyncEverything();
      databases_.storage().SyncEverything();
    }
    const auto [begin, end] = views_.equal_range(call.number);
    for (auto view = begin; view != end && !call.name.empty(); ++view) {
      if (view->second.written >= 0) {
        RETURN_IF_ERROR(KeepWithin(view->second, call));
      }
    }
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
      RETURN_IF_ERROR(disk_.Apply(effect));
      RETURN_IF_ERROR(databases_.Apply(effect));
    }
    for (auto view = begin; view != end && !call.name.empty(); ++view) {
      if (view->second.written < 0) {
        RETURN_IF_ERROR(KeepAfter(view->second, call));
      }
    }
    Settle(databases_.storage());
    Settle(disk_.storage());
    return absl::OkStatus();
  }

 private:
  // As the judge of losses of power does.
  static void Settle(Storage& disk) {
    std::int64_t bytes = 0;
    for (const PendingChange& change : disk.PendingChanges()) {
      bytes += change.amount;
    }
    if (bytes > PowerLimits().unsynced) disk.SyncEverything();
  }

  absl::Status KeepWithin(const FindingView& view, const RecordedCall& call) {
    Storage image = files_.storage();
    const Effect& write = call.effects.front();
    image.Write(files_.InodeOf(write.file), write.offset,
                std::string_view(write.bytes)
                    .substr(0, static_cast<std::size_t>(view.written)));
    return Write(view, call, image, "");
  }

  absl::Status KeepAfter(const FindingView& view, const RecordedCall& call) {
    if (!view.survival.has_value()) {
      return Write(view, call, files_.storage(), "");
    }
    const Storage& disk =
        view.is_of_databases ? databases_.storage() : disk_.storage();
    const Survived survived = Resolve(disk, *view.survival);
    Storage image = disk.AfterCrash(survived.fates);
    image.DropUnreachable(disk_.root());
    if (view.is_of_databases) AddOtherFiles(image);
    return Write(view, call, image,
                 LostInWords(disk, survived, view.is_least, disk_.root()));
  }

  // As they are without a loss: who judges databases has no contents of them.
  // Both have the same numbers for the same files.
  void AddOtherFiles(Storage& image) const {
    std::set<InodeId> databases;
    for (const FileId file : judgement_.timeline.files) {
      databases.insert(databases_.InodeOf(file));
    }
    std::set<InodeId> others;
    for (const std::string& path : image.Paths()) {
      const InodeId inode = image.Find(path);
      if (!image.IsDirectory(inode) && !databases.contains(inode) &&
          files_.storage().Exists(inode)) {
        others.insert(inode);
      }
    }
    for (const InodeId inode : others) {
      const std::int64_t size = files_.storage().Size(inode);
      constexpr std::int64_t kPiece = 1 << 20;
      for (std::int64_t at = 0; at < size; at += kPiece) {
        std::string piece(static_cast<std::size_t>(std::min(kPiece, size - at)),
                          '\0');
        files_.storage().Read(inode, at, piece.data(),
                              static_cast<std::int64_t>(piece.size()));
        image.Write(inode, at, piece);
      }
    }
  }

  absl::Status Write(const FindingView& view, const RecordedCall& call,
                     const Storage& image, const std::string& lost) {
    const std::string directory = absl::StrCat(directory_, "/", view.name);
    if (mkdir(directory.c_str(), 0777) != 0) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat("cannot make ", Shown(directory)));
    }
    RETURN_IF_ERROR(
        WriteImage(image, files_, absl::StrCat(directory, "/files")));
    const std::string again =
        options_.again(absl::StrCat(directory_, "/recording"), view.call);
    const std::string crash =
        view.survival.has_value() ? "a loss of power after"
        : view.written < 0
            ? "a kill after"
            : absl::StrCat("a kill after ", view.written, " bytes of");
    RETURN_IF_ERROR(WriteWholeFile(
        absl::StrCat(directory, "/story.txt"),
        absl::StrCat(
            crash, " call ", view.call, " (",
            InWords(CallSite{call.name, call.process, call.thread, {}}), "):\n",
            view.text, "\n\n", PromisesInWords(judgement_.timeline, view.call),
            lost, view.site.has_value() ? StackInWords(*view.site) : "",
            "\nfiles: what the crash leaves\n", TesterVersion(), ", ",
            SqliteUnderTest(), "\nagain: ", again, "\n")));
    Json json = view.json;
    json["schema"] = "lastcommit-finding-1";
    json["crash"] = view.survival.has_value() ? "power" : "kill";
    json["written"] = view.written;
    json["text"] = view.text;
    json["again"] = again;
    if (view.survival.has_value()) {
      json["survival"] = JsonOf(*view.survival);
      json["least"] = view.is_least;
    }
    return WriteWholeFile(absl::StrCat(directory, "/finding.json"),
                          PrintJson(json));
  }

  const Judgement& judgement_;
  const KeepOptions& options_;
  const std::string directory_;
  Rebuild files_;
  Rebuild disk_;
  // As the judge of losses of power has it, with no contents but of databases.
  Rebuild databases_;
  bool has_begun_ = false;
  std::multimap<std::uint64_t, FindingView> views_;
};

}  // namespace

std::vector<FindingView> NamedFindings(const Judgement& judgement) {
  std::vector<FindingView> views = FindingsOf(judgement);
  std::map<std::string, int> times;
  for (FindingView& view : views) {
    const int time = ++times[view.name];
    if (time > 1) absl::StrAppend(&view.name, "-", time);
  }
  return views;
}

absl::Status PrepareKeeping(const std::string& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return absl::ErrnoToStatus(
        error.value(),
        absl::StrCat("cannot make the directory ", Shown(directory)));
  }
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    if (IsNumber(name)) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the directory for findings is not empty, and not from here: ",
        Shown(directory), " has ", Shown(name), " in it"));
  }
  if (access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(
      "the directory for findings cannot be written: ", Shown(directory)));
}

absl::StatusOr<std::string> KeepFindings(const std::string& recording,
                                         const Judgement& judgement,
                                         const KeepOptions& options) {
  if (FindingsOf(judgement).empty()) return "";
  ASSIGN_OR_RETURN(const std::string directory, MakeNext(options.directory));
  std::error_code error;
  fs::copy_file(recording, absl::StrCat(directory, "/recording"), error);
  if (error) {
    return absl::ErrnoToStatus(
        error.value(),
        absl::StrCat("cannot keep the recording in ", Shown(directory)));
  }
  Keeper keeper(judgement, options, directory);
  const auto take = [&keeper](const RecordedCall& call) {
    return keeper.Take(call);
  };
  RETURN_IF_ERROR(ReadRecording(recording, take).status());
  return directory;
}

}  // namespace lastcommit
