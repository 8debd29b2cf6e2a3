// The bug: a hot path that turns the journal off "for speed". The setting that
// was promised is there whenever somebody looks; a kill in the middle of the
// write leaves some pages new and some old, and nothing to repair them with
// (https://sqlite.org/pragma.html#pragma_journal_mode: with OFF "the database
// file will very likely go corrupt").
//
// Only blobs: what they write cannot be refused half-way, and without a
// journal a refused statement cannot be undone even in a living process. An
// upload goes through a scratch table, as such code often does; it also makes
// the first page differ in every write, so that a half-written file is hardly
// ever mistaken for a whole one.

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/digest.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

class SaverThatTurnsTheJournalOff : public SqliteSubject {
 public:
  SaverThatTurnsTheJournalOff(std::unique_ptr<saver::SqliteSaver> saver,
                              saver::JournalMode promised)
      : SqliteSubject(std::move(saver)), promised_(promised) {}

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    // Leaving WAL needs the database alone; then it is done the slow way. So it
    // is once somebody has chosen another journal mode.
    if (in_transaction() || IsDeleted(thread_id) || !is_as_opened_ ||
        !SetJournal(saver::JournalMode::kOff).ok()) {
      return SqliteSubject::PutBlob(thread_id, name, bytes);
    }
    absl::Status put = Upload(thread_id, name, bytes);
    RETURN_IF_ERROR(SetJournal(promised_));
    return put;
  }

  absl::Status SetJournalMode(saver::JournalMode mode) override {
    RETURN_IF_ERROR(SqliteSubject::SetJournalMode(mode));
    is_as_opened_ = false;
    return absl::OkStatus();
  }

 private:
  absl::Status Upload(std::string_view thread_id, std::string_view name,
                      std::string_view bytes) {
    // A kill may have left one.
    RETURN_IF_ERROR(Run("DROP TABLE IF EXISTS upload"));
    // One write at the end instead of several.
    RETURN_IF_ERROR(Run("PRAGMA cache_spill = OFF"));
    RETURN_IF_ERROR(Run(
        "CREATE TABLE upload AS SELECT CAST(?1 AS BLOB) AS bytes", {bytes}));
    RETURN_IF_ERROR(Run("BEGIN IMMEDIATE"));
    RETURN_IF_ERROR(
        Run("UPDATE meta SET value = value + 1 WHERE key = 'commit_counter'"));
    RETURN_IF_ERROR(
        Run("INSERT INTO blobs (thread_id, name, size, digest) "
            "SELECT ?1, ?2, length(bytes), CAST(?3 AS BLOB) FROM upload "
            "WHERE true ON CONFLICT (thread_id, name) DO UPDATE "
            "SET size = excluded.size, digest = excluded.digest",
            {thread_id, name, saver::DigestOf(bytes)}));
    RETURN_IF_ERROR(
        Run("INSERT OR REPLACE INTO contents (id, bytes) "
            "SELECT content_id, bytes FROM upload, blobs "
            "WHERE thread_id = ?1 AND name = ?2",
            {thread_id, name}));
    RETURN_IF_ERROR(
        Run("INSERT OR IGNORE INTO threads "
            "(thread_id, last_log, last_checkpoint, is_deleted) "
            "VALUES (?1, 0, 0, 0)",
            {thread_id}));
    RETURN_IF_ERROR(Run("DROP TABLE upload"));
    RETURN_IF_ERROR(Run("COMMIT"));
    return Run("PRAGMA cache_spill = ON");
  }

  absl::Status Run(std::string_view sql,
                   std::initializer_list<std::string_view> texts = {}) {
    return RunSql(saver().connection(), sql, texts).status();
  }

  bool IsDeleted(std::string_view thread_id) {
    const auto is_deleted = RunSql(
        saver().connection(),
        "SELECT is_deleted FROM threads WHERE thread_id = ?1", {thread_id});
    return is_deleted.ok() && *is_deleted == "1";
  }

  absl::Status SetJournal(saver::JournalMode mode) {
    const std::string name(Name(mode));
    ASSIGN_OR_RETURN(const auto now,
                     RunSql(saver().connection(),
                            absl::StrCat("PRAGMA journal_mode = ", name)));
    if (now == name) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("SQLite kept journal mode ", now.value_or("unknown")));
  }

  const saver::JournalMode promised_;
  bool is_as_opened_ = true;
};

absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  saver::Options options = OptionsFor(profile);
  // It leaves WAL behind the saver's back, and comes back to another one.
  options.notice_removed_files = false;
  ASSIGN_OR_RETURN(auto saver, saver::SqliteSaver::Open(path, options));
  return std::make_unique<SaverThatTurnsTheJournalOff>(std::move(saver),
                                                       profile.journal_mode);
}

}  // namespace

SaverEntry PlantedJournalOff() {
  return {"planted-journal-off",
          "turns the journal off while it writes a blob outside a transaction",
          ViolationClass::kDamaged, Open, ReadStateBySql};
}

}  // namespace lastcommit
