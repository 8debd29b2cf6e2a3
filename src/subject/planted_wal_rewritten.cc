// The bug: who writes to the WAL beside SQLite, a tool that encrypts or
// compresses it in place, say. The frame that it writes again was synced, and
// now is not: a loss of power may leave half of it, and what the sync had made
// durable is gone (https://sqlite.org/atomiccommit.html#_hardware_assumptions).
// Each commit is synced by the saver itself, before it is acknowledged, so that
// it is durable at synchronous NORMAL as well.

#include <sqlite3.h>

#include <cstdint>
#include <string>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatWritesFramesAgain : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    if (!in_transaction()) WriteNewestFrameAgain();
    return SqliteSubject::Begin();
  }

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    auto cut = SqliteSubject::Commit([](std::int64_t) {});
    if (!cut.ok()) return cut;
    if (sqlite3_file* const wal = Wal(); wal != nullptr) {
      wal->pMethods->xSync(wal, SQLITE_SYNC_NORMAL);
    }
    acknowledge(*cut);
    return cut;
  }

 private:
  // Through the VFS, so that it is the file of a simulated disk as well.
  // nullptr: there is none.
  sqlite3_file* Wal() {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(saver().connection(), "main",
                         SQLITE_FCNTL_JOURNAL_POINTER, &file);
    const auto mode = RunSql(saver().connection(), "PRAGMA main.journal_mode");
    const bool is_wal = mode.ok() && *mode == "wal" && file != nullptr &&
                        file->pMethods != nullptr;
    return is_wal ? file : nullptr;
  }

  void WriteNewestFrameAgain() {
    sqlite3_file* const wal = Wal();
    if (wal == nullptr) return;
    const auto page_size = RunSql(saver().connection(), "PRAGMA page_size");
    if (!page_size.ok() || !page_size->has_value()) return;
    // https://sqlite.org/walformat.html
    const sqlite3_int64 frame = std::stoll(**page_size) + 24;
    sqlite3_int64 size = 0;
    if (wal->pMethods->xFileSize(wal, &size) != SQLITE_OK || size < frame) {
      return;
    }
    std::string bytes(static_cast<std::size_t>(frame), '\0');
    const int amount = static_cast<int>(frame);
    if (wal->pMethods->xRead(wal, bytes.data(), amount, size - frame) ==
        SQLITE_OK) {
      wal->pMethods->xWrite(wal, bytes.data(), amount, size - frame);
    }
  }
};

}  // namespace

SaverEntry PlantedWalRewritten() {
  SaverEntry entry = {
      "planted-wal-rewritten",
      "writes the newest frame of the WAL again after it was synced",
      ViolationClass::kLostCommit, OpenPlanted<SaverThatWritesFramesAgain>,
      ReadStateBySql};
  entry.shown_by = ShownBy::kPowerLoss;
  return entry;
}

}  // namespace lastcommit
