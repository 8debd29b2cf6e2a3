// The bug: a checkpoint whose result nobody looks at. "After a checkpoint the
// WAL is in the database, so its file can be cut to give the space back": but
// with another connection at work a checkpoint may be busy, or copy only what
// no reader still needs, and says so in its result
// (https://sqlite.org/c3ref/wal_checkpoint_v2.html). What it left in the WAL is
// cut off, and so is what others commit before the cut: their commits are lost,
// or half of one is in the database by then, and the rest never comes.

#include <sqlite3.h>

#include <optional>
#include <string>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatIgnoresABusyCheckpoint : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) override {
    ASSIGN_OR_RETURN(const saver::WalCheckpointResult result,
                     SqliteSubject::WalCheckpoint(mode));
    ASSIGN_OR_RETURN(const std::optional<std::string> journal_mode,
                     RunSql(saver().connection(), "PRAGMA main.journal_mode"));
    if (journal_mode == "wal") CutWal();
    return result;
  }

 private:
  // Through the VFS, so that it is the file of a simulated disk as well.
  void CutWal() {
    sqlite3_file* wal = nullptr;
    sqlite3_file_control(saver().connection(), "main",
                         SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal != nullptr && wal->pMethods != nullptr) {
      wal->pMethods->xTruncate(wal, 0);
    }
  }
};

}  // namespace

SaverEntry PlantedBusyCheckpointIgnored() {
  SaverEntry entry = {
      "planted-busy-checkpoint-ignored",
      "cuts the WAL after a checkpoint, also after one that was busy",
      ViolationClass::kDamaged, OpenPlanted<SaverThatIgnoresABusyCheckpoint>,
      ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
