#include "store/operation.h"

#include <algorithm>

#include "store/vocabulary.h"

namespace lastcommit {

bool OperationSpec::Uses(const Field& field) const {
  const std::ptrdiff_t bit = &field - vocabulary->fields.data();
  return fields[static_cast<std::size_t>(bit)];
}

Operation::Operation(const OperationSpec& what) : spec(&what) {
  for (const Field& field : what.vocabulary->fields) {
    Set(field, field.simplest);
  }
  // Fields of other operations may have the same place.
  for (const Field& field : what.vocabulary->fields) {
    if (what.Uses(field)) Set(field, field.simplest);
  }
  std::fill_n(values.begin() + what.first_seen, what.seen, 0);
}

std::int64_t Operation::Get(const Field& field) const {
  switch (field.place) {
    case Field::Place::kValue:
      return values[field.value];
    case Field::Place::kSize:
      return content.size;
    case Field::Place::kSeed:
      return static_cast<std::int64_t>(content.seed);
  }
  return 0;
}

void Operation::Set(const Field& field, std::int64_t value) {
  switch (field.place) {
    case Field::Place::kValue:
      values[field.value] = value;
      break;
    case Field::Place::kSize:
      content.size = value;
      break;
    case Field::Place::kSeed:
      content.seed = static_cast<std::uint64_t>(value);
      break;
  }
}

std::int64_t Operation::OfRole(Field::Role role, std::int64_t otherwise) const {
  if (spec == nullptr) return otherwise;
  for (const Field& field : spec->vocabulary->fields) {
    if (field.role == role) return Get(field);
  }
  return otherwise;
}

std::int64_t SimplestOf(const Field& field, const Operation& operation) {
  return field.role == Field::Role::kCount
             ? std::max(operation.invalid_at() + 1, field.simplest)
             : field.simplest;
}

Operation As(const OperationSpec& spec, const Operation& operation) {
  Operation as(spec);
  for (const Field& field : spec.vocabulary->fields) {
    if (spec.Uses(field)) as.Set(field, operation.Get(field));
  }
  if (as.invalid_at() < as.refusable()) return as;
  for (const Field& field : spec.vocabulary->fields) {
    if (field.role == Field::Role::kInvalidAt) as.Set(field, 0);
  }
  return as;
}

Operation Accepted(Operation operation) {
  if (operation.spec == nullptr) return operation;
  for (const Field& field : operation.spec->vocabulary->fields) {
    if (field.role == Field::Role::kInvalidAt) operation.Set(field, -1);
  }
  return operation;
}

const OperationSpec* Vocabulary::FindOperation(
    std::string_view operation) const {
  const auto found =
      std::find_if(operations.begin(), operations.end(),
                   [&](const auto& spec) { return spec.name == operation; });
  return found == operations.end() ? nullptr : &*found;
}

const Field* Vocabulary::FindField(std::string_view field) const {
  const auto found =
      std::find_if(fields.begin(), fields.end(),
                   [&](const Field& one) { return one.name == field; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace lastcommit
