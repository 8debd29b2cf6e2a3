// What programs make of an error once it is over, and what they call it. The
// flag that stops a long statement is never taken back; a transaction that was
// aborted is rolled back and the object stays "broken"; every error of the disk
// is "not found", because that is what the caller knows how to deal with, or
// "busy", so that it tries again.

#include <sqlite3.h>

#include "saver/transaction.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_call.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatStaysInterrupted : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  void Interrupt() override {
    SqliteSubject::Interrupt();
    sqlite3_progress_handler(
        saver().connection(), 1, [](void*) { return 1; }, nullptr);
  }
};

class SaverThatStaysAborted : public PlantedCall {
 public:
  using PlantedCall::PlantedCall;

  bool IsAborted() override {
    was_aborted_ = was_aborted_ || PlantedCall::IsAborted();
    return was_aborted_;
  }
  absl::Status Rollback() override {
    const bool is_broken = IsAborted();
    // Not that of PlantedCall, which Before() refuses.
    // NOLINTNEXTLINE(bugprone-parent-virtual-call)
    const absl::Status status = SqliteSubject::Rollback();
    return is_broken ? absl::OkStatus() : status;
  }

 protected:
  absl::Status Before() override {
    return IsAborted() ? absl::AbortedError("an earlier transaction failed")
                       : absl::OkStatus();
  }

 private:
  bool was_aborted_ = false;
};

// An error of a COMMIT that may be there stays what it is.
absl::Status As(absl::StatusCode code, const absl::Status& error) {
  return saver::IsInDoubt(error) ? error : absl::Status(code, error.message());
}

class SaverThatFindsNothing : public PlantedCall {
 public:
  using PlantedCall::PlantedCall;

 protected:
  absl::Status After(absl::Status error) override {
    return absl::IsUnknown(error) ? As(absl::StatusCode::kNotFound, error)
                                  : error;
  }
};

class SaverThatIsAlwaysBusy : public PlantedCall {
 public:
  using PlantedCall::PlantedCall;

 protected:
  absl::Status After(absl::Status error) override {
    const bool is_of_the_disk =
        absl::IsUnknown(error) || absl::IsResourceExhausted(error);
    return is_of_the_disk ? As(absl::StatusCode::kUnavailable, error) : error;
  }
};

// Its own flag, which Begin() sets and Commit() and Rollback() take back.
class SaverThatCountsOnItsFlag : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  bool IsInTransaction() override { return IsAborted() || Base(); }

 private:
  bool Base() { return PlantedSubject::IsInTransaction(); }
};

SaverEntry ShownByAnError(std::string_view name, std::string_view description,
                          OpenSaver open) {
  SaverEntry entry = {name, description, ViolationClass::kWrongAnswer, open,
                      ReadStateBySql};
  entry.shown_by = ShownBy::kIoError;
  return entry;
}

}  // namespace

SaverEntry PlantedInterruptedForEver() {
  return ShownByAnError("planted-interrupted-for-ever",
                        "once interrupted it is cancelled until it is reopened",
                        OpenPlanted<SaverThatStaysInterrupted>);
}

SaverEntry PlantedAbortedForEver() {
  return ShownByAnError("planted-aborted-for-ever",
                        "refuses everything after an aborted transaction, also "
                        "when that was rolled back",
                        OpenPlanted<SaverThatStaysAborted>);
}

SaverEntry PlantedIoErrorAsNotFound() {
  return ShownByAnError("planted-io-error-as-not-found",
                        "says NotFound for an I/O error",
                        OpenPlanted<SaverThatFindsNothing>);
}

SaverEntry PlantedIoErrorAsBusy() {
  return ShownByAnError("planted-io-error-as-busy",
                        "says that it is busy for every error of the disk",
                        OpenPlanted<SaverThatIsAlwaysBusy>);
}

SaverEntry PlantedFlagOfItsOwn() {
  return ShownByAnError("planted-flag-of-its-own",
                        "says that a transaction is open which SQLite has "
                        "rolled back",
                        OpenPlanted<SaverThatCountsOnItsFlag>);
}

}  // namespace lastcommit
