#include "store/rows.h"

#include <utility>

namespace lastcommit {

void Rows::set_cut(std::int64_t cut) {
  state_.cut = cut;
  digests_at_.resize(static_cast<std::size_t>(cut + 1), digests_);
  if (cut >= 0) digests_at_.back() = digests_;
}

const Facts* Rows::FactsOf(const RowKey& key) const {
  const auto found = facts_.find(key);
  return found == facts_.end() ? nullptr : &found->second;
}

void Rows::Put(const RowKey& key, const Fingerprint& row,
               const std::optional<Facts>& facts) {
  const auto [place, is_new] = state_.rows.try_emplace(key, row);
  Undo& undo = undo_.emplace_back();
  undo.key = key;
  digests_ += RowDigest(key, row);
  if (!is_new) {
    digests_ -= RowDigest(key, place->second);
    undo.row = std::exchange(place->second, row);
    undo.facts = CopyOfFacts(key);
  }
  // A row that was not there had none.
  if (facts.has_value() || undo.facts.has_value()) SetFacts(key, facts);
}

void Rows::Erase(const RowKey& key) {
  const auto row = state_.rows.find(key);
  if (row != state_.rows.end()) EraseAt(row);
}

void Rows::Become(const State& state) {
  std::vector<RowKey> gone;
  for (const auto& [key, row] : state_.rows) {
    if (!state.rows.contains(key)) gone.push_back(key);
  }
  for (const RowKey& key : gone) Erase(key);
  for (const auto& [key, row] : state.rows) {
    const auto old = state_.rows.find(key);
    if (old == state_.rows.end() || old->second != row) Put(key, row);
  }
}

Rows::RowMap::iterator Rows::EraseAt(RowMap::iterator row) {
  undo_.push_back({row->first, row->second, CopyOfFacts(row->first)});
  facts_.erase(row->first);
  digests_ -= RowDigest(row->first, row->second);
  return state_.rows.erase(row);
}

void Rows::UndoTo(std::size_t mark) {
  while (undo_.size() > mark) {
    const Undo& undo = undo_.back();
    const auto row = state_.rows.find(undo.key);
    if (row != state_.rows.end()) {
      digests_ -= RowDigest(undo.key, row->second);
    }
    if (undo.row.has_value()) {
      state_.rows[undo.key] = *undo.row;
      digests_ += RowDigest(undo.key, *undo.row);
    } else {
      state_.rows.erase(row);
    }
    SetFacts(undo.key, undo.facts);
    undo_.pop_back();
  }
}

std::optional<Facts> Rows::CopyOfFacts(const RowKey& key) const {
  const Facts* const facts = FactsOf(key);
  return facts == nullptr ? std::nullopt : std::optional(*facts);
}

void Rows::SetFacts(const RowKey& key, const std::optional<Facts>& facts) {
  if (facts.has_value()) {
    facts_[key] = *facts;
  } else {
    facts_.erase(key);
  }
}

}  // namespace lastcommit
