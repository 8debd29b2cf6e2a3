// LegalCommits: which commits a store may be at after a crash of a recorded
// conversation: the newest that was acknowledged before it, or the one that was
// under way.

#ifndef LASTCOMMIT_DRIVEN_LEGAL_COMMITS_H_
#define LASTCOMMIT_DRIVEN_LEGAL_COMMITS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "driven/conversation.h"
#include "driven/protocol.h"

namespace lastcommit::driven {

struct Crash {
  bool is_power = false;
  std::uint64_t call = 0;     // of the recording; it comes after it
  std::int64_t written = -1;  // in the middle of it: bytes that are there

  // The other call is done when it comes.
  bool IsAfter(std::uint64_t other) const {
    return written < 0 ? other <= call : other < call;
  }
};

struct LegalCommits {
  std::int64_t lowest = 0;   // acknowledged
  std::int64_t highest = 0;  // or under way
  const Exchange* acknowledged = nullptr;
  std::vector<const Exchange*> under_way = {};  // asked, and not answered
};

// When what was answered. Not thread-safe.
class AnsweredRun {
 public:
  // Both must outlive it; `answers` are those of the conversation.
  static absl::StatusOr<AnsweredRun> Read(const std::string& recording,
                                          const Conversation& conversation,
                                          const Answers& answers);

  // Stays what it is as long as this one does.
  const LegalCommits& After(const Crash& crash) const;
  // Whole lines that were answered before the crash.
  std::size_t LinesUntil(const Crash& crash) const;
  // The call in which the exchange was answered or acknowledged, and that of
  // the answer after which it was asked; nullopt: it was not, or is the first.
  struct Interval {
    std::uint64_t before = 0;
    std::uint64_t until = 0;
  };
  std::optional<Interval> IntervalOf(const Exchange& exchange) const;

 private:
  // How many bytes had been answered after which call.
  struct Answered {
    std::uint64_t call = 0;
    std::size_t bytes = 0;
  };

  AnsweredRun(const Conversation& conversation, const Answers& answers,
              std::vector<Answered> answered)
      : conversation_(conversation),
        answers_(answers),
        answered_(std::move(answered)) {}

  LegalCommits AfterLines(std::size_t lines) const;
  // How many were answered when it was asked.
  std::size_t LinesBefore(const Exchange& exchange) const;
  const Exchange* ExchangeOf(std::int64_t id) const;
  // The call that ends the line.
  std::uint64_t CallOf(std::size_t line) const;

  const Conversation& conversation_;
  const Answers& answers_;
  std::vector<Answered> answered_;  // in the order of the calls
  // By the lines that were answered: most crashes come between the same ones.
  mutable std::map<std::size_t, LegalCommits> after_lines_;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_LEGAL_COMMITS_H_
