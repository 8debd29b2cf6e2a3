// The bug: a statement that is never reset. It keeps the read transaction of
// its connection open, and with it the snapshot that every later read of the
// connection gets (https://sqlite.org/isolation.html): what others commit is
// never seen. The saver knows that its reads must follow its own writes, and
// renews the snapshot after those.

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

// A connection with a statement that has begun and does not end.
class Snapshot {
 public:
  explicit Snapshot(const std::string& path) {
    int result = sqlite3_open_v2(path.c_str(), &connection_,
                                 SQLITE_OPEN_READWRITE, nullptr);
    if (result == SQLITE_OK) {
      result = sqlite3_prepare_v2(connection_, "SELECT key FROM meta", -1,
                                  &statement_, nullptr);
    }
    if (result == SQLITE_OK) result = sqlite3_step(statement_);
    if (result != SQLITE_ROW) {
      status_ = saver::SqliteStatus(result, connection_, "a snapshot");
    }
  }
  ~Snapshot() {
    sqlite3_finalize(statement_);
    sqlite3_close(connection_);
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  const absl::Status& status() const { return status_; }
  sqlite3* connection() { return connection_; }

 private:
  sqlite3* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  absl::Status status_;
};

class SaverThatNeverResets : public PlantedSubject {
 public:
  SaverThatNeverResets(std::unique_ptr<saver::SqliteSaver> saver,
                       std::string path)
      : PlantedSubject(std::move(saver)), path_(std::move(path)) {}

  absl::StatusOr<State> ReadState() override {
    if (in_transaction() || !is_in_wal_mode_) return SqliteSubject::ReadState();
    const int changes = sqlite3_total_changes(saver().connection());
    if (!snapshot_.has_value() || !snapshot_->status().ok() ||
        changes != changes_) {
      snapshot_.reset();
      snapshot_.emplace(path_);
      changes_ = changes;
    }
    RETURN_IF_ERROR(snapshot_->status());
    return ReadStateBySql(snapshot_->connection(), path_);
  }

  // One that waits for readers would wait for this one.
  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) override {
    snapshot_.reset();
    return SqliteSubject::WalCheckpoint(mode);
  }

  absl::Status SetJournalMode(saver::JournalMode mode) override {
    snapshot_.reset();
    RETURN_IF_ERROR(SqliteSubject::SetJournalMode(mode));
    is_in_wal_mode_ = mode == saver::JournalMode::kWal;
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  std::optional<Snapshot> snapshot_;
  bool is_in_wal_mode_ = true;
  int changes_ = 0;  // of the saver's connection, when it was taken
};

// With a rollback journal an open read transaction keeps every writer out, and
// the bug would be seen at once.
absl::StatusOr<std::unique_ptr<Store>> OpenWithSnapshot(
    const std::string& path, const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  if (profile.journal_mode != saver::JournalMode::kWal) {
    return std::make_unique<SqliteSubject>(std::move(saver));
  }
  return std::make_unique<SaverThatNeverResets>(std::move(saver), path);
}

}  // namespace

SaverEntry PlantedReaderNeverReset() {
  SaverEntry entry = {"planted-reader-never-reset",
                      "answers reads from a snapshot that only its own commits "
                      "end, because a statement is never reset",
                      ViolationClass::kWrongRead, OpenWithSnapshot,
                      ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
