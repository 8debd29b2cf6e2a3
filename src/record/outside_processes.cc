#include "record/outside_processes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

// So many are named.
constexpr std::size_t kMostNamed = 3;

std::vector<pid_t> Processes() {
  std::vector<pid_t> processes;
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename();
    pid_t process = 0;
    const char* const last = name.data() + name.size();
    if (std::from_chars(name.data(), last, process).ptr == last) {
      processes.push_back(process);
    }
  }
  std::sort(processes.begin(), processes.end());
  return processes;
}

// The first descriptor for writing of a file below `prefix`.
std::optional<std::string> OpenFile(const std::string& process,
                                    const std::string& prefix) {
  std::error_code error;
  for (fs::directory_iterator it(process + "/fd", error), end;
       !error && it != end; it.increment(error)) {
    std::error_code is_gone;
    const std::string path = fs::read_symlink(it->path(), is_gone);
    struct stat link = {};
    // The mode of the link says what the descriptor is for.
    if (absl::StartsWith(path, prefix) &&
        lstat(it->path().c_str(), &link) == 0 &&
        (link.st_mode & S_IWUSR) != 0) {
      return path.substr(prefix.size());
    }
  }
  return std::nullopt;
}

// A shared mapping for writing; its descriptor may be closed.
std::optional<std::string> MappedFile(const std::string& process,
                                      const std::string& prefix) {
  std::ifstream maps(process + "/maps");
  for (std::string line; std::getline(maps, line);) {
    std::size_t at = line.find(' ');  // behind the addresses: "rw-s"
    if (at == std::string::npos || line.compare(at, 5, " rw-s") != 0) continue;
    at = line.find(" " + prefix);
    if (at != std::string::npos) return line.substr(at + 1 + prefix.size());
  }
  return std::nullopt;
}

std::string NameOf(const std::string& process) {
  std::ifstream comm(process + "/comm");
  std::string name(std::istreambuf_iterator<char>(comm), {});
  if (!name.empty()) name.pop_back();  // its newline; others belong to it
  return name;
}

}  // namespace

std::vector<OutsideWriter> OutsideWriters(const std::string& directory,
                                          std::size_t most) {
  const std::string prefix = directory + "/";
  std::vector<OutsideWriter> writers;
  for (const pid_t process : Processes()) {
    if (writers.size() == most) break;
    if (process == getpid()) continue;
    const std::string path = absl::StrCat("/proc/", process);
    auto file = OpenFile(path, prefix);
    if (!file.has_value()) file = MappedFile(path, prefix);
    if (file.has_value()) {
      writers.push_back({process, NameOf(path), *std::move(file)});
    }
  }
  return writers;
}

std::string OutsideWritersInWords(const std::string& directory) {
  const auto writers = OutsideWriters(directory, kMostNamed);
  if (writers.empty()) {
    return "a process outside of the recording may have changed it, and has "
           "ended";
  }
  return absl::StrCat(
      "changed by a process outside of the recording: ",
      absl::StrJoin(writers, ", ", [](std::string* text, const auto& writer) {
        absl::StrAppend(text, writer.process, " (", Shown(writer.name),
                        ") has ", Shown(writer.file), " open");
      }));
}

}  // namespace lastcommit
