// What a campaign is, fixed when it begins and stored in campaign.json. One
// that goes on, and shards that are merged, must agree in it, or the counts
// would be those of two different things.

#ifndef LASTCOMMIT_RESULTS_IDENTITY_H_
#define LASTCOMMIT_RESULTS_IDENTITY_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generate/arbitrary_plan.h"
#include "results/run_options.h"

namespace lastcommit {

struct Identity {
  std::uint64_t seed = 1;
  GenerateOptions generate;
  // Which of how many shards: one, or several that were merged.
  std::vector<int> shards = {1};
  int shards_of = 1;
  int generator_version = 0;
  std::string sqlite_version;
  std::string sqlite_source_id;
  // What the driver says of itself; "" of a store that has none; nullopt if
  // nobody knows: of a campaign from before that was stored, or without the
  // driver.
  std::optional<std::string> driver = {};

  bool is_complete() const {
    return static_cast<int>(shards.size()) == shards_of;
  }
};

// What the caller asked for; nullopt = what the campaign has, or the default.
struct WantedIdentity {
  std::optional<std::uint64_t> seed = {};
  std::optional<std::string> saver = {};
  std::optional<EngineChoice> engine = {};
  std::optional<FaultChoice> fault = {};
  std::optional<ClientRange> clients = {};
  std::optional<ScheduleKind> schedule = {};
  std::optional<Shard> shard = {};
};

// Plans for the saver: of its dialect, without the controls that it lacks.
// Nothing but its name if there is none of that name.
void ChooseSaver(const std::string& name, GenerateOptions& generate);

// Of a new campaign, with this program and the SQLite that it runs with. What
// is not wanted is everything that what is wanted leaves: the engines and the
// numbers of clients that the mix then has.
Identity NewIdentity(const WantedIdentity& wanted);

// InvalidArgument, if there are no such plans, or if none of them can run on
// that engine, or if there is a schedule for one client.
absl::Status CheckEngine(const GenerateOptions& generate);

// FailedPrecondition, naming both values, if a campaign cannot be continued
// with what is wanted, or by this program with this SQLite.
absl::Status CheckCanContinue(const Identity& identity,
                              const WantedIdentity& wanted);

// FailedPrecondition, if they are no shards of one campaign.
absl::Status CheckBelongTogether(const Identity& a, const Identity& b);

nlohmann::json IdentityToJson(const Identity& identity);
// InvalidArgument.
absl::StatusOr<Identity> ParseIdentity(const std::string& text,
                                       const std::string& name);

// "random", or "any": each plan has one of its own.
std::string ScheduleWord(const GenerateOptions& generate);

// "2", or "1-4": each plan has any number of them.
std::string ClientsWord(const ClientRange& clients);
// nullopt: no such range, or more than there can be.
std::optional<ClientRange> ParseClients(const std::string& word);

// "1/4", or "1,3/4" after a merge.
std::string ShardsOf(const Identity& identity);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_IDENTITY_H_
