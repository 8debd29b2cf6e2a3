#include "driven/legal_commits.h"

#include <algorithm>

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

LegalCommits AnsweredRun::After(const Crash& crash) const {
  const std::size_t lines = LinesUntil(crash);
  LegalCommits legal;
  std::size_t replies = 0;
  while (replies < answers_.replies.size() &&
         answers_.replies[replies].line < lines) {
    ++replies;
  }
  for (const auto& [id, line] : answers_.acks) {
    const Exchange& exchange =
        conversation_.exchanges[static_cast<std::size_t>(id) - 1];
    if (line >= lines || exchange.cut_after <= legal.lowest) continue;
    legal.lowest = exchange.cut_after;
    legal.acknowledged = &exchange;
  }
  legal.highest = legal.lowest;
  for (std::size_t i = 0; i < conversation_.exchanges.size(); ++i) {
    if (i > replies) break;
    const Exchange& exchange = conversation_.exchanges[i];
    legal.highest = std::max(legal.highest, exchange.cut_after);
    if (i == replies) legal.under_way = &exchange;
  }
  return legal;
}

std::optional<AnsweredRun::Interval> AnsweredRun::IntervalOf(
    const Exchange& exchange) const {
  const auto number =
      static_cast<std::size_t>(&exchange - conversation_.exchanges.data());
  const auto ack = answers_.acks.find(static_cast<std::int64_t>(number) + 1);
  if (number == 0 || ack == answers_.acks.end()) return std::nullopt;
  return Interval{CallOf(answers_.replies[number - 1].line),
                  CallOf(ack->second)};
}

std::uint64_t AnsweredRun::CallOf(std::size_t line) const {
  for (const Answered& answered : answered_) {
    if (answered.bytes >= answers_.line_ends[line]) return answered.call;
  }
  return answered_.back().call;
}

// Whole lines that were answered before the crash.
std::size_t AnsweredRun::LinesUntil(const Crash& crash) const {
  std::size_t bytes = 0;
  for (const Answered& answered : answered_) {
    if (crash.IsAfter(answered.call)) bytes = answered.bytes;
  }
  return static_cast<std::size_t>(std::upper_bound(answers_.line_ends.begin(),
                                                   answers_.line_ends.end(),
                                                   bytes) -
                                  answers_.line_ends.begin());
}

}  // namespace lastcommit::driven
