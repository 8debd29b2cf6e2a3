#include "hand_checkpoint.h"

namespace lastcommit {
namespace {

int AfterCommit(void* autocheckpoint, sqlite3* connection,
                const char* /*schema*/, int in_wal) {
  const auto& what = *static_cast<const HandAutocheckpoint*>(autocheckpoint);
  if (in_wal >= what.frames) {
    CheckpointByHand(connection, what.vfs, SQLITE_CHECKPOINT_PASSIVE);
  }
  return SQLITE_OK;
}

}  // namespace

bool GuardsByHand() {
  const int version = sqlite3_libversion_number();
  return version >= 3007000 && version < 3051003 &&
         (version < 3044006 || version >= 3045000) &&
         (version < 3050007 || version >= 3051000);
}

void CheckpointByHand(sqlite3* connection, const char* vfs, int mode) {
  sqlite3* reader = nullptr;
  if (GuardsByHand()) {
    sqlite3_open_v2(sqlite3_db_filename(connection, "main"), &reader,
                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, vfs);
    sqlite3_db_config(reader, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_exec(reader, "BEGIN", nullptr, nullptr, nullptr);
    sqlite3_exec(reader, "PRAGMA user_version", nullptr, nullptr, nullptr);
  }
  sqlite3_wal_checkpoint_v2(connection, nullptr, mode, nullptr, nullptr);
  sqlite3_close(reader);
}

void CheckpointAfterCommitsByHand(sqlite3* connection,
                                  const HandAutocheckpoint& what) {
  if (what.frames == 0) return;
  sqlite3_wal_hook(connection, AfterCommit,
                   const_cast<HandAutocheckpoint*>(&what));
}

}  // namespace lastcommit
