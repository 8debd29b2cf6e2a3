// Operation: one call of a store as a value, and OperationSpec: all that the
// tester knows of a kind of operation. The codec of plans, the generator,
// shrinking, the model and stories loop over specs; none of them knows what an
// operation means. A store's operations are its Vocabulary (vocabulary.h).
//
// Specs, fields and vocabularies are constants that live as long as the
// program: an Operation points to its own.

#ifndef LASTCOMMIT_STORE_OPERATION_H_
#define LASTCOMMIT_STORE_OPERATION_H_

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/content.h"
#include "store/outcome.h"

namespace lastcommit {

class Rows;
struct Operation;
struct OperationSpec;
struct Vocabulary;

// An argument of operations, as a plan writes it.
struct Field {
  // Where its value is. A content's size and seed are fields, too.
  enum class Place { kValue, kSize, kSeed };
  // What the generator and shrinking have to know of some.
  enum class Role {
    kPlain,
    kCount,      // how many contents the operation has
    kInvalidAt,  // the content that the store has to refuse; -1 = none
    kKept,       // shrinking leaves it as it is
    kLeftOut,    // a bit for each part that it does not do; no plan is drawn so
  };

  std::string_view name;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t simplest = 0;  // also what it is where a plan does not say
  Place place = Place::kValue;
  Role role = Role::kPlain;
  std::size_t value = 0;  // kValue: which of Operation::values
  // An enumeration: the word of each number from `min` to `max`.
  std::string_view (*word)(std::int64_t value) = nullptr;
};

// A chance of being drawn: a weight from `low` to `high`, or 0 in so many of
// 100 plans.
struct DrawnWeight {
  int low = 0;
  int high = 0;
  int percent_off = 0;
};

struct OperationSpec {
  std::string_view name;  // as plans have it
  const Vocabulary* vocabulary = nullptr;
  // A bit for each of the vocabulary's fields that it uses.
  static constexpr std::size_t kMostFields = 256;
  std::bitset<kMostFields> fields = 0;
  // Whether it changes rows: outside a transaction it is one of its own.
  // Otherwise it is a query, which answers for one moment.
  bool is_change = false;
  // What it answers, and its effect.
  Outcome (*apply)(const Operation& operation, Rows& rows) = nullptr;
  // Its arguments for people: `"thread-0", 300 bytes (seed 7)`.
  std::string (*words)(const Operation& operation) = nullptr;
  // It reads in one transaction and changes in another, and says
  // FailedPrecondition if in between another client has done what makes the
  // change wrong: whether `other` is that. nullptr: it does not read before.
  bool (*is_spoiled_by)(const Operation& operation,
                        const Operation& other) = nullptr;
  const OperationSpec* simpler = nullptr;  // does less of the same
  int contents_besides = 0;  // of its size, besides those that it counts
  // It puts contents again that are there, none of them twice.
  bool copies_contents = false;
  // Any of the contents that it counts may be the one that is refused, and not
  // only the first.
  bool may_fail_midway = false;
  // It goes back to a savepoint of its own.
  bool undoes_a_part = false;
  // A change that reads before its transaction begins does it so many times.
  // The commit that each read saw follows from how the clients ran, and no plan
  // has it: Operation::values[first_seen] and the next ones are that cut, and
  // 1; 0: not known, and then it is the newest.
  static constexpr std::size_t kMostSeen = 4;
  std::size_t seen = 0;
  std::size_t first_seen = 0;

  // ---- for the generator ----
  DrawnWeight alone = {};   // where a client works for itself
  DrawnWeight shared = {};  // what clients do to each other; 0 to 0: as alone
  DrawnWeight duel = {};    // hardly anything but changes, by everybody
  // How interesting a crash in it is, outside a transaction, if it is a change:
  // it commits, or fails and has to leave nothing.
  int crash_weight = 3;
  int crash_weight_if_refused_midway = 3;
  int pages = 0;  // that it changes; 0: as many as its contents fill

  bool Uses(const Field& field) const;
};

struct Operation {
  static constexpr std::size_t kMaxValues = 18;

  Operation() = default;  // none
  // With the simplest value in each field.
  explicit Operation(const OperationSpec& what);

  const OperationSpec* spec = nullptr;
  std::array<std::int64_t, kMaxValues> values = {};
  Content content = {};

  std::int64_t Get(const Field& field) const;
  void Set(const Field& field, std::int64_t value);
  // Of the field with that role; what it is without one.
  std::int64_t count() const { return OfRole(Field::Role::kCount, 1); }
  std::int64_t invalid_at() const {
    return OfRole(Field::Role::kInvalidAt, -1);
  }
  // The first number that invalid_at() is too high for.
  std::int64_t refusable() const {
    return spec != nullptr && spec->may_fail_midway ? count() : 1;
  }
  bool is_change() const { return spec != nullptr && spec->is_change; }
  bool is_query() const { return spec != nullptr && !spec->is_change; }

  bool operator==(const Operation&) const = default;

 private:
  std::int64_t OfRole(Field::Role role, std::int64_t otherwise) const;
};

// What shrinking brings the field to: its simplest value, but as many contents
// as it takes to have the one that is refused.
std::int64_t SimplestOf(const Field& field, const Operation& operation);

// The operation as another one, with the values of the fields that both have.
Operation As(const OperationSpec& spec, const Operation& operation);

// The same, but never refused.
Operation Accepted(Operation operation);

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_OPERATION_H_
