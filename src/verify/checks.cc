#include "verify/checks.h"

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "output/plural.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"
#include "trial/trial_files.h"
#include "verify/checked_database.h"
#include "verify/database_header.h"
#include "verify/file_words.h"
#include "verify/own_checks.h"
#include "verify/report.h"
#include "verify/table_checks.h"

namespace lastcommit {
namespace {

// A schema that was written for a newer SQLite is told from a damaged one by
// what SQLite says: these are about rows of sqlite_schema that do not fit to
// the file, the rest about SQL that it does not understand.
bool IsAboutSql(const std::string& message) {
  return absl::StrContains(message, "malformed database schema") &&
         absl::StrContains(message, ") - ") &&
         !absl::StrContains(message, "invalid rootpage") &&
         !absl::StrContains(message, "orphan index");
}

class Checks {
 public:
  explicit Checks(const CopyToCheck& copy)
      : directory_(copy.directory),
        path_(absl::StrCat(copy.directory, "/", kDatabaseName)),
        is_in_use_(copy.is_in_use),
        surroundings_(copy.surroundings) {}

  absl::StatusOr<Verification> Run() {
    RETURN_IF_ERROR(LookAtFiles());
    if (header_.bytes == 0) {
      SayEmptyFile();
    } else if (!report_.has_unchecked()) {
      RETURN_IF_ERROR(CheckBySqlite());
      if (is_ours_ && !report_.is_damaged() && !report_.has_unchecked()) {
        RETURN_IF_ERROR(OpenBySaver(path_, report_));
      }
    }
    for (const auto& [remark, summary] : surroundings_) {
      if (remark.level == RemarkLevel::kWarning) {
        report_.Warn(remark.about, remark.text, summary);
      } else {
        report_.Note(remark.about, remark.text);
      }
    }
    Verification verification = report_.Conclude(Intact());
    verification.wal = wal_;
    verification.journal = journal_;
    return verification;
  }

 private:
  // Before SQLite opens the copy and changes it.
  absl::Status LookAtFiles() {
    ASSIGN_OR_RETURN(header_, ReadDatabaseHeader(path_));
    ASSIGN_OR_RETURN(wal_, ReadWal(path_));
    ASSIGN_OR_RETURN(journal_, ReadJournal(path_, is_in_use_));
    SayWal(wal_, report_);
    SayJournal(journal_, report_);
    return absl::OkStatus();
  }

  void SayEmptyFile() {
    if (wal_.committed > 0) {
      constexpr char kWhat[] =
          "the file is empty, and its WAL holds commits, which SQLite deletes "
          "when the database is opened";
      return report_.Damage("file", kWhat, kWhat);
    }
    if (journal_.original_pages > 0) {
      constexpr char kWhat[] =
          "the file is empty, and its journal holds pages of the database, "
          "which SQLite deletes when it is opened";
      return report_.Damage("file", kWhat, kWhat);
    }
    constexpr char kWhat[] =
        "the file is empty; SQLite takes it for a new database";
    report_.Unchecked("file", kWhat, kWhat);
  }

  std::string Intact() const {
    std::string text = absl::StrCat(Plural(pages_, "page"), " of ", page_size_,
                                    " bytes, integrity ");
    if (broken_keys_ == 0) return text + "and foreign keys hold";
    return absl::StrCat(text, "holds; ", Plural(broken_keys_, "row"),
                        " with broken foreign keys (see the note)");
  }

  absl::Status CheckBySqlite() {
    ASSIGN_OR_RETURN(CheckedDatabase database, CheckedDatabase::Open(path_));
    Answer refused;
    ASSIGN_OR_RETURN(pages_, database.AskNumber("PRAGMA page_count", refused));
    bool has_whole_schema = true;
    if (!refused.ok()) {
      RETURN_IF_ERROR(SayRefused(database, refused));
      if (!absl::StrContains(refused.message, "malformed database schema")) {
        return absl::OkStatus();
      }
      has_whole_schema = false;
      RETURN_IF_ERROR(LoadRestOfSchema(database));
    }
    RETURN_IF_ERROR(DescribeFile(database));
    if (has_whole_schema && IsOfNewerSqlite()) {
      report_.Note("file", Versions());
    }
    RETURN_IF_ERROR(DescribeSchema(database));
    RETURN_IF_ERROR(CheckIntegrity(database, has_whole_schema, report_));
    ASSIGN_OR_RETURN(broken_keys_,
                     CheckForeignKeys(database, is_ours_, report_));
    RETURN_IF_ERROR(CheckVirtualTables(database, report_));
    if (is_of_saver_) RETURN_IF_ERROR(CheckDigests(database, report_));
    return absl::OkStatus();
  }

  // With writable_schema SQLite passes over what it cannot parse.
  static absl::Status LoadRestOfSchema(CheckedDatabase& database) {
    sqlite3_db_config(database.connection(), SQLITE_DBCONFIG_DEFENSIVE, 0,
                      nullptr);
    RETURN_IF_ERROR(database.Ask("PRAGMA writable_schema = ON").status());
    return absl::OkStatus();
  }

  bool IsOfNewerSqlite() const {
    return header_.writer > sqlite3_libversion_number();
  }

  std::string Versions() const {
    return absl::StrCat("it was last written by SQLite ",
                        VersionName(header_.writer), ", this is ",
                        sqlite3_libversion());
  }

  // What the first access says; after it, a hot journal is rolled back.
  absl::Status SayRefused(CheckedDatabase& database, const Answer& refused) {
    // The header may stand in the WAL.
    sqlite3_wal_checkpoint_v2(database.connection(), nullptr,
                              SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    ASSIGN_OR_RETURN(header_, ReadDatabaseHeader(path_));
    const bool is_no_database = (refused.code & 0xff) == SQLITE_NOTADB;
    if (is_no_database && !header_.has_magic) return SayNoHeader();
    if (is_no_database && header_.is_plausible &&
        header_.read_version > kKnownFormat) {
      Refuse(absl::StrCat("unknown format: the header asks for version ",
                          header_.read_version, " of the file format, SQLite ",
                          sqlite3_libversion(), " knows ", kKnownFormat));
    } else if (is_no_database) {
      report_.Damage("header", refused.message,
                     absl::StrCat("the header is damaged: ", refused.message));
    } else if (IsOfNewerSqlite() && (refused.kind == AnswerKind::kUnchecked ||
                                     IsAboutSql(refused.message))) {
      Refuse(absl::StrCat(refused.message, "; ", Versions()));
    } else if (refused.kind == AnswerKind::kUnchecked) {
      Refuse(refused.message);
    } else {
      report_.Damage("damage", refused.message, refused.message);
    }
    return absl::OkStatus();
  }

  void Refuse(const std::string& why) { report_.Unchecked("file", why, why); }

  absl::Status SayNoHeader() {
    ASSIGN_OR_RETURN(const std::string traces, TracesOfADatabase(path_));
    if (traces.empty()) {
      Refuse("not a database of SQLite, or an encrypted one");
      return absl::OkStatus();
    }
    const std::string what =
        absl::StrCat("the header is overwritten: ", traces);
    report_.Damage("header", what, what);
    return absl::OkStatus();
  }

  absl::Status DescribeFile(CheckedDatabase& database) {
    Answer ignored;
    ASSIGN_OR_RETURN(pages_, database.AskNumber("PRAGMA page_count", ignored));
    ASSIGN_OR_RETURN(page_size_,
                     database.AskNumber("PRAGMA page_size", ignored));
    ASSIGN_OR_RETURN(const Answer mode, database.Ask("PRAGMA journal_mode"));
    report_.Fact(
        "file",
        absl::StrCat(Plural(pages_, "page"), " of ", page_size_,
                     " bytes, journal_mode ",
                     mode.rows.empty() ? "unknown" : Shown(mode.rows.front())));
    if (header_.write_version > kKnownFormat) {
      report_.Note("file",
                   "it can be read only: the header asks for a newer "
                   "version of the file format to write it");
    }
    return absl::OkStatus();
  }

  absl::Status DescribeSchema(CheckedDatabase& database) {
    Answer refused;
    ASSIGN_OR_RETURN(const std::int64_t id,
                     database.AskNumber("PRAGMA application_id", refused));
    ASSIGN_OR_RETURN(const std::int64_t version,
                     database.AskNumber("PRAGMA user_version", refused));
    ASSIGN_OR_RETURN(
        const std::int64_t objects,
        database.AskNumber("SELECT count(*) FROM sqlite_schema", refused));
    if (!refused.ok()) {
      report_.Damage("schema", refused.message, refused.message);
      return absl::OkStatus();
    }
    if (id != saver::kApplicationId) {
      report_.Fact(
          "schema",
          objects == 0 && id == 0
              ? "empty"
              : absl::StrFormat("of another program (application_id 0x%08x, "
                                "user_version %d), %s",
                                static_cast<std::uint32_t>(id), version,
                                Plural(objects, "object")));
      return absl::OkStatus();
    }
    is_of_saver_ = true;
    is_ours_ = version == saver::kSchemaVersion;
    report_.Fact(
        "schema",
        absl::StrCat("lastcommit's, version ", version,
                     is_ours_ ? ""
                              : absl::StrCat("; that of this program is ",
                                             saver::kSchemaVersion)));
    return is_ours_ ? CompareSchema(database, directory_, report_)
                    : absl::OkStatus();
  }

  const std::string directory_;
  const std::string path_;
  const bool is_in_use_;
  const std::vector<Surrounding> surroundings_;
  Report report_;
  DatabaseHeader header_;
  WalState wal_;
  JournalState journal_;
  std::int64_t pages_ = 0;
  std::int64_t page_size_ = 0;
  std::int64_t broken_keys_ = 0;
  bool is_of_saver_ = false;  // of any version
  bool is_ours_ = false;      // with the schema of this program
};

}  // namespace

absl::StatusOr<Verification> CheckCopy(const CopyToCheck& copy) {
  return Checks(copy).Run();
}

}  // namespace lastcommit
