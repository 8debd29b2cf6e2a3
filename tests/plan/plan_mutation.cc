#include "plan/plan_mutation.h"

#include <cctype>
#include <cstddef>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "generate/arbitrary_plan.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

constexpr std::size_t kMaxTextBytes = 100'000;

constexpr std::string_view kValues[] = {"0",
                                        "1",
                                        "-1",
                                        "2",
                                        "16",
                                        "17",
                                        "100",
                                        "1000",
                                        "4096",
                                        "65536",
                                        "99999",
                                        "100000",
                                        "4194304",
                                        "4194305",
                                        "2147483648",
                                        "4294967296",
                                        "9223372036854775807",
                                        "9223372036854775808",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "-9223372036854775808",
                                        "-0",
                                        "0.5",
                                        "1e9",
                                        "1e999",
                                        "true",
                                        "null",
                                        "{}",
                                        "[]",
                                        "[[[[[[[[",
                                        "{\"a\":{\"b\":{}}}",
                                        "\"\"",
                                        "\"wal\"",
                                        "\"delete\"",
                                        "\"off\"",
                                        "\"during\"",
                                        "\"sim\"",
                                        "\"fork\"",
                                        "\"none\"",
                                        "\"subset\"",
                                        "\"chosen\"",
                                        "\"3,5h100,7t200,9g0,11z\"",
                                        "\"5,5\"",
                                        "\"sync\"",
                                        "{\"io\":1,\"moment\":\"after\","
                                        "\"survive\":\"chosen\","
                                        "\"fates\":\"1h2\"}",
                                        "{\"kind\":\"full\",\"at\":1}",
                                        "\"one\"",
                                        "\"0>1,17>0\"",
                                        "\"17>1,0>0\"",
                                        "\"directed\"",
                                        "{\"kind\":\"few\",\"seed\":1,"
                                        "\"rate\":5}",
                                        "\"held\"",
                                        "\"violated(flaky)\"",
                                        "\"3.40.1\"",
                                        "\"\\u0000\"",
                                        "\"\\ud800\"",
                                        "\"\xff\""};

class Mutator {
 public:
  Mutator(const std::string& text, const std::string& other, std::uint64_t seed)
      : random_(seed), lines_(Lines(text)), other_(Lines(other)) {}

  std::string Mutate() {
    // Most often one change: two hardly ever make a plan again.
    const std::size_t more = Below(3) == 0 ? Below(4) : 0;
    for (std::size_t i = 0; i <= more; ++i) Change();
    return absl::StrJoin(lines_, "\n").substr(0, kMaxTextBytes);
  }

 private:
  // The last one is empty if the text ends with a newline.
  static std::vector<std::string> Lines(const std::string& text) {
    return absl::StrSplit(text, '\n');
  }
  // Not a distribution of the library, which may differ between libraries.
  std::size_t Below(std::size_t limit) {
    return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit);
  }
  std::string& Line() { return lines_[Below(lines_.size())]; }

  void Change() {
    switch (Below(8)) {
      case 0:
        lines_.insert(At(), std::string(Line()));
        break;
      case 1:
        if (lines_.size() > 1) lines_.erase(At());
        break;
      case 2:
        std::swap(Line(), Line());
        break;
      case 3:
        lines_.insert(At(), other_[Below(other_.size())]);
        break;
      case 4:
        ChangeByte(Line());
        break;
      default:  // most often: what is well-formed gets furthest
        ChangeValue(Line());
    }
  }

  std::vector<std::string>::iterator At() {
    return lines_.begin() + static_cast<std::ptrdiff_t>(Below(lines_.size()));
  }

  void ChangeByte(std::string& line) {
    const std::size_t at = Below(line.size() + 1);
    const char byte = static_cast<char>(Below(256));
    switch (Below(3)) {
      case 0:
        line.insert(at, 1, byte);
        break;
      case 1:
        line.erase(at, 1 + Below(4));
        break;
      default:
        if (at < line.size()) line[at] = byte;
    }
  }

  // What stands behind one of the colons, up to a comma or a brace.
  void ChangeValue(std::string& line) {
    std::vector<std::size_t> colons;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == ':') colons.push_back(i);
    }
    if (colons.empty()) return ChangeByte(line);
    const std::size_t begin = colons[Below(colons.size())] + 1;
    const std::size_t end =
        std::min(line.find_first_of(",}", begin), line.size());
    const bool is_number =
        begin < end &&
        std::isdigit(static_cast<unsigned char>(line[begin])) != 0;
    line.replace(begin, end - begin,
                 is_number && Below(2) == 0
                     ? std::to_string(Below(5))
                     : std::string(kValues[Below(std::size(kValues))]));
  }

  std::mt19937_64 random_;
  std::vector<std::string> lines_;
  std::vector<std::string> other_;
};

}  // namespace

std::string MutatedPlanText(const std::string& text, const std::string& other,
                            std::uint64_t seed) {
  return Mutator(text, other, seed).Mutate();
}

std::vector<std::string> GeneratedPlanTexts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) {
    const CaseKey key = {1, static_cast<std::uint64_t>(i)};
    const auto engine = static_cast<EngineChoice>(i % kEngineChoices);
    // As many as the engine has, and who goes on where.
    const int clients =
        engine == EngineChoice::kSim ? 1 + i / kEngineChoices % kMaxClients : 1;
    Plan plan = PlanAt(key, {.engine = engine, .clients = clients});
    if (clients > 1) plan.rounds[0].steps[1].switches = {{0, 0}, {7, 1}};
    texts.push_back(PrintPlan(plan));
  }
  return texts;
}

}  // namespace lastcommit
