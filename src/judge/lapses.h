// Lapses: the calls of a recording at which a database was left to what no sync
// had made safe. A recording shows no PRAGMA; what a commit was worth is read
// off the syncs that it made between its last write and its end:
//
//   OFF     none, and the journal says from the beginning that all of it counts
//   NORMAL  of the journal, once for each header, and of the database before
//           the journal ends; of the WAL before a checkpoint, and of the
//           database before the WAL begins anew
//   FULL    of the journal before its header, too; of the WAL at each commit;
//           of the journal behind its end if that is truncated
//   EXTRA   of the directory behind the deletion of the journal, too
//
// https://sqlite.org/pragma.html#pragma_synchronous; pager.c: writeJournalHdr,
// syncJournal, pager_end_transaction; wal.c: walCheckpoint, sqlite3WalFrames. A
// transaction or a checkpoint that makes one of them, and leaves out another
// that each level makes with it, has no level: that is a bug.

#ifndef LASTCOMMIT_JUDGE_LAPSES_H_
#define LASTCOMMIT_JUDGE_LAPSES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "judge/cause.h"
#include "judge/database_files.h"
#include "record/rebuild.h"
#include "record/recording.h"

namespace lastcommit {

// What was not synced when this call was made can be missed from then on.
struct Lapse {
  std::uint64_t call = 0;
  Cause cause = Cause::kUnknown;
};

// Follows one database.
class LapseWatch {
 public:
  // `path` is below the directory, `names` are those of the Rebuild.
  LapseWatch(std::string path, DatabaseNames names);

  // Before the call is applied.
  void See(const RecordedCall& call, const Rebuild& files);
  // All until now, in the order of the calls.
  std::vector<Lapse> Take();

 private:
  // What writes to the database: a transaction with a rollback journal, or a
  // checkpoint.
  struct Writer {
    std::int32_t process = 0;
    int syncs = 0;         // of the journal or the WAL, by it
    bool wrote = false;    // to the database
    bool synced = false;   // the database, since it wrote
    bool is_full = false;  // it synced the records before their header
    bool is_off = false;   // its header counts whatever follows
    // It is known which syncs are its own.
    bool is_exact = true;
    // Lapses, until it has ended: it wrote to the database over them; its
    // header was written over its records.
    std::vector<std::size_t> open = {};
    std::vector<std::size_t> headers = {};
  };
  enum class Role { kOther, kDatabase, kJournal, kWal, kIndex };

  Role RoleOf(const Effect& effect, const Rebuild& files) const;
  std::size_t Add(const RecordedCall& call, Cause cause);
  void SeeNames(const RecordedCall& call, const Effect& effect);
  void SeeLock(const RecordedCall& call, const Effect& effect, Role role,
               const Rebuild& files);
  void SeeUnlock(const Effect& effect, Role role);
  void SeeSync(const RecordedCall& call, Role role);
  void SeeWrite(const RecordedCall& call, const Effect& effect, Role role,
                const Rebuild& files);
  void WriteJournal(const RecordedCall& call, const Effect& effect);
  void EndJournal(const RecordedCall& call);
  void WriteWal(const RecordedCall& call, const Effect& effect);
  void EndWal(const RecordedCall& call);
  void WriteDatabase(const RecordedCall& call, const Effect& effect,
                     const Rebuild& files);
  void WriteInTransaction(const RecordedCall& call, bool overwrites);
  void Checkpoint(const RecordedCall& call);
  void Wrote(Writer& writer);
  void BeginTransaction(const RecordedCall& call);
  void Close(std::optional<Writer>& writer);

  const DatabaseNames below_;
  const DatabaseNames names_;
  std::vector<Lapse> lapses_;
  // Written, and not synced.
  bool database_is_dirty_ = false;
  bool journal_is_dirty_ = false;
  bool wal_is_dirty_ = false;
  bool wal_header_is_dirty_ = false;
  // Who wrote to the database had synced nothing before.
  bool is_dirty_by_off_ = false;
  std::optional<Writer> transaction_;  // its journal is there
  std::optional<Writer> checkpoint_;
  bool has_checkpoint_lock_ = false;
  // A journal has just ended, by that thread, and its end is not synced.
  std::int32_t may_cut_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_LAPSES_H_
