// SIGKILL of a campaign's supervisor and of its workers at random moments.

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::IsSupersetOf;

constexpr int kKills = 20;
constexpr int kTrials = 160;

class CampaignKillTest : public ProgramTest {
 protected:
  Arguments Campaign(const std::string& directory) const {
    return {"campaign",
            directory,
            "--trials=" + std::to_string(kTrials),
            "--seed=" + std::to_string(seed_),
            std::string("--saver=") + kDishonest,
            "--fault=kill",
            "--shrunk-per-class=2",
            "--jobs=2"};
  }

  void Sleep(unsigned most_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % most_ms));
  }

  void ExpectNothingLost() {
    const std::set<std::string> found = Findings();
    EXPECT_THAT(found, IsSupersetOf(seen_));
    seen_ = found;
    RecordedTrials();
  }

  // When it has ended by itself.
  void ExpectUndisturbedAndBeginAnother() {
    EXPECT_EQ(RecordedTrials(), kTrials);
    const std::string other = disturbed_ + "-undisturbed";
    EXPECT_EQ(Run(Campaign(other)).exit_code, 1);
    EXPECT_EQ(Summary(disturbed_).at("digest"), Summary(other).at("digest"));
    EXPECT_EQ(Summary(disturbed_).at("ledger"), Summary(other).at("ledger"));
    disturbed_ = "c" + std::to_string(++seed_);
    seen_.clear();
  }

  // All plans that are on disk, and all findings that are recorded.
  std::set<std::string> Findings() {
    std::set<std::string> all;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             directory_.Path(disturbed_ + "/findings"), error)) {
      if (entry.path().filename() == "original.plan") all.insert(entry.path());
    }
    std::istringstream lines(directory_.Get(disturbed_ + "/results.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto record = nlohmann::json::parse(line, nullptr, false);
      if (!record.is_object() || record.at("record") != "finding") continue;
      all.insert(record.at("class").get<std::string>() + " " +
                 record.at("index").dump());
    }
    return all;
  }

  // What the records of trials count, each index once.
  std::int64_t RecordedTrials() {
    std::set<std::uint64_t> indexes;
    std::int64_t trials = 0;
    std::istringstream lines(directory_.Get(disturbed_ + "/results.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto record = nlohmann::json::parse(line, nullptr, false);
      if (!record.is_object() || record.at("record") != "trials") continue;
      trials += record.at("cells").at("trials").get<std::int64_t>();
      for (const auto& range : record.at("indexes")) {
        for (std::uint64_t i = range[0]; i < range[1]; ++i) {
          EXPECT_TRUE(indexes.insert(i).second) << "twice: " << i;
        }
      }
    }
    EXPECT_EQ(std::ssize(indexes), trials);
    return trials;
  }

  nlohmann::json Summary(const std::string& directory) {
    return nlohmann::json::parse(directory_.Get(directory + "/summary.json"));
  }

  // NOLINTNEXTLINE(cert-msc51-cpp): the same moments each time
  std::mt19937 random_{1};
  int seed_ = 1;
  std::string disturbed_ = "c1";
  std::set<std::string> seen_;  // findings, up to the last kill
};

TEST_F(CampaignKillTest, LosesNoFindingAndCountsNothingTwice) {
  int kills = 0;
  for (int sessions = 0; kills < kKills; ++sessions) {
    Program program(directory_.path(), Campaign(disturbed_));
    program.ReadLine();
    // The moment is what is random; nothing waits for it.
    Sleep(1200);
    if (sessions % 3 == 2) {  // a worker first, and what comes of it
      if (program.SignalAnyChild(SIGKILL)) Sleep(300);
    }
    kill(program.pid(), SIGKILL);
    const bool was_killed = program.Wait().exit_code == -1;
    kills += was_killed ? 1 : 0;
    ExpectNothingLost();
    if (!was_killed) ExpectUndisturbedAndBeginAnother();
  }
  EXPECT_EQ(Run(Campaign(disturbed_)).exit_code, 1);
  ExpectNothingLost();
  ExpectUndisturbedAndBeginAnother();
}

}  // namespace
}  // namespace lastcommit
