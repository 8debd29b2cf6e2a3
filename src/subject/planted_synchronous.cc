// Bugs that give up syncs for speed: a level that is lower than what was
// promised, because a guide to fast SQLite said so, of all programs or of one
// that came later; none at all around bulk writes; a checkpoint that copies the
// WAL into the database file and empties it, with neither of the syncs that a
// checkpoint has (https://sqlite.org/wal.html#checkpointing), when it is asked
// for or when the program ends. A killed process loses nothing
// by them: its writes are with the operating system.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

absl::StatusOr<std::unique_ptr<Store>> OpenAtMostNormal(
    const std::string& path, const Profile& profile) {
  Profile lower = profile;
  lower.synchronous =
      std::min(profile.synchronous, saver::Synchronous::kNormal);
  return OpenPlanted<SqliteSubject>(path, lower);
}

class UnsyncedSubject : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

 protected:
  // Runs `change` with synchronous OFF, but for what is inside a transaction,
  // where SQLite does not let it be changed.
  template <typename Change>
  std::invoke_result_t<Change> Unsynced(Change change) {
    if (in_transaction()) return change();
    const auto promised = RunSql(saver().connection(), "PRAGMA synchronous");
    if (!promised.ok() || !Run("PRAGMA synchronous = OFF").ok()) {
      return change();
    }
    auto result = change();
    Run(absl::StrCat("PRAGMA synchronous = ", promised->value_or("FULL")))
        .IgnoreError();
    return result;
  }
};

class SaverThatDoesNotSyncBulkWrites : public UnsyncedSubject {
 public:
  using UnsyncedSubject::UnsyncedSubject;

  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level) override {
    return Unsynced(
        [&] { return SqliteSubject::AppendLogs(thread_id, payloads, level); });
  }

  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override {
    return Unsynced([&] {
      return SqliteSubject::StreamBlob(thread_id, name, bytes, chunk);
    });
  }
};

class SaverThatDoesNotSyncCheckpoints : public UnsyncedSubject {
 public:
  using UnsyncedSubject::UnsyncedSubject;

  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode /*mode*/) override {
    return Unsynced([&] {
      return SqliteSubject::WalCheckpoint(saver::CheckpointMode::kTruncate);
    });
  }
};

class SaverThatDoesNotSyncItsClose : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  ~SaverThatDoesNotSyncItsClose() override {
    Run("PRAGMA synchronous = OFF").IgnoreError();
  }
};

SaverEntry ShownByPowerLoss(SaverEntry entry) {
  entry.shown_by = ShownBy::kPowerLoss;
  return entry;
}

}  // namespace

SaverEntry PlantedNormalOnly() {
  return ShownByPowerLoss(
      {"planted-normal-only",
       "runs with synchronous NORMAL where FULL was asked for",
       ViolationClass::kLostCommit, OpenAtMostNormal, ReadStateBySql});
}

// The first program of two knows what was promised.
SaverEntry PlantedNormalForOthers() {
  SaverEntry entry = ShownByPowerLoss(
      {"planted-normal-for-others",
       "the second client runs with synchronous NORMAL where FULL was asked "
       "for",
       ViolationClass::kLostCommit, OpenPlanted<SqliteSubject>,
       ReadStateBySql});
  entry.needs_clients = 2;
  entry.open_for_others = OpenAtMostNormal;
  return entry;
}

SaverEntry PlantedCloseUnsynced() {
  return ShownByPowerLoss(
      {"planted-close-unsynced",
       "copies the WAL into the database and deletes it without a sync when it "
       "closes",
       ViolationClass::kLostCommit, OpenPlanted<SaverThatDoesNotSyncItsClose>,
       ReadStateBySql});
}

SaverEntry PlantedBulkUnsynced() {
  return ShownByPowerLoss(
      {"planted-bulk-unsynced",
       "turns synchronous off around batches of logs and streamed blobs",
       ViolationClass::kLostCommit, OpenPlanted<SaverThatDoesNotSyncBulkWrites>,
       ReadStateBySql});
}

SaverEntry PlantedCheckpointUnsynced() {
  return ShownByPowerLoss(
      {"planted-checkpoint-unsynced",
       "copies the WAL into the database and empties it without a sync",
       ViolationClass::kDamaged, OpenPlanted<SaverThatDoesNotSyncCheckpoints>,
       ReadStateBySql});
}

}  // namespace lastcommit
