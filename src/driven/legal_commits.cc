#include "driven/legal_commits.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "record/recording.h"
#include "status/status.h"

namespace lastcommit::driven {

absl::StatusOr<AnsweredRun> AnsweredRun::Read(const std::string& recording,
                                              const Conversation& conversation,
                                              const Answers& answers) {
  std::vector<Answered> answered;
  std::size_t bytes = 0;
  const auto take = [&](const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      if (effect.kind != EffectKind::kAck) continue;
      bytes += static_cast<std::size_t>(effect.amount);
      answered.push_back({call.number, bytes});
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ReadRecording(recording, take).status());
  return AnsweredRun(conversation, answers, std::move(answered));
}

const LegalCommits& AnsweredRun::After(const Crash& crash) const {
  const std::size_t lines = LinesUntil(crash);
  const auto known = after_lines_.find(lines);
  if (known != after_lines_.end()) return known->second;
  return after_lines_.emplace(lines, AfterLines(lines)).first->second;
}

LegalCommits AnsweredRun::AfterLines(std::size_t lines) const {
  LegalCommits legal;
  for (const auto& [id, line] : answers_.acks) {
    const Exchange* const exchange = ExchangeOf(id);
    if (exchange == nullptr || line >= lines ||
        exchange->cut_after <= legal.lowest) {
      continue;
    }
    legal.lowest = exchange->cut_after;
    legal.acknowledged = exchange;
  }
  legal.highest = legal.lowest;
  bool have_all_begun = true;
  for (const Exchange& exchange : conversation_.exchanges) {
    const bool has_begun = LinesBefore(exchange) <= lines;
    if (exchange.cut_after > exchange.cut_before) {
      have_all_begun = have_all_begun && has_begun;
      if (have_all_begun) {
        legal.highest = std::max(legal.highest, exchange.cut_after);
      }
    }
    const Reply* const reply = answers_.ReplyTo(exchange.id);
    if (has_begun && (reply == nullptr || reply->line >= lines)) {
      legal.under_way.push_back(&exchange);
    }
  }
  return legal;
}

const Exchange* AnsweredRun::ExchangeOf(std::int64_t id) const {
  const auto& exchanges = conversation_.exchanges;
  const auto in_order = static_cast<std::size_t>(id - 1);
  if (in_order < exchanges.size() && exchanges[in_order].id == id) {
    return &exchanges[in_order];
  }
  const auto found = std::find_if(
      exchanges.begin(), exchanges.end(),
      [id](const Exchange& exchange) { return exchange.id == id; });
  return found == exchanges.end() ? nullptr : &*found;
}

std::size_t AnsweredRun::LinesBefore(const Exchange& exchange) const {
  if (exchange.asked_after.has_value()) return *exchange.asked_after;
  if (exchange.id == 1) return 0;
  const Reply* const before = answers_.ReplyTo(exchange.id - 1);
  return before == nullptr ? std::numeric_limits<std::size_t>::max()
                           : before->line + 1;
}

std::optional<AnsweredRun::Interval> AnsweredRun::IntervalOf(
    const Exchange& exchange) const {
  const std::size_t before = LinesBefore(exchange);
  const auto ack = answers_.acks.find(exchange.id);
  if (before == 0 || ack == answers_.acks.end()) return std::nullopt;
  return Interval{CallOf(before - 1), CallOf(ack->second)};
}

std::uint64_t AnsweredRun::CallOf(std::size_t line) const {
  for (const Answered& answered : answered_) {
    if (answered.bytes >= answers_.line_ends[line]) return answered.call;
  }
  return answered_.back().call;
}

std::size_t AnsweredRun::LinesUntil(const Crash& crash) const {
  const auto later = std::partition_point(answered_.begin(), answered_.end(),
                                          [&crash](const Answered& answered) {
                                            return crash.IsAfter(answered.call);
                                          });
  const std::size_t bytes =
      later == answered_.begin() ? 0 : std::prev(later)->bytes;
  return static_cast<std::size_t>(std::upper_bound(answers_.line_ends.begin(),
                                                   answers_.line_ends.end(),
                                                   bytes) -
                                  answers_.line_ends.begin());
}

}  // namespace lastcommit::driven
