// The registry of savers by name: SqliteSaver, the same without its defences
// against bugs of SQLite, the same beside strangers, and the planted savers,
// each with one known bug that the tester must catch.

#ifndef LASTCOMMIT_SUBJECT_REGISTRY_H_
#define LASTCOMMIT_SUBJECT_REGISTRY_H_

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/shim_vfs.h"
#include "plan/plan.h"
#include "store/state.h"
#include "store/store.h"
#include "subject/defences.h"

struct sqlite3;

namespace lastcommit {

// What shows the bug of a planted saver.
enum class ShownBy { kKill, kPowerLoss, kIoError };

// Syncs that a simulated disk says it has done, and has not.
struct UnkeptSyncs {
  std::optional<FileRole> of = {};
  bool of_directory = false;

  bool any() const { return of.has_value() || of_directory; }
};

// Locks that a simulated disk says it has given, and does not keep.
struct UnkeptLocks {
  // Exclusive ones of the wal-index: others get theirs all the same.
  bool of_index = false;
  // All that a client has on a file, once it closes any descriptor of it.
  bool after_close = false;

  bool any() const { return of_index || after_close; }
};

// Opens or creates the database `path` with the settings of `profile`.
using OpenSaver = absl::StatusOr<std::unique_ptr<Store>> (*)(
    const std::string& path, const Profile& profile);

struct SaverEntry {
  std::string_view name;
  std::string_view description;  // one line; for a planted one, its bug
  // Planted savers: the class in which the bug shows.
  std::optional<ViolationClass> planted;
  OpenSaver open;
  // Reads the whole store by plain SQL through the caller's connection, in one
  // read transaction. `path` is the database file, for stores with files
  // beside it. A database without a schema gives cut -1.
  absl::StatusOr<State> (*read)(sqlite3* connection, const std::string& path);
  // Planted savers: without a crash its only client sees what it does of a
  // correct one. False: a program that runs to its end shows the bug.
  bool needs_crash = true;
  // Looks at files, or changes them, without SQLite: on a simulated disk it
  // would not see its own.
  bool needs_real_files = false;
  // If it needs a crash.
  ShownBy shown_by = ShownBy::kKill;
  // Of the disk that it runs on, which there is on a simulated one only. What
  // it left is examined on a disk that does what it says.
  UnkeptSyncs unkept_syncs = {};
  // How many clients what is wrong with it needs to show. More than one do
  // without a crash, and it is looked for with all of them alive.
  int needs_clients = 1;
  // As `unkept_syncs`.
  UnkeptLocks unkept_locks = {};
  // How all clients but the first open it, if not with `open`.
  OpenSaver open_for_others = nullptr;
  // Against bugs of SQLite, for the names that findings get; nothing is judged
  // by them.
  Defences defences = Defences::kAll;
  // With `open_for_others`.
  Defences defences_of_others = Defences::kAll;
  // Planted savers: other classes in which the same bug shows now and then. A
  // finding of any class that is not named is a finding about something else.
  std::vector<ViolationClass> also_planted = {};

  // Whose operations it has.
  const Vocabulary* dialect = &DefaultDialect();
  // Controls that it does not have, which are not drawn for it.
  std::vector<StepKind> lacks = {};
  // The same of operations of the dialect.
  std::vector<const OperationSpec*> lacks_operations = {};
  // Where it does not, a row that refers to none is no damage.
  bool enforces_foreign_keys = true;
  // What all of its plans have of the profile.
  std::optional<saver::JournalMode> journal_mode = {};
  std::optional<saver::Synchronous> synchronous = {};
  // It is a program that is driven from outside: `open` and `read` are null,
  // and its plans are for the engine record.
  bool is_driven = false;
  // Such a one: it promises that what it acknowledges survives losses of power.
  bool promises_power = false;
  // Such a one: so many of it may have a store open at once.
  int clients = 1;
  // Such a one: what it says of itself, in words. Another driver of that name
  // says something else.
  std::string says = {};
  // Such a one: the version of its SQLite, as it says it; "": it does not.
  std::string sqlite = {};
  // One that was registered: the option that makes it known, for a shell.
  std::string option = {};
  // The names of the databases that it attaches, as store/attached.h numbers
  // them, and what attaches them to a reader's connection, before anything is
  // read; nullptr: it has none.
  std::vector<std::string> attached = {};
  absl::Status (*attach)(sqlite3* connection,
                         const std::string& path) = nullptr;

  bool Lacks(StepKind kind) const {
    return std::find(lacks.begin(), lacks.end(), kind) != lacks.end();
  }
  OpenSaver OpenFor(int client) const {
    return IsApart(client) ? open_for_others : open;
  }
  Defences DefencesOf(int client) const {
    return IsApart(client) ? defences_of_others : defences;
  }
  bool IsApart(int client) const {
    return client > 0 && open_for_others != nullptr;
  }
};

// In the order in which they are listed to people; "sqlite" is the first.
std::span<const SaverEntry> Savers();

// Adds one behind them, once for each name. For main; not thread-safe, and no
// entry that was given before may be in use.
void RegisterSaver(SaverEntry entry);

// The options that make the registered ones known, for a shell; "": none was.
std::string OptionsOfRegistered();

// Their names, in that order.
std::vector<std::string> SaverNames();

// nullptr if there is none.
const SaverEntry* FindSaver(std::string_view name);

// That of the plan. NotFound if there is none of its name; InvalidArgument if
// that one has other operations than the plan's dialect.
absl::StatusOr<const SaverEntry*> SaverOf(const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_REGISTRY_H_
