// Wire: how the operations and the state of a dialect are written in JSON.

#ifndef LASTCOMMIT_DRIVEN_WIRE_H_
#define LASTCOMMIT_DRIVEN_WIRE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "store/operation.h"
#include "store/rows.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::driven {

struct Wire {
  const Vocabulary* dialect = nullptr;
  // Operations that a driver may lack.
  std::vector<std::string_view> optional = {};
  // Of these it must have one; none: of none.
  std::vector<std::string_view> one_of = {};
  // Puts the arguments into the request. `rows`: of the model, before it;
  // false: in that state there is nothing to ask.
  bool (*ask)(const Operation& operation, const Rows& rows,
              nlohmann::json& request) = nullptr;
  // What it asks depends on them: beside requests of other clients it is not
  // asked, since nobody knows yet what came of these; nullptr: it never does.
  bool (*depends_on_rows)(const Operation& operation) = nullptr;
  // What the body of a reply without an error answers, as Outcome::value has
  // it; nullopt: it does not say, and needs not. InvalidArgument: no such
  // answer: what it "has" or lacks.
  absl::StatusOr<std::optional<std::int64_t>> (*value)(
      const Operation& operation, const nlohmann::json& body) = nullptr;
  // One row of a state. InvalidArgument: as above.
  absl::StatusOr<std::pair<RowKey, Fingerprint>> (*row)(
      const nlohmann::json& row) = nullptr;
  // Whether a store may say so of that row of the model; nullptr: if it is the
  // same.
  bool (*is_same)(const Fingerprint& of_model,
                  const Fingerprint& of_store) = nullptr;
  // What becomes of the rows by the time of the operation alone, before it has
  // done anything; nullptr: nothing.
  void (*pass_time)(const Operation& operation, Rows& rows) = nullptr;
  // Time goes on in the order in which is asked, whatever the order of the plan
  // is; nullptr: there is no time.
  bool (*is_earlier)(const Operation& a, const Operation& b) = nullptr;
  // The operation at the time of another one.
  Operation (*at_time_of)(const Operation& operation,
                          const Operation& other) = nullptr;
};

const Wire& PairsWire();
const Wire& CheckpointsWire();
const Wire& QueueWire();
const Wire& LogWire();
const Wire& OwnWire();  // of every dialect that a driver has brought

// Those of lastcommit's own dialects.
std::span<const Wire* const> Wires();
// That of a dialect that has one.
const Wire& WireOf(const Vocabulary& dialect);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_WIRE_H_
