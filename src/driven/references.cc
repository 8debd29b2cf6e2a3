#include "driven/references.h"

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/conversation.h"
#include "judge/image_files.h"
#include "judge/recovered.h"
#include "record/private_tree.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement Prepare(const Database& database, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr);
  return Statement(statement);
}

// Texts in UTF-8, whatever the database has.
std::string_view BytesOf(const Statement& statement, int column) {
  const void* const bytes =
      sqlite3_column_type(statement.get(), column) == SQLITE_TEXT
          ? static_cast<const void*>(
                sqlite3_column_text(statement.get(), column))
          : sqlite3_column_blob(statement.get(), column);
  const int size = sqlite3_column_bytes(statement.get(), column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes),
                                             static_cast<std::size_t>(size));
}

// "<123>", wherever it is.
void AddTokens(std::string_view text, std::set<std::string>& tokens) {
  for (std::size_t begin = text.find('<'); begin != std::string_view::npos;
       begin = text.find('<', begin + 1)) {
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end == begin + 1 || end == text.size() || text[end] != '>') continue;
    tokens.emplace(text.substr(begin, end + 1 - begin));
  }
}

std::vector<std::string> TablesOf(const Database& database) {
  std::vector<std::string> tables;
  const Statement all =
      Prepare(database, "SELECT name FROM sqlite_schema WHERE type = 'table'");
  while (all != nullptr && sqlite3_step(all.get()) == SQLITE_ROW) {
    tables.emplace_back(BytesOf(all, 0));
  }
  return tables;
}

// What cannot be read says nothing.
void AddTokensOf(const Database& database, std::set<std::string>& tokens) {
  for (const std::string& table : TablesOf(database)) {
    char* const sql = sqlite3_mprintf("SELECT * FROM \"%w\"", table.c_str());
    const Statement rows = Prepare(database, sql == nullptr ? "" : sql);
    sqlite3_free(sql);
    while (rows != nullptr && sqlite3_step(rows.get()) == SQLITE_ROW) {
      for (int i = 0; i < sqlite3_column_count(rows.get()); ++i) {
        AddTokens(BytesOf(rows, i), tokens);
      }
    }
  }
}

// Recovers the database, and closes it well: no journal and no WAL is left.
void CloseWell(const std::string& path, std::set<std::string>& tokens) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return;
  sqlite3* opened = nullptr;
  sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const Database database(opened);
  if (database == nullptr) return;
  // What does not end by itself ends here.
  std::int64_t left = RecoveryLimits::kSteps;
  sqlite3_progress_handler(
      database.get(), 1000,
      [](void* steps) {
        return --*static_cast<std::int64_t*>(steps) < 0 ? 1 : 0;
      },
      &left);
  AddTokensOf(database, tokens);
  sqlite3_exec(database.get(), "PRAGMA wal_checkpoint(TRUNCATE)", nullptr,
               nullptr, nullptr);
}

// How many calls have been done after one of them; 0: before the first, whose
// number is 0, too.
std::uint64_t Done(std::uint64_t call) { return call + 1; }

}  // namespace

References::References(const std::string& recording, std::string root,
                       const Timeline& timeline, const Vocabulary& dialect,
                       std::string scratch, Recoverer& recoverer)
    : recording_(recording),
      root_(std::move(root)),
      timeline_(timeline),
      dialect_(dialect),
      scratch_(std::move(scratch)),
      recoverer_(recoverer) {}

absl::Status References::Learn(const std::set<std::uint64_t>& calls) {
  std::set<std::uint64_t> wanted;
  for (const std::uint64_t call : calls) {
    if (!by_done_.contains(Done(call))) wanted.insert(Done(call));
  }
  if (wanted.empty() || is_hung_) return absl::OkStatus();
  std::vector<std::string> databases;
  const std::size_t first = references_.size();
  Rebuild files(root_, DiskModel::kPosix);
  files.storage().NeverLosesPower();
  const auto look = [&](std::uint64_t done) -> absl::Status {
    if (!wanted.contains(done)) return absl::OkStatus();
    const auto [place, is_new] =
        by_moment_.try_emplace(MomentOf(done, files), references_.size());
    by_done_[done] = place->second;
    return is_new ? Add(files, databases) : absl::OkStatus();
  };
  RETURN_IF_ERROR(look(0));
  const auto take = [&](const RecordedCall& call) -> absl::Status {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files.Apply(effect));
    }
    return look(Done(call.number));
  };
  RETURN_IF_ERROR(ReadRecording(recording_, take).status());
  for (std::size_t at = 0; at < databases.size() && !is_hung_;) {
    ASSIGN_OR_RETURN(
        std::vector<Recovery> recoveries,
        recoverer_.RecoverAll(
            dialect_, {databases.begin() + static_cast<std::ptrdiff_t>(at),
                       databases.end()}));
    for (Recovery& recovery : recoveries) {
      is_hung_ = recovery.kind == Recovery::Kind::kHung;
      Reference& reference = references_[first + at++];
      reference.recovery = std::move(recovery);
      reference.is_known = true;
    }
  }
  return absl::OkStatus();
}

absl::Status References::Renew(std::uint64_t call, const std::string& place) {
  const auto found = by_done_.find(Done(call));
  if (found == by_done_.end()) return absl::OkStatus();
  Reference& reference = references_[found->second];
  if (std::exchange(reference.is_renewed, true)) return absl::OkStatus();
  RemoveDirectory(place);
  RETURN_IF_ERROR(CopyTree(reference.directory, place));
  ASSIGN_OR_RETURN(
      reference.recovery,
      recoverer_.RecoverAlone(dialect_, absl::StrCat(place, "/", kDatabase)));
  reference.is_known = true;
  return absl::OkStatus();
}

const Reference* References::After(std::uint64_t call) const {
  const auto found = by_done_.find(Done(call));
  if (found == by_done_.end()) return nullptr;
  const Reference& reference = references_[found->second];
  return reference.is_known ? &reference : nullptr;
}

const Reference* References::FirstAfter(
    std::uint64_t call,
    const std::function<bool(const Reference&)>& holds) const {
  for (auto at = by_done_.upper_bound(Done(call)); at != by_done_.end(); ++at) {
    const Reference& reference = references_[at->second];
    if (reference.is_known && holds(reference)) return &reference;
  }
  return nullptr;
}

const Reference* References::LastBefore(
    std::uint64_t call,
    const std::function<bool(const Reference&)>& holds) const {
  for (auto at = by_done_.lower_bound(Done(call)); at != by_done_.begin();) {
    --at;
    const Reference& reference = references_[at->second];
    if (reference.is_known && holds(reference)) return &reference;
  }
  return nullptr;
}

References::Moment References::MomentOf(std::uint64_t done,
                                        const Rebuild& files) const {
  Moment moment;
  std::set<std::string> databases;
  for (const DatabaseTimeline& line : timeline_.databases) {
    // The first is that of the beginning.
    StateId state = line.commits.front().state;
    for (std::size_t i = 1; i < line.commits.size(); ++i) {
      if (Done(line.commits[i].call) <= done) state = line.commits[i].state;
    }
    moment.first.push_back(state);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      databases.insert(absl::StrCat(files.PathOf(line.path), suffix));
    }
  }
  moment.second = DigestOfFiles(files.storage(), files, databases);
  return moment;
}

absl::Status References::Add(const Rebuild& files,
                             std::vector<std::string>& databases) {
  const std::string directory =
      absl::StrCat(scratch_, "/reference-", references_.size());
  RETURN_IF_ERROR(WriteImage(files.storage(), files, directory));
  Reference& reference = references_.emplace_back();
  for (const DatabaseTimeline& line : timeline_.databases) {
    CloseWell(absl::StrCat(directory, "/", line.path), reference.tokens);
  }
  reference.directory = directory;
  const std::string opened = absl::StrCat(directory, "-opened");
  RETURN_IF_ERROR(CopyTree(directory, opened));
  databases.push_back(absl::StrCat(opened, "/", kDatabase));
  return absl::OkStatus();
}

}  // namespace lastcommit::driven
