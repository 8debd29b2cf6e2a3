// The bug: what a transaction has changed is noted in memory after each change,
// and nobody undoes the change if there is no memory for the notes. The caller,
// who takes a call that failed for one that did nothing, commits it with the
// rest.

#include <string>
#include <string_view>
#include <vector>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatNotesAfterwards : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return Noted(SqliteSubject::PutCheckpoint(checkpoint));
  }
  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return Noted(SqliteSubject::CommitStep(checkpoint, writes));
  }
  absl::Status PutWrites(
      const saver::CheckpointKey& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return Noted(SqliteSubject::PutWrites(checkpoint, writes));
  }
  absl::Status CreateTask(const saver::TaskKey& key,
                          const std::string& payload) override {
    return Noted(SqliteSubject::CreateTask(key, payload));
  }
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return Noted(SqliteSubject::PutBlob(thread_id, name, bytes));
  }

 private:
  // So many that not only a lucky number of an allocation meets one.
  static constexpr int kNotes = 40;

  absl::Status Noted(absl::Status status) {
    if (!status.ok() || !in_transaction()) return status;
    for (int i = 0; i < kNotes; ++i) {
      notes_.emplace_back("another thing that this transaction has changed");
    }
    return status;
  }

  std::vector<std::string> notes_;
};

}  // namespace

SaverEntry PlantedHalfWithoutMemory() {
  SaverEntry entry = {"planted-half-without-memory",
                      "keeps what a call had done that std::bad_alloc ended",
                      ViolationClass::kNotACut,
                      OpenPlanted<SaverThatNotesAfterwards>, ReadStateBySql};
  entry.shown_by = ShownBy::kIoError;
  return entry;
}

}  // namespace lastcommit
