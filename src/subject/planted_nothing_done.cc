// Three bugs that change no row: a checkpoint, a VACUUM, a change of the
// journal mode that answer OK and do nothing. Real ones come from a result that
// nobody looks at: PRAGMA wal_checkpoint answers "busy" in a row and not with
// an error (https://sqlite.org/pragma.html#pragma_wal_checkpoint), PRAGMA
// journal_mode answers the former mode
// (https://sqlite.org/pragma.html#pragma_journal_mode), and a maintenance job
// was switched off and still reports success. The WAL grows for ever, the file
// never shrinks, and what was to be durable before a machine is shut down is
// not.

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatDoesNotCheckpoint : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) override {
    if (in_transaction()) return SqliteSubject::WalCheckpoint(mode);  // refuses
    return saver::WalCheckpointResult();
  }
};

class SaverThatDoesNotVacuum : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Vacuum() override {
    return in_transaction() ? SqliteSubject::Vacuum() : absl::OkStatus();
  }
};

class SaverThatDoesNotChangeTheMode : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status SetJournalMode(saver::JournalMode mode) override {
    return in_transaction() ? SqliteSubject::SetJournalMode(mode)
                            : absl::OkStatus();
  }
};

}  // namespace

SaverEntry PlantedCheckpointDoesNothing() {
  return {"planted-checkpoint-does-nothing",
          "answers OK to a checkpoint and makes none",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatDoesNotCheckpoint>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

SaverEntry PlantedVacuumDoesNothing() {
  return {"planted-vacuum-does-nothing",
          "answers OK to VACUUM and makes none",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatDoesNotVacuum>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

SaverEntry PlantedModeChangeDoesNothing() {
  return {"planted-mode-change-does-nothing",
          "answers OK to a change of the journal mode and makes none",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatDoesNotChangeTheMode>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
