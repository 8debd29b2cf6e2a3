// PlantedCall: what planted savers are made of that are wrong in all of their
// calls, and not in one: each call goes through Before and After.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_CALL_H_
#define LASTCOMMIT_SUBJECT_PLANTED_CALL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "subject/planted_subject.h"

namespace lastcommit {

class PlantedCall : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    return Through([&] { return SqliteSubject::Begin(); });
  }
  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    return Through([&] { return SqliteSubject::Commit(acknowledge); });
  }
  absl::Status Rollback() override {
    return Through([&] { return SqliteSubject::Rollback(); });
  }
  absl::Status Savepoint() override {
    return Through([&] { return SqliteSubject::Savepoint(); });
  }
  absl::Status Release() override {
    return Through([&] { return SqliteSubject::Release(); });
  }
  absl::Status RollbackTo(int up) override {
    return Through([&] { return SqliteSubject::RollbackTo(up); });
  }
  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return Through([&] { return SqliteSubject::PutCheckpoint(checkpoint); });
  }
  absl::StatusOr<std::vector<saver::Checkpoint>> ListCheckpoints(
      const saver::CheckpointQuery& query) override {
    return Through([&] { return SqliteSubject::ListCheckpoints(query); });
  }
  absl::StatusOr<std::int64_t> Prune(const std::string& thread_id,
                                     const std::string& checkpoint_ns,
                                     std::int64_t keep) override {
    return Through(
        [&] { return SqliteSubject::Prune(thread_id, checkpoint_ns, keep); });
  }
  absl::Status PutWrites(
      const saver::CheckpointKey& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return Through(
        [&] { return SqliteSubject::PutWrites(checkpoint, writes); });
  }
  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return Through(
        [&] { return SqliteSubject::CommitStep(checkpoint, writes); });
  }
  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         saver::LogLevel level) override {
    return Through(
        [&] { return SqliteSubject::AppendLog(thread_id, payload, level); });
  }
  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level) override {
    return Through(
        [&] { return SqliteSubject::AppendLogs(thread_id, payloads, level); });
  }
  absl::Status CreateTask(const saver::TaskKey& key,
                          const std::string& payload) override {
    return Through([&] { return SqliteSubject::CreateTask(key, payload); });
  }
  absl::StatusOr<std::int64_t> UpdateTask(
      const saver::TaskKey& key, const saver::TaskUpdate& update) override {
    return Through([&] { return SqliteSubject::UpdateTask(key, update); });
  }
  absl::StatusOr<saver::Task> GetTask(const saver::TaskKey& key) override {
    return Through([&] { return SqliteSubject::GetTask(key); });
  }
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return Through(
        [&] { return SqliteSubject::PutBlob(thread_id, name, bytes); });
  }
  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override {
    return Through([&] {
      return SqliteSubject::StreamBlob(thread_id, name, bytes, chunk);
    });
  }
  absl::Status DeleteThread(const std::string& thread_id) override {
    return Through([&] { return SqliteSubject::DeleteThread(thread_id); });
  }
  absl::StatusOr<State> ReadState() override {
    return Through([&] { return SqliteSubject::ReadState(); });
  }

 protected:
  // An error: the call is refused with it.
  virtual absl::Status Before() { return absl::OkStatus(); }
  // What is answered instead of this error.
  virtual absl::Status After(absl::Status error) { return error; }

 private:
  static absl::Status StatusOf(const absl::Status& status) { return status; }
  template <typename T>
  static absl::Status StatusOf(const absl::StatusOr<T>& value) {
    return value.status();
  }

  template <typename Call>
  std::invoke_result_t<Call> Through(Call call) {
    RETURN_IF_ERROR(Before());
    auto result = call();
    if (!result.ok()) return After(StatusOf(result));
    return result;
  }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLANTED_CALL_H_
