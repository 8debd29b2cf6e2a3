// PlantedCall: what planted savers are made of that are wrong in all of their
// calls, and not in one: each call goes through Before and After.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_CALL_H_
#define LASTCOMMIT_SUBJECT_PLANTED_CALL_H_

#include <cstdint>
#include <type_traits>
#include <utility>

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
  absl::StatusOr<std::int64_t> Do(const Operation& operation) override {
    return Through([&] { return SqliteSubject::Do(operation); });
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
