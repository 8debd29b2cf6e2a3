#include "results/results_database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "disk/confined_vfs.h"
#include "output/whole_file.h"
#include "results/results_schema.h"
#include "status/status.h"
#include "trial/child.h"

namespace lastcommit {
namespace {

constexpr absl::Duration kTimeout = absl::Minutes(30);

// https://sqlite.org/fileformat2.html#the_database_header
struct Header {
  std::uint32_t user_version = 0;
  std::uint32_t application_id = 0;
};

// Read without SQLite. nullopt: it is no database.
std::optional<Header> ReadHeader(const std::string& path) {
  constexpr std::size_t kSize = 100;
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  char bytes[kSize] = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(bytes, kSize) ||
      std::string_view(bytes, kMagic.size()) != kMagic) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    }
    return value;
  };
  return Header{number(60), number(68)};
}

// In a child: the SQLite under test may crash, or never end. It is confined to
// `directory`.
absl::Status InChild(const std::string& directory,
                     absl::FunctionRef<absl::Status()> work) {
  ASSIGN_OR_RETURN(ChildRunner runner, ChildRunner::Create());
  ASSIGN_OR_RETURN(const ChildReport report,
                   runner.Run(
                       [&] {
                         absl::Status done = ConfineSqlite(directory);
                         if (done.ok()) done = work();
                         if (done.ok()) return;
                         std::printf("%s", done.ToString().c_str());
                         std::fflush(stdout);
                         _exit(1);
                       },
                       kTimeout));
  if (report.end == ChildEnd::kReturned) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(report.how,
                                          report.output.empty() ? "" : ": ",
                                          absl::CHexEscape(report.output)));
}

// Where SQLite works, and nothing stands that anybody else has put there. One
// that was left by a killed process, or is anything else, is removed.
absl::Status MakeWorkplace(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
  if (mkdir(path.c_str(), S_IRWXU) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot make ", absl::CHexEscape(path)));
}

// False: SQLite complains, or dies of it. The journal and the WAL of a stranger
// are not looked at: this program leaves none.
absl::StatusOr<bool> IsWhole(const std::string& path,
                             const std::string& workplace) {
  const std::string copy = absl::StrCat(workplace, "/old.sqlite");
  std::error_code error;
  std::filesystem::copy_file(path, copy, error);
  if (error) {
    return absl::ErrnoToStatus(
        error.value(), absl::StrCat("cannot copy ", absl::CHexEscape(path)));
  }
  return InChild(workplace, [&] { return CheckDatabase(copy); }).ok();
}

// Never over one that was put aside before.
absl::Status PutAside(const std::string& file, const std::string& why) {
  std::string aside = absl::StrCat(file, ".old");
  for (int i = 1; access(aside.c_str(), F_OK) == 0; ++i) {
    aside = absl::StrCat(file, ".old-", i);
  }
  RETURN_IF_ERROR(PutInPlace(file, aside));
  std::printf("%s\n", absl::StrCat(absl::CHexEscape(file), " ", why,
                                   ": it is kept as ", absl::CHexEscape(aside))
                          .c_str());
  std::fflush(stdout);
  return absl::OkStatus();
}

// SQLite plays a journal or a WAL of that name back into whatever database it
// then finds there
// (https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
absl::Status MakeRoomForJournals(const std::string& path) {
  for (const char* suffix : {"-journal", "-wal"}) {
    const std::string beside = absl::StrCat(path, suffix);
    if (access(beside.c_str(), F_OK) != 0) continue;
    RETURN_IF_ERROR(PutAside(beside, "would be played back into a new file"));
  }
  return absl::OkStatus();
}

absl::Status MakeRoom(const std::string& path, const std::string& workplace) {
  if (access(path.c_str(), F_OK) != 0) return absl::OkStatus();
  const std::optional<Header> header = ReadHeader(path);
  constexpr char kWhy[] = "is damaged, or of another program";
  if (!header || header->application_id != kResultsApplicationId) {
    return PutAside(path, kWhy);
  }
  if (header->user_version > kResultsVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(absl::CHexEscape(path), " has version ",
                     header->user_version, ", newer than ", kResultsVersion,
                     ": it is not replaced; everything is in results.jsonl"));
  }
  ASSIGN_OR_RETURN(const bool is_whole, IsWhole(path, workplace));
  return is_whole ? absl::OkStatus() : PutAside(path, kWhy);
}

}  // namespace

absl::Status BuildResultsDatabase(const std::string& directory,
                                  const Identity& identity,
                                  const Tally& tally) {
  const std::string path = absl::StrCat(directory, "/results.sqlite");
  const std::string workplace = absl::StrCat(path, ".tmp");
  RETURN_IF_ERROR(MakeWorkplace(workplace));
  const absl::Cleanup remover = [&] {
    std::error_code ignored;
    std::filesystem::remove_all(workplace, ignored);
  };
  RETURN_IF_ERROR(MakeRoom(path, workplace));
  const std::string built_path = absl::StrCat(workplace, "/results.sqlite");
  const absl::Status built = InChild(
      workplace, [&] { return WriteDatabase(built_path, identity, tally); });
  if (!built.ok()) {
    return absl::InternalError(absl::StrCat(
        "cannot build ", absl::CHexEscape(path), ": ", built.message()));
  }
  RETURN_IF_ERROR(MakeRoomForJournals(path));
  return PutInPlace(built_path, path);
}

}  // namespace lastcommit
