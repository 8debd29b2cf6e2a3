// The bug is below the saver: a disk, a controller or a virtual machine that
// says "synced" and goes on caching
// (https://sqlite.org/howtocorrupt.html#_disk_drives_that_do_not_honor_sync_requests),
// or a file system whose directories nobody syncs. The saver is as good as
// ours, and nothing but a loss of power can tell.

#include <optional>
#include <string_view>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

SaverEntry OnADiskThatDrops(const UnkeptSyncs& dropped, std::string_view name,
                            std::string_view description,
                            ViolationClass planted) {
  SaverEntry entry = {name, description, planted, OpenPlanted<SqliteSubject>,
                      ReadStateBySql};
  entry.shown_by = ShownBy::kPowerLoss;
  entry.unkept_syncs = dropped;
  return entry;
}

}  // namespace

SaverEntry PlantedWalSyncDropped() {
  return OnADiskThatDrops({.of = FileRole::kWal}, "planted-wal-sync-dropped",
                          "runs on a disk that only says that it syncs the WAL",
                          ViolationClass::kLostCommit);
}

SaverEntry PlantedDatabaseSyncDropped() {
  return OnADiskThatDrops(
      {.of = FileRole::kDatabase}, "planted-database-sync-dropped",
      "runs on a disk that only says that it syncs the database file",
      ViolationClass::kDamaged);
}

SaverEntry PlantedDirectorySyncDropped() {
  return OnADiskThatDrops(
      {.of_directory = true}, "planted-directory-sync-dropped",
      "runs on a disk that only says that it syncs directories",
      ViolationClass::kLostCommit);
}

}  // namespace lastcommit
