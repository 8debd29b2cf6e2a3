#include "store/attached.h"

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

constexpr std::string_view kPrefix = "attached-";

std::size_t NameBegin(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? 0 : slash + 1;
}

}  // namespace

bool IsAtomicOverAttached(const Profile& profile) {
  return profile.journal_mode != saver::JournalMode::kWal &&
         saver::IsKeptOnDisk(profile.journal_mode) &&
         profile.synchronous != saver::Synchronous::kOff;
}

std::string AttachedPath(std::string_view main, int database) {
  return absl::StrCat(std::string(main.substr(0, NameBegin(main))),
                      std::string(kPrefix), database, ".db");
}

int DatabaseOf(std::string_view path) {
  const std::string_view name = path.substr(NameBegin(path));
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) return 0;
  const int number = name[kPrefix.size()] - '0';
  return number >= 1 && number <= kMostAttached ? number : 0;
}

}  // namespace lastcommit
