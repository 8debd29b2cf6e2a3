// What a supervisor and a worker tell each other, one JSON object a line over a
// socket.

#ifndef LASTCOMMIT_CAMPAIGN_MESSAGE_H_
#define LASTCOMMIT_CAMPAIGN_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "explain/finding.h"
#include "results/cell.h"
#include "results/index_ranges.h"

namespace lastcommit {

// From the supervisor: what is to be run.
struct Assignment {
  IndexRange range;
  // Indexes whose violation is known and needs nothing more.
  std::set<std::uint64_t> settled;
};

// From a worker.
struct Message {
  // The part of the assignment that is done, and what it came to. An
  // assignment is answered once, with less than all of it when told to stop.
  std::optional<IndexRange> done;
  Cells cells;
  std::uint64_t digest_sum = 0;
  std::optional<Finding> finding;
  std::string error;  // the tester failed
  bool is_last = false;
};

// Lines with their newline.
std::string PrintAssignment(const Assignment& assignment);
std::string PrintMessage(const Message& message);
// nullopt for a line that a dying process has cut off.
std::optional<Assignment> ParseAssignment(const std::string& line);
std::optional<Message> ParseMessage(const std::string& line);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_MESSAGE_H_
