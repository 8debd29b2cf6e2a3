#include "results/identity.h"

#include <sqlite3.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "generate/choices.h"
#include "generate/mix.h"
#include "names/names.h"
#include "status/status.h"
#include "subject/registry.h"

namespace lastcommit {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;

// What is the same in all shards of a campaign, by name.
std::vector<std::pair<std::string, std::string>> Common(
    const Identity& identity) {
  return {{"seed", absl::StrCat(identity.seed)},
          {"saver", identity.generate.saver},
          {"engine", Word(identity.generate.engine)},
          {"fault", Word(identity.generate.fault)},
          {"number of clients", ClientsWord(identity.generate.clients)},
          {"schedule", ScheduleWord(identity.generate)},
          {"number of shards", absl::StrCat(identity.shards_of)},
          {"generator version", absl::StrCat(identity.generator_version)},
          {"SQLite version", identity.sqlite_version},
          {"SQLite source id", identity.sqlite_source_id}};
}

absl::Status CheckSame(const Identity& a, const Identity& b,
                       const std::string& rule) {
  auto all_a = Common(a);
  auto all_b = Common(b);
  if (a.driver.has_value() && b.driver.has_value()) {
    all_a.emplace_back("what the driver says of itself", *a.driver);
    all_b.emplace_back("what the driver says of itself", *b.driver);
  }
  for (std::size_t i = 0; i < all_a.size(); ++i) {
    const auto& [name, value] = all_a[i];
    if (value == all_b[i].second) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(name, " is ", absl::CHexEscape(value), " here and ",
                     absl::CHexEscape(all_b[i].second), " there; ", rule));
  }
  return absl::OkStatus();
}

bool AreShards(const std::vector<int>& shards, int of) {
  return !shards.empty() && std::is_sorted(shards.begin(), shards.end()) &&
         std::adjacent_find(shards.begin(), shards.end()) == shards.end() &&
         shards.front() >= 1 && shards.back() <= of;
}

Identity FromJson(const json& value) {
  Identity identity;
  if (value.at("version") != kVersion) {
    throw json::other_error::create(501, "another version", &value);
  }
  identity.seed = value.at("seed");
  ChooseSaver(value.at("saver"), identity.generate);
  const auto engine = ParseEngineChoice(value.at("engine").get<std::string>());
  const auto fault = ParseFaultChoice(value.at("fault").get<std::string>());
  identity.shards = value.at("shards").get<std::vector<int>>();
  identity.shards_of = value.at("shards_of");
  identity.generator_version = value.at("generator_version");
  identity.sqlite_version = value.at("sqlite_version");
  identity.sqlite_source_id = value.at("sqlite_source_id");
  // Campaigns from before there was a choice have neither, and those from
  // before there were ranges a number.
  const json clients = value.value("clients", json("1"));
  const auto range =
      ParseClients(clients.is_number_integer() ? clients.dump()
                                               : clients.get<std::string>());
  const std::string schedule = value.value("schedule", "any");
  identity.generate.schedule = ParseScheduleKind(schedule);
  if (!range.has_value() ||
      (schedule != "any" && !identity.generate.schedule.has_value()) ||
      !engine || !fault || !AreShards(identity.shards, identity.shards_of)) {
    throw json::other_error::create(501, "a value that is not known", &value);
  }
  if (value.contains("driver")) identity.driver = value.at("driver");
  identity.generate.clients = *range;
  identity.generate.engine = *engine;
  identity.generate.fault = *fault;
  return identity;
}

bool NeedsRealFiles(const std::string& saver) {
  const SaverEntry* entry = FindSaver(saver);
  return entry != nullptr && entry->needs_real_files;
}

bool IsDriven(const std::string& saver) {
  const SaverEntry* entry = FindSaver(saver);
  return entry != nullptr && entry->is_driven;
}

bool NeedsFork(const GenerateOptions& generate) {
  return generate.fault == FaultChoice::kTimedKill ||
         NeedsRealFiles(generate.saver) ||
         generate.schedule == ScheduleKind::kFree;
}

bool NeedsItsOwnDisk(const std::string& saver) {
  const SaverEntry* entry = FindSaver(saver);
  return entry != nullptr &&
         (entry->unkept_syncs.any() || entry->unkept_locks.any());
}

// With the first client alone it is the saver sqlite.
bool TreatsOthersApart(const GenerateOptions& generate) {
  const SaverEntry* entry = FindSaver(generate.saver);
  return entry != nullptr && entry->open_for_others != nullptr;
}

bool RunsFreely(const GenerateOptions& generate) {
  return generate.schedule == ScheduleKind::kFree;
}

bool AreOfTheDisk(const GenerateOptions& generate) {
  return generate.fault == FaultChoice::kPowerLoss ||
         generate.fault == FaultChoice::kIoError;
}

absl::Status CheckClients(const GenerateOptions& generate) {
  const bool is_one = generate.clients.most == 1;
  if (is_one && generate.schedule.has_value() &&
      generate.fault != FaultChoice::kTimedKill) {
    return absl::InvalidArgumentError(
        "a schedule needs several clients: --clients is 1");
  }
  if (is_one && TreatsOthersApart(generate)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the saver ", generate.saver,
                     " needs several clients: all but the first are strangers, "
                     "and --clients is 1"));
  }
  if (generate.fault == FaultChoice::kTimedKill &&
      (generate.clients.least > 1 || generate.schedule.has_value())) {
    return absl::InvalidArgumentError(
        "timed kills of several clients are not there: the schedule 'free' "
        "leaves to chance where a kill finds the others");
  }
  if (RunsFreely(generate) &&
      (generate.engine != EngineChoice::kFork || AreOfTheDisk(generate))) {
    return absl::InvalidArgumentError(
        "the schedule free needs real processes: the engine fork, and a saver "
        "and a fault that it has");
  }
  return absl::OkStatus();
}

// What the mix leaves of the engines and of the numbers of clients.
void Narrow(GenerateOptions& generate) {
  const std::vector<Share> mix = MixOf(generate);
  if (mix.empty()) return;  // CheckEngine says why
  ClientRange clients = mix.front().combination.clients;
  bool has_sim = false;
  bool has_fork = false;
  for (const Share& share : mix) {
    const Combination& combination = share.combination;
    clients.least = std::min(clients.least, combination.clients);
    clients.most = std::max(clients.most, combination.clients);
    (combination.engine == Engine::kSim ? has_sim : has_fork) = true;
  }
  generate.clients = clients;
  // What was asked for stays, for CheckEngine to refuse.
  if (generate.engine != EngineChoice::kMixed) return;
  if (!has_sim) generate.engine = EngineChoice::kFork;
  if (!has_fork) generate.engine = EngineChoice::kSim;
}

}  // namespace

std::string ScheduleWord(const GenerateOptions& generate) {
  return generate.schedule.has_value() ? std::string(Name(*generate.schedule))
                                       : "any";
}

std::string ClientsWord(const ClientRange& clients) {
  return clients.least == clients.most
             ? absl::StrCat(clients.least)
             : absl::StrCat(clients.least, "-", clients.most);
}

std::optional<ClientRange> ParseClients(const std::string& word) {
  const std::vector<std::string> ends = absl::StrSplit(word, '-');
  ClientRange clients;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &clients.least) ||
      !absl::SimpleAtoi(ends.back(), &clients.most) || clients.least < 1 ||
      clients.most < clients.least || clients.most > kMaxClients) {
    return std::nullopt;
  }
  return clients;
}

absl::Status CheckEngine(const GenerateOptions& generate) {
  if (IsDriven(generate.saver)) {
    const int clients = FindSaver(generate.saver)->clients;
    if (RunsFreely(generate) && (clients == 1 || generate.clients.most == 1)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the schedule free needs several clients, and ",
          clients == 1 ? "the driver says that it has one (\"clients\")"
                       : "--clients is 1"));
    }
    const bool is_right =
        generate.engine == EngineChoice::kRecord &&
        (!generate.schedule.has_value() || RunsFreely(generate)) &&
        !MixOf(generate).empty() && generate.clients.most <= clients;
    if (is_right) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "a store that is driven from outside has every crash of its recording, "
        "and at most as many clients as its driver says: --engine, --fault and "
        "--schedule choose nothing of that, but for --schedule=free");
  }
  if (generate.engine == EngineChoice::kRecord) {
    return absl::InvalidArgumentError(
        "the engine record is for stores that are driven from outside "
        "(--driver)");
  }
  RETURN_IF_ERROR(CheckClients(generate));
  if (generate.engine != EngineChoice::kSim &&
      NeedsItsOwnDisk(generate.saver)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the saver ", generate.saver,
                     " runs on a disk that lies, which only the engine sim "
                     "has"));
  }
  if (generate.engine == EngineChoice::kSim && NeedsFork(generate)) {
    return absl::InvalidArgumentError(
        NeedsRealFiles(generate.saver)
            ? absl::StrCat("the saver ", generate.saver,
                           " uses files without SQLite, which the engine sim "
                           "does not have")
            : "the fault timed-kill needs real time, which the engine sim does "
              "not have");
  }
  if (!MixOf(generate).empty()) return absl::OkStatus();
  if (LacksSuperJournals(generate)) {
    return absl::InvalidArgumentError(
        "a script that attaches databases, with journal_mode WAL or "
        "synchronous OFF, has one client and no errors");
  }
  return absl::InvalidArgumentError(
      "a loss of power, or an error, of several clients needs the engine sim");
}

void ChooseSaver(const std::string& name, GenerateOptions& generate) {
  generate.saver = name;
  const SaverEntry* const entry = FindSaver(name);
  if (entry == nullptr) return;
  generate.dialect = entry->dialect;
  generate.lacks = entry->lacks;
  generate.lacks_operations = entry->lacks_operations;
  generate.journal_mode = entry->journal_mode;
  generate.synchronous = entry->synchronous;
  generate.is_attached = !entry->attached.empty();
}

Identity NewIdentity(const WantedIdentity& wanted) {
  Identity identity;
  identity.seed = wanted.seed.value_or(identity.seed);
  GenerateOptions& generate = identity.generate;
  ChooseSaver(wanted.saver.value_or(generate.saver), generate);
  generate.fault = wanted.fault.value_or(generate.fault);
  generate.schedule = wanted.schedule;
  // With the first client alone there are no strangers, and nobody to switch
  // to.
  const bool is_shared =
      TreatsOthersApart(generate) || generate.schedule.has_value();
  const SaverEntry* const entry = FindSaver(generate.saver);
  const int most =
      entry != nullptr && entry->is_driven ? entry->clients : kMaxClients;
  generate.clients =
      wanted.clients.value_or(ClientRange(is_shared ? 2 : 1, most));
  generate.engine = wanted.engine.value_or(
      IsDriven(generate.saver) ? EngineChoice::kRecord : EngineChoice::kMixed);
  if (generate.engine == EngineChoice::kMixed) {
    if (NeedsFork(generate)) generate.engine = EngineChoice::kFork;
    if (NeedsItsOwnDisk(generate.saver)) generate.engine = EngineChoice::kSim;
  }
  Narrow(generate);
  const Shard shard = wanted.shard.value_or(Shard());
  identity.shards = {shard.number};
  identity.shards_of = shard.of;
  identity.generator_version = kGeneratorVersion;
  identity.sqlite_version = sqlite3_libversion();
  identity.sqlite_source_id = sqlite3_sourceid();
  if (entry != nullptr) identity.driver = entry->says;
  return identity;
}

absl::Status CheckCanContinue(const Identity& identity,
                              const WantedIdentity& wanted) {
  if (identity.shards.size() > 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("it was merged of shards ", ShardsOf(identity),
                     ": continue those, and merge them again"));
  }
  // What was not asked for stays as it is.
  const GenerateOptions& generate = identity.generate;
  const Identity now = NewIdentity(
      {wanted.seed.value_or(identity.seed),
       wanted.saver.value_or(generate.saver),
       wanted.engine.value_or(generate.engine),
       wanted.fault.value_or(generate.fault),
       wanted.clients.value_or(generate.clients),
       wanted.schedule.has_value() ? wanted.schedule : generate.schedule,
       wanted.shard.value_or(
           Shard{identity.shards.front(), identity.shards_of})});
  RETURN_IF_ERROR(
      CheckSame(now, identity, "a campaign goes on as it began, or elsewhere"));
  if (FindSaver(generate.saver) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("its store ", generate.saver,
                     " is not one of this program's: give the script with "
                     "--sql=FILE, or the driver with --driver=COMMAND"));
  }
  if (now.shards == identity.shards) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the shard is ", ShardsOf(now), " here and ",
                   ShardsOf(identity), " there"));
}

absl::Status CheckBelongTogether(const Identity& a, const Identity& b) {
  return CheckSame(a, b, "they are no shards of one campaign");
}

json IdentityToJson(const Identity& identity) {
  json value = {{"version", kVersion},
                {"seed", identity.seed},
                {"saver", identity.generate.saver},
                {"engine", Word(identity.generate.engine)},
                {"fault", Word(identity.generate.fault)},
                {"clients", ClientsWord(identity.generate.clients)},
                {"schedule", ScheduleWord(identity.generate)},
                {"shards", identity.shards},
                {"shards_of", identity.shards_of},
                {"generator_version", identity.generator_version},
                {"sqlite_version", identity.sqlite_version},
                {"sqlite_source_id", identity.sqlite_source_id}};
  if (identity.driver.has_value()) value["driver"] = *identity.driver;
  return value;
}

absl::StatusOr<Identity> ParseIdentity(const std::string& text,
                                       const std::string& name) {
  try {  // nlohmann-json throws; nothing leaves here
    return FromJson(json::parse(text));
  } catch (const json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::CHexEscape(name), ": it describes no campaign: ", error.what()));
  }
}

std::string ShardsOf(const Identity& identity) {
  return absl::StrCat(absl::StrJoin(identity.shards, ","), "/",
                      identity.shards_of);
}

}  // namespace lastcommit
