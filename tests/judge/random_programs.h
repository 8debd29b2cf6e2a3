// RandomProgramTest: records and judges random_program.py, and says what of the
// judgement its settings do not explain.

#ifndef LASTCOMMIT_TESTS_JUDGE_RANDOM_PROGRAMS_H_
#define LASTCOMMIT_TESTS_JUDGE_RANDOM_PROGRAMS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "judge/judge_fixture.h"

namespace lastcommit {

class RandomProgramTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
  }

  // Kind, cause and the words of the judgement; empty: all is explained. Bugs
  // of SQLite are known by their names alone (docs/findings.md).
  std::vector<std::string> Unexplained(std::uint64_t seed) {
    const Judgement judgement =
        Judge({python_, std::string(PROGRAMS) + "random_program.py",
               absl::StrCat(seed)},
              {.promise = PromiseLevel::kPower});
    std::vector<std::string> found;
    if (judgement.timeline.promises.empty()) {
      return {absl::StrCat("seed ", seed, " promised nothing")};
    }
    const std::string& settings = judgement.timeline.promises[0].text;
    const bool is_bare = settings.starts_with("bare");
    const bool is_setting = settings.starts_with("setting");
    const bool is_torn = settings.ends_with(" torn\n");
    const nlohmann::json json = JsonOf(judgement);
    const auto look_at = [&](const nlohmann::json& findings, bool is_power) {
      for (const auto& finding : findings) {
        const std::string kind = finding.at("kind");
        const std::string cause = finding.at("cause");
        const bool is_known =
            cause == "partial_rollback" || cause == "vacuum_undone";
        const bool is_allowed =
            finding.at("setting") && (is_bare || (is_torn && kind == "torn") ||
                                      (is_power && is_setting));
        if (!is_known && !is_allowed) {
          found.push_back(absl::StrCat("seed ", seed, " (", settings,
                                       "): ", kind, " ", cause, "\n",
                                       TextOf(judgement)));
        }
      }
    };
    look_at(json.at("kills"), false);
    look_at(json.at("power"), true);
    return found;
  }

  // Before the next one.
  void Clear() {
    std::filesystem::remove_all(Files());
    std::filesystem::create_directory(Files());
    std::filesystem::remove(Recording());
    std::filesystem::remove(directory_.Path("ack"));
  }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_JUDGE_RANDOM_PROGRAMS_H_
