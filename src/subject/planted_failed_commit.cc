// Ways to deal with an error that lose what was acknowledged. A COMMIT that
// fails is logged and forgotten; or it is repeated until SQLite answers that
// there is no transaction, because SQLite has rolled it back, and that is taken
// for "it was committed after all"; or a full disk is something that somebody
// else looks after; or the caller is told in a block that runs in any case.
// And two that say the wrong thing of whether a commit may be there: that a
// COMMIT which failed is not, because the documentation of many databases says
// so, and that everything which an error has stopped may be, to be safe.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "saver/in_doubt.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_call.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatIgnoresAFailedCommit : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (!IsInTransaction()) return SqliteSubject::Commit(acknowledge);
    ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
    auto committed = SqliteSubject::Commit(acknowledge);
    if (committed.ok()) return committed;
    if (in_transaction()) Rollback().IgnoreError();
    acknowledge(cut);
    return cut;
  }
};

class SaverThatRepeatsAFailedCommit : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    constexpr int kAttempts = 5;
    if (!IsInTransaction()) return SqliteSubject::Commit(acknowledge);
    ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
    auto committed = SqliteSubject::Commit(acknowledge);
    for (int i = 1; i < kAttempts && !committed.ok(); ++i) {
      committed = SqliteSubject::Commit(acknowledge);
      if (!absl::IsFailedPrecondition(committed.status())) continue;
      acknowledge(cut);
      return cut;
    }
    return committed;
  }
};

class SaverThatIgnoresAFullDisk : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (!IsInTransaction()) return SqliteSubject::Commit(acknowledge);
    ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
    auto committed = SqliteSubject::Commit(acknowledge);
    if (!IsFull(committed.status()) || in_transaction()) return committed;
    acknowledge(cut);
    return cut;
  }

  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return Overlooked(SqliteSubject::PutCheckpoint(checkpoint));
  }
  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return Overlooked(SqliteSubject::CommitStep(checkpoint, writes));
  }
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return Overlooked(SqliteSubject::PutBlob(thread_id, name, bytes));
  }
  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override {
    return Overlooked(SqliteSubject::StreamBlob(thread_id, name, bytes, chunk));
  }

 private:
  static bool IsFull(const absl::Status& status) {
    return absl::StrContains(status.message(), "SQLITE_FULL");
  }

  absl::Status Overlooked(const absl::Status& status) const {
    const bool is_overlooked = !in_transaction() && IsFull(status);
    return is_overlooked ? absl::OkStatus() : status;
  }
};

class SaverThatAcknowledgesInAnyCase : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (!IsInTransaction()) return SqliteSubject::Commit(acknowledge);
    ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
    auto committed = SqliteSubject::Commit([](std::int64_t) {});
    acknowledge(cut);
    return committed;
  }
};

class SaverThatDeniesDoubt : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    auto committed = SqliteSubject::Commit(acknowledge);
    if (committed.ok()) return committed;
    return absl::Status(committed.status().code(),
                        committed.status().message());
  }
};

class SaverThatDoubtsEverything : public PlantedCall {
 public:
  using PlantedCall::PlantedCall;

 protected:
  absl::Status After(absl::Status error) override {
    const bool is_of_the_disk =
        absl::IsUnknown(error) || absl::IsResourceExhausted(error) ||
        absl::IsPermissionDenied(error) || absl::IsCancelled(error);
    return is_of_the_disk ? saver::DoubtMarker().MarkInDoubt(error) : error;
  }
};

SaverEntry ShownByAnError(SaverEntry entry) {
  entry.shown_by = ShownBy::kIoError;
  return entry;
}

}  // namespace

SaverEntry PlantedFailedCommitIgnored() {
  return ShownByAnError(
      {"planted-failed-commit-ignored", "says OK for a COMMIT that failed",
       ViolationClass::kLostCommit, OpenPlanted<SaverThatIgnoresAFailedCommit>,
       ReadStateBySql});
}

// Only a program that starts while another one is at work has the bug.
SaverEntry PlantedOthersIgnoreFailedCommit() {
  SaverEntry entry = {"planted-others-ignore-failed-commit",
                      "the second client says OK for a COMMIT that failed",
                      ViolationClass::kLostCommit, OpenPlanted<SqliteSubject>,
                      ReadStateBySql};
  entry.shown_by = ShownBy::kIoError;
  entry.needs_clients = 2;
  entry.open_for_others = OpenPlanted<SaverThatIgnoresAFailedCommit>;
  return entry;
}

SaverEntry PlantedFailedCommitRepeated() {
  return ShownByAnError(
      {"planted-failed-commit-repeated",
       "repeats a failed COMMIT and takes \"no transaction\" for success",
       ViolationClass::kLostCommit, OpenPlanted<SaverThatRepeatsAFailedCommit>,
       ReadStateBySql});
}

SaverEntry PlantedFullDiskIgnored() {
  return ShownByAnError({"planted-full-disk-ignored",
                         "says OK when SQLite says that the disk is full",
                         ViolationClass::kLostCommit,
                         OpenPlanted<SaverThatIgnoresAFullDisk>,
                         ReadStateBySql});
}

SaverEntry PlantedAcknowledgedInAnyCase() {
  return ShownByAnError({"planted-acknowledged-in-any-case",
                         "acknowledges a COMMIT whether or not it failed",
                         ViolationClass::kLostCommit,
                         OpenPlanted<SaverThatAcknowledgesInAnyCase>,
                         ReadStateBySql});
}

SaverEntry PlantedDoubtDenied() {
  return ShownByAnError({"planted-doubt-denied",
                         "says that a COMMIT which failed is not there",
                         ViolationClass::kPhantomCommit,
                         OpenPlanted<SaverThatDeniesDoubt>, ReadStateBySql});
}

SaverEntry PlantedDoubtEverywhere() {
  return ShownByAnError(
      {"planted-doubt-everywhere",
       "says of all that an error has stopped that it may be there",
       ViolationClass::kWrongAnswer, OpenPlanted<SaverThatDoubtsEverything>,
       ReadStateBySql});
}

}  // namespace lastcommit
