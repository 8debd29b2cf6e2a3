// The SQLite settings that decide what a crash may take away, as values.
// Names are those of SQLite's PRAGMA documentation
// (https://sqlite.org/pragma.html), in lower case where they are text.

#ifndef LASTCOMMIT_SAVER_SETTINGS_H_
#define LASTCOMMIT_SAVER_SETTINGS_H_

#include <optional>
#include <string_view>

namespace lastcommit::saver {

// https://sqlite.org/pragma.html#pragma_journal_mode
enum class JournalMode { kDelete, kTruncate, kPersist, kMemory, kWal, kOff };

// https://sqlite.org/pragma.html#pragma_synchronous
enum class Synchronous { kOff, kNormal, kFull, kExtra };

// https://sqlite.org/c3ref/wal_checkpoint_v2.html
enum class CheckpointMode { kPassive, kFull, kRestart, kTruncate };

// Whether what a crash needs to undo or to keep a transaction is on the disk:
// the journal, or the WAL.
bool IsKeptOnDisk(JournalMode mode);

// SQLITE_CHECKPOINT_PASSIVE, ...: what sqlite3_wal_checkpoint_v2() is given.
int SqliteNumber(CheckpointMode mode);

// "wal", "full", "passive": the words of the PRAGMAs.
std::string_view Name(JournalMode mode);
std::string_view Name(Synchronous level);
std::string_view Name(CheckpointMode mode);

// The inverse of Name; nullopt for any other text.
std::optional<JournalMode> ParseJournalMode(std::string_view name);
std::optional<Synchronous> ParseSynchronous(std::string_view name);
std::optional<CheckpointMode> ParseCheckpointMode(std::string_view name);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SETTINGS_H_
