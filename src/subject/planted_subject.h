// PlantedSubject: what several planted savers are made of. A planted saver
// derives from it, overrides what it does wrong, and is opened with
// OpenPlanted.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_SUBJECT_H_
#define LASTCOMMIT_SUBJECT_PLANTED_SUBJECT_H_

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "status/status.h"
#include "subject/planted_sql.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {

class PlantedSubject : public SqliteSubject {
 public:
  using SqliteSubject::SqliteSubject;

 protected:
  // Runs `change`, which returns a Status or a StatusOr, in the open
  // transaction, or else in one of its own.
  template <typename Change>
  std::invoke_result_t<Change> InTransaction(Change change) {
    if (in_transaction()) return change();
    RETURN_IF_ERROR(Begin());
    auto result = change();
    if (!result.ok()) {
      Rollback().IgnoreError();
      return result;
    }
    if (auto cut = Commit([](std::int64_t) {}); !cut.ok()) {
      if (in_transaction()) Rollback().IgnoreError();
      return cut.status();
    }
    return result;
  }

  // Runs `change` in a transaction of its own that the commit counter does not
  // see. None may be open.
  template <typename Change>
  absl::Status Uncounted(Change change) {
    ASSIGN_OR_RETURN(saver::Transaction transaction, saver().Begin());
    RETURN_IF_ERROR(change());
    RETURN_IF_ERROR(HideFromCommitCounter(saver().connection()));
    return transaction.Commit().status();
  }

  absl::Status Run(std::string_view sql,
                   std::initializer_list<std::string_view> texts = {}) {
    return RunSql(saver().connection(), sql, texts).status();
  }
};

// SaverEntry::open of a planted saver that is a SqliteSaver and nothing more.
template <typename Planted>
absl::StatusOr<std::unique_ptr<Store>> OpenPlanted(const std::string& path,
                                                   const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<Planted>(std::move(saver));
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLANTED_SUBJECT_H_
