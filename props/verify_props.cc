// What `verify` says of files that were damaged at random, of every kind that
// SQLite leaves, is what a stock SQLite finds in them; and it changes none.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "props/database_files.h"
#include "props/environment.h"
#include "props/independent_reading.h"
#include "tests/directory.h"
#include "tests/tree.h"
#include "verify/verification.h"
#include "verify/verification_json.h"

namespace lastcommit {
namespace {

struct Case {
  Case(const FilesOfKind& of, DamagedFiles files)
      : kind(&of),
        damaged(std::move(files)),
        reading(ReadIndependently(damaged.files)) {}

  const FilesOfKind* kind;
  DamagedFiles damaged;
  IndependentReading reading;
};

// How many commits SQLite does not find any more; -1: what it finds was never
// there.
int CommitsLost(const Case& tried) {
  const auto& states = tried.kind->states;
  const auto found =
      std::find(states.rbegin(), states.rend(), tried.reading.tables);
  return found == states.rend() ? -1
                                : static_cast<int>(found - states.rbegin());
}

std::string BytesOf(const Case& tried, const std::string& suffix) {
  const auto found = tried.damaged.files.find(suffix);
  return found == tried.damaged.files.end() ? "" : found->second;
}

bool HasOtherBlobs(const Case& tried) {
  const auto& states = tried.kind->states;
  return tried.kind->is_ours &&
         std::none_of(states.begin(), states.end(), [&](const Tables& state) {
           return state.at("contents") == tried.reading.tables.at("contents");
         });
}

std::string WhyWrongOfIntact(const Case& tried, Soundness said) {
  const int lost = CommitsLost(tried);
  switch (said) {
    case Soundness::kDamaged:
      // A saver knows more of its own content than SQLite does.
      return tried.kind->is_ours && lost < 0 ? "" : "SQLite finds no damage";
    case Soundness::kCannotCheck:
      return "SQLite reads all of it";
    case Soundness::kWarning:
      return lost == 0 ? "nothing is lost" : "";
    case Soundness::kOk:
      break;
  }
  if (HasOtherBlobs(tried)) return "the bytes of a blob are others";
  // More than the last one, which may have been cut short while it was written.
  const bool is_ignored = tried.damaged.changed == "-wal" &&
                          tried.damaged.has_only_flips && lost > 1;
  return is_ignored ? "commits are in the WAL that SQLite does not find" : "";
}

// Of one who wrote it with a newer SQLite, if that is true.
bool IsOfNewerSqlite(const std::string& database) {
  std::uint32_t writer = 0;
  for (std::size_t i = 96; i < 100 && database.size() >= 100; ++i) {
    writer = writer << 8 | static_cast<unsigned char>(database[i]);
  }
  return writer > static_cast<std::uint32_t>(sqlite3_libversion_number());
}

bool HasNewFormat(const std::string& database) {
  return database.size() > 19 && static_cast<unsigned char>(database[19]) > 2;
}

// "" if that is what to say of it.
std::string WhyWrong(const Case& tried, const Verification& said) {
  const std::string database = BytesOf(tried, "");
  const Soundness soundness = said.soundness;
  const bool is_good =
      soundness == Soundness::kOk || soundness == Soundness::kWarning;
  if (absl::StrContains(said.summary, " s are needed to check it")) {
    return "it was not ended in time";
  }
  if (database.empty()) return is_good ? "there is no byte of it" : "";
  switch (tried.reading.found) {
    case Found::kIntact:
      return WhyWrongOfIntact(tried, soundness);
    case Found::kDamaged:
      if (soundness == Soundness::kDamaged) return "";
      return soundness == Soundness::kCannotCheck &&
                     (IsOfNewerSqlite(database) ||
                      absl::StrContains(said.summary, "more than"))
                 ? ""
                 : "SQLite finds damage";
    case Found::kNoDatabase:
      if (is_good) return "SQLite says that it is none";
      return soundness == Soundness::kCannotCheck &&
                     tried.damaged.has_only_flips &&
                     tried.damaged.changed.empty() && !HasNewFormat(database)
                 ? "so few bits make it no file of another program"
                 : "";
    case Found::kRefused:
    case Found::kCrashed:
      return is_good ? "SQLite does not read it" : "";
  }
  return "";
}

using Verifier = std::function<absl::StatusOr<Verification>(
    const std::string& database, const std::string& place)>;

absl::StatusOr<Verification> RealVerifier(const std::string& database,
                                          const std::string& place) {
  return Verify(database, {.directory = place});
}

// Files that were written long ago: who writes now makes a copy wait.
void PutFiles(const DatabaseFiles& files, const Directory& directory) {
  constexpr timespec kLongAgo = {1'000'000'000, 0};
  constexpr timespec kBothTimes[] = {kLongAgo, kLongAgo};
  for (const auto& [suffix, bytes] : files) {
    const std::string name = absl::StrCat("a.db", suffix);
    directory.Put(name, bytes);
    utimensat(AT_FDCWD, directory.Path(name).c_str(), kBothTimes, 0);
  }
}

std::string Described(const Case& tried, const Verification& said) {
  std::string text =
      absl::StrCat(tried.kind->name, ": ", tried.damaged.what,
                   "\nverify: ", Word(said.soundness), ": ", said.summary,
                   "\nSQLite: ", static_cast<int>(tried.reading.found), " ",
                   tried.reading.why, "\n", CommitsLost(tried), " lost\n");
  for (const Remark& remark : said.remarks) {
    absl::StrAppend(&text, "  ", remark.about, ": ", remark.text, "\n");
  }
  return text;
}

// What is wrong with what it says of one damaged database; "" if nothing is.
std::string Try(const Case& tried, const Verifier& verify) {
  const Directory directory;
  const Directory place;
  PutFiles(tried.damaged.files, directory);
  const Tree before = TreeOf(directory.path());
  const absl::StatusOr<Verification> said =
      verify(directory.Path("a.db"), place.path());
  if (!said.ok()) {
    return absl::StrCat(tried.kind->name, ": ", tried.damaged.what, ": ",
                        said.status().ToString());
  }
  std::string why = WhyWrong(tried, *said);
  if (TreeOf(directory.path()) != before) why = "it changed the files";
  if (!place.Names().empty()) why = "it left its copy";
  return why.empty() ? "" : absl::StrCat(why, "\n", Described(tried, *said));
}

// The kinds in turn: the n-th damage of all.
Case CaseAt(const std::vector<FilesOfKind>& kinds, std::uint64_t number) {
  std::mt19937_64 random(PropertySeed() * 1'000'003 + number);
  const FilesOfKind& kind = kinds[number % kinds.size()];
  return {kind, Damage(kind, random)};
}

TEST(Verify, SaysOfWholeFilesThatTheyAre) {
  for (const FilesOfKind& kind : AllKindsOfFiles()) {
    DamagedFiles whole;
    whole.files = kind.files;
    EXPECT_EQ(Try({kind, whole}, RealVerifier), "");
  }
}

TEST(Verify, SaysOfDamagedFilesWhatSqliteFinds) {
  const std::vector<FilesOfKind> kinds = AllKindsOfFiles();
  std::map<Found, int> counts;
  int wrong = 0;
  for (std::uint64_t i = 0; i < PropertyTrials(600); ++i) {
    const Case tried = CaseAt(kinds, i);
    ++counts[tried.reading.found];
    const std::string why = Try(tried, RealVerifier);
    if (why.empty()) continue;
    ADD_FAILURE() << "damage " << i << ": " << why;
    constexpr int kEnough = 10;
    if (++wrong == kEnough) break;
  }
  for (const auto& [found, count] : counts) {
    std::printf("found %d: %d\n", static_cast<int>(found), count);
  }
  EXPECT_GT(counts[Found::kIntact], 0);
  EXPECT_GT(counts[Found::kDamaged], 0);
}

// A check that says the same of all, or knows no warnings, is found out.
TEST(Verify, ThatSaysTheSameOfAllIsCaught) {
  const std::vector<FilesOfKind> kinds = AllKindsOfFiles();
  for (const Soundness always :
       {Soundness::kOk, Soundness::kWarning, Soundness::kDamaged,
        Soundness::kCannotCheck}) {
    bool is_caught = false;
    for (std::uint64_t i = 0; i < 100 && !is_caught; ++i) {
      is_caught = !Try(CaseAt(kinds, i), [&](const auto&, const auto&) {
                     Verification said;
                     said.soundness = always;
                     return said;
                   }).empty();
    }
    EXPECT_TRUE(is_caught) << Word(always);
  }
}

TEST(Verify, ThatNeverWarnsIsCaught) {
  const std::vector<FilesOfKind> kinds = AllKindsOfFiles();
  bool is_caught = false;
  for (std::uint64_t i = 0; i < 1000 && !is_caught; ++i) {
    is_caught = !Try(CaseAt(kinds, i), [&](const std::string& database,
                                           const std::string& place) {
                   absl::StatusOr<Verification> said =
                       RealVerifier(database, place);
                   if (said.ok() && said->soundness == Soundness::kWarning) {
                     said->soundness = Soundness::kOk;
                   }
                   return said;
                 }).empty();
  }
  EXPECT_TRUE(is_caught);
}

}  // namespace
}  // namespace lastcommit
