#include "verify/surroundings.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "output/shown.h"
#include "verify/raw_file.h"

namespace lastcommit {
namespace {

// Until `take` returns false. A directory that cannot be read has no names.
void ForEachName(const std::string& directory,
                 const std::function<bool(const std::string&)>& take) {
  const std::unique_ptr<DIR, int (*)(DIR*)> names(opendir(directory.c_str()),
                                                  closedir);
  if (names == nullptr) return;
  while (const dirent* entry = readdir(names.get())) {
    if (!take(entry->d_name)) return;
  }
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

bool HasContent(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

// A WAL or a journal belongs to a name, not to a file: a program that opens the
// file under another one does not see it
// (https://sqlite.org/howtocorrupt.html#_multiple_links_to_the_same_file).
std::vector<Surrounding> OtherNames(const std::string& database) {
  struct stat info = {};
  if (stat(database.c_str(), &info) != 0 || info.st_nlink < 2) return {};
  std::vector<std::string> others;
  int names = 0;
  const std::string directory = DirectoryOf(database);
  ForEachName(directory, [&](const std::string& name) {
    const std::string path = directory + name;
    struct stat other = {};
    if (path != database && lstat(path.c_str(), &other) == 0 &&
        other.st_dev == info.st_dev && other.st_ino == info.st_ino) {
      others.push_back(path);
    }
    return ++names < SurroundingLimits::kMostNames;
  });
  std::sort(others.begin(), others.end());
  std::vector<Surrounding> found;
  for (const std::string& other : others) {
    for (const char* suffix : {"-wal", "-journal"}) {
      if (!HasContent(other + suffix)) continue;
      const std::string what =
          absl::StrCat("the file has another name, ", Shown(other), ", with a ",
                       std::string(suffix + 1), " of its own beside it");
      found.push_back(
          {{RemarkLevel::kWarning, "names",
            absl::StrCat(what,
                         ": what is in there is not seen under this "
                         "name, and whoever opens both damages it")},
           what});
    }
  }
  const auto elsewhere = info.st_nlink - 1 - others.size();
  if (elsewhere > 0 && elsewhere < info.st_nlink) {
    found.push_back({{RemarkLevel::kNote, "names",
                      absl::StrCat("the file has ", elsewhere,
                                   " more names in other directories: a WAL or "
                                   "a journal beside one of them is not seen")},
                     ""});
  }
  return found;
}

// A file that a process has open.
struct OpenFile {
  int process = 0;
  std::string descriptor;
  ino_t inode = 0;
  std::string suffix;  // of the database's name

  auto Key() const { return std::tie(process, descriptor, inode, suffix); }
  bool operator==(const OpenFile& other) const { return Key() == other.Key(); }
};

constexpr std::array<const char*, 3> kSuffixes = {"", "-wal", "-shm"};

// Files of the database that processes have open and that its names do not lead
// to any more.
class NamelessFiles {
 public:
  explicit NamelessFiles(const std::string& database) : database_(database) {
    struct stat info = {};
    if (stat(database.c_str(), &info) == 0) device_ = info.st_dev;
  }

  std::vector<OpenFile> Find() {
    found_.clear();
    descriptors_ = 0;
    ForEachName("/proc", [&](const std::string& name) {
      int process = 0;
      if (absl::SimpleAtoi(name, &process)) LookAt(process);
      return !is_cut_short();
    });
    return found_;
  }

  bool is_cut_short() const {
    return descriptors_ >= SurroundingLimits::kMostDescriptors;
  }

 private:
  void LookAt(int process) {
    const std::string directory = absl::StrCat("/proc/", process, "/fd/");
    ForEachName(directory, [&](const std::string& name) {
      char target[PATH_MAX + 16];
      const ssize_t size =
          readlink((directory + name).c_str(), target, sizeof(target));
      if (size > 0) {
        LookAt(process, directory + name,
               std::string(target, static_cast<std::size_t>(size)));
      }
      return ++descriptors_ < SurroundingLimits::kMostDescriptors;
    });
  }

  // The kernel adds the mark to the last name of a file that has none. Another
  // device: a process in a container whose path is called the same.
  void LookAt(int process, const std::string& descriptor,
              const std::string& target) {
    if (!absl::StartsWith(target, database_)) return;
    for (const char* suffix : kSuffixes) {
      struct stat info = {};
      if (target != absl::StrCat(database_, suffix, " (deleted)")) continue;
      if (stat(descriptor.c_str(), &info) != 0 || info.st_dev != device_ ||
          !S_ISREG(info.st_mode)) {
        continue;
      }
      found_.push_back({process, descriptor, info.st_ino, suffix});
    }
  }

  const std::string database_;
  dev_t device_ = 0;
  int descriptors_ = 0;
  std::vector<OpenFile> found_;
};

std::string NameOf(int process) {
  std::ifstream file(absl::StrCat("/proc/", process, "/comm"));
  std::string name;
  std::getline(file, name);
  return Shown(name);
}

Surrounding Describe(const OpenFile& file) {
  const std::string who =
      absl::StrCat("process ", file.process, " (", NameOf(file.process), ")");
  const std::string which = file.suffix.empty()     ? "database"
                            : file.suffix == "-wal" ? "WAL"
                                                    : "-shm file";
  const std::string what = absl::StrCat(
      who, " has a ", which, " open whose name was removed or replaced");
  return {{RemarkLevel::kWarning, "processes",
           absl::StrCat(what, file.suffix == "-shm"
                                  ? ": it does not see the locks of others, "
                                    "and they may damage the database together"
                                  : ": what it commits there is lost")},
          what};
}

// The one that closes a database last removes -shm while it still has it open:
// so only what is there twice counts.
std::vector<Surrounding> Processes(const std::string& database) {
  NamelessFiles files(database);
  std::vector<OpenFile> first = files.Find();
  std::vector<Surrounding> found;
  if (files.is_cut_short()) {
    found.push_back({{RemarkLevel::kNote, "processes",
                      "there are more open files than are looked through: "
                      "whether all of them have their names is not known"},
                     ""});
  }
  if (first.empty()) return found;
  constexpr absl::Duration kMoment = absl::Milliseconds(50);
  absl::SleepFor(kMoment);
  const std::vector<OpenFile> second = files.Find();
  // A file that a process has open twice is said once.
  std::vector<std::tuple<int, std::string>> said;
  for (const OpenFile& file : first) {
    const std::tuple<int, std::string> key(file.process, file.suffix);
    if (std::find(second.begin(), second.end(), file) == second.end() ||
        std::find(said.begin(), said.end(), key) != said.end()) {
      continue;
    }
    said.push_back(key);
    found.push_back(Describe(file));
  }
  return found;
}

struct PartKind {
  const char* suffix;
  const char* name;
  std::vector<Bytes> begins;
};

const std::vector<PartKind>& PartKinds() {
  static const auto& kinds = *new std::vector<PartKind>{
      {"-wal", "WAL", {{0x37, 0x7f, 0x06, 0x82}, {0x37, 0x7f, 0x06, 0x83}}},
      {"-journal", "rollback journal", {{0xd9, 0xd5, 0x05, 0xf9}}},
      {"-shm", "wal-index", {{0x18, 0xe2, 0x2d, 0x00}}}};
  return kinds;
}

bool BeginsWith(const Bytes& begin, const Bytes& bytes) {
  return std::equal(begin.begin(), begin.end(), bytes.begin());
}

bool IsRegular(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

std::vector<Surrounding> LookAround(const std::string& database) {
  std::vector<Surrounding> found = OtherNames(database);
  const std::vector<Surrounding> processes = Processes(database);
  found.insert(found.end(), processes.begin(), processes.end());
  return found;
}

std::string WhoseFile(const std::string& path) {
  if (!IsRegular(path)) return "";
  const RawFile file(path);
  Bytes begin(16);
  if (!file.is_open()) return "";
  const absl::StatusOr<bool> is_read = file.Read(0, begin);
  const bool has_begin = is_read.ok() && *is_read;
  constexpr char kDatabase[] = "SQLite format 3";
  if (has_begin &&
      std::equal(std::begin(kDatabase), std::end(kDatabase), begin.begin())) {
    return "";
  }
  for (const PartKind& kind : PartKinds()) {
    const bool is_named = absl::EndsWith(path, kind.suffix);
    const bool begins_so =
        has_begin &&
        std::any_of(kind.begins.begin(), kind.begins.end(),
                    [&](const Bytes& b) { return BeginsWith(b, begin); });
    const std::string database(absl::StripSuffix(path, kind.suffix));
    if (is_named && IsRegular(database)) {
      return absl::StrCat("is the ", kind.name, " of ", Shown(database),
                          ", which is what to check");
    }
    if (is_named && begins_so) {
      return absl::StrCat("is the ", kind.name, " of ", Shown(database),
                          ", which is not there");
    }
    if (begins_so && kind.suffix != std::string("-shm")) {
      return absl::StrCat("is a ", kind.name,
                          "; it belongs beside its database, under the name of "
                          "that with ",
                          kind.suffix);
    }
  }
  return "";
}

}  // namespace lastcommit
