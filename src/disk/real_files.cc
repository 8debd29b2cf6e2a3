#include "disk/real_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

bool IsShm(const std::string& name) { return name.ends_with("-shm"); }

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!IsShm(name)) names.insert(name);
  }
  return names;
}

std::string Difference(const std::string& expected, const std::string& found) {
  if (expected.size() != found.size()) {
    return absl::StrCat("has ", found.size(), " bytes, not ", expected.size());
  }
  const auto at =
      std::mismatch(expected.begin(), expected.end(), found.begin()).first;
  return absl::StrCat("differs at byte ", at - expected.begin(), " of ",
                      found.size());
}

absl::Status WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (file) return absl::OkStatus();
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot write ", absl::CHexEscape(path)));
}

}  // namespace

std::optional<std::string> ReadRealFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string ContentOf(const Storage& storage, const std::string& name) {
  const InodeId inode = storage.Find(name);
  std::string bytes(static_cast<std::size_t>(storage.Size(inode)), '\0');
  storage.Read(inode, 0, bytes.data(), storage.Size(inode));
  return bytes;
}

std::vector<std::string> DifferencesFrom(const Storage& storage,
                                         const std::string& directory) {
  std::vector<std::string> differences;
  std::set<std::string> names = NamesIn(directory);
  const std::vector<std::string> known = storage.Paths();
  names.insert(known.begin(), known.end());
  for (const std::string& name : names) {
    const auto found = ReadRealFile(absl::StrCat(directory, "/", name));
    const bool is_known = storage.Find(name) != kNoInode;
    std::string difference;
    if (!is_known) {
      difference = "was not made through SQLite";
    } else if (!found.has_value()) {
      difference = "is missing";
    } else if (const std::string expected = ContentOf(storage, name);
               expected != *found) {
      difference = Difference(expected, *found);
    }
    if (!difference.empty()) {
      differences.push_back(
          absl::StrCat(absl::CHexEscape(name), " ", difference));
    }
  }
  return differences;
}

absl::Status WriteImage(const Storage& image, const Storage& before,
                        const std::string& directory) {
  std::error_code error;
  std::vector<fs::path> gone;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (IsShm(name) || before.Find(name) != kNoInode) {
      gone.push_back(entry.path());
    }
  }
  for (const fs::path& path : gone) fs::remove(path, error);
  for (const std::string& name : image.Paths()) {
    RETURN_IF_ERROR(
        WriteFile(absl::StrCat(directory, "/", name), ContentOf(image, name)));
  }
  return absl::OkStatus();
}

}  // namespace lastcommit
