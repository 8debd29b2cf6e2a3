// Vocabulary: what can be asked of a kind of store, with rules, words and a way
// to draw it: a dialect of plans. Transactions, cuts, undoing, crashes and
// recovery are the tester's and the same for all.

#ifndef LASTCOMMIT_STORE_VOCABULARY_H_
#define LASTCOMMIT_STORE_VOCABULARY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "store/operation.h"

namespace lastcommit {

class Draw;
class Rows;

// What a client of one plan asks for, operation by operation. It remembers
// roughly what is there, so that most operations find something to work on.
class OperationsDraw {
 public:
  // What it remembers: as if every operation took effect.
  using Known = std::shared_ptr<const void>;

  virtual ~OperationsDraw() = default;

  // Whether the operation finds something to work on.
  virtual bool Fits(const OperationSpec& spec) const = 0;
  virtual Operation DrawFor(const OperationSpec& spec) = 0;
  // A change of rows that are changed again and again.
  virtual Operation DrawRewrite() = 0;
  // Some thousand rows and some big values, so that trees have inner pages and
  // WALs more than one index page.
  virtual std::vector<Operation> DrawFill() = 0;

  virtual Known known() const = 0;
  // One that known() has given.
  virtual void set_known(const Known& known) = 0;
};

struct DrawLimits {
  int page_size = 4096;
  std::int64_t max_bytes = 0;  // of one content
};

struct Vocabulary {
  std::string_view name;
  std::span<const Field> fields;  // in the order of printing
  std::span<const OperationSpec> operations;
  // Of this one; `draw` must outlive it.
  std::unique_ptr<OperationsDraw> (*draw)(const Vocabulary& dialect, Draw& draw,
                                          const DrawLimits& limits);
  // The changes of the transaction that shows that a recovered store can be
  // written: every kind of row, none that a plan has.
  std::vector<Operation> (*probe)();
  // The rows that a new store has; nullptr: none.
  void (*create)(Rows& rows) = nullptr;
  // Makes what several clients drew apart one plan, in the order in which it is
  // done; nullptr: it is one already.
  void (*settle)(std::span<Operation* const> operations) = nullptr;
  // Whether `apply` is what a correct store does. Otherwise it does nothing,
  // and neither answers nor states can be expected.
  bool has_model = true;

  // nullptr if there is none.
  const OperationSpec* FindOperation(std::string_view operation) const;
  const Field* FindField(std::string_view field) const;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_VOCABULARY_H_
