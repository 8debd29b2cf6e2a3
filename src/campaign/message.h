// What a worker tells its supervisor, one JSON object a line over a pipe.

#ifndef LASTCOMMIT_CAMPAIGN_MESSAGE_H_
#define LASTCOMMIT_CAMPAIGN_MESSAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "campaign/finding.h"
#include "campaign/ledger.h"

namespace lastcommit {

struct Message {
  // Since the last message.
  Ledger::Cells cells;
  std::uint64_t digest_sum = 0;
  std::optional<Finding> finding;
  std::string error;  // the tester failed
  bool is_last = false;
};

// A line with its newline.
std::string PrintMessage(const Message& message);
// nullopt for a line that a dying worker has cut off.
std::optional<Message> ParseMessage(const std::string& line);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_MESSAGE_H_
