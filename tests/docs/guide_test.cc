// docs/saver.md says what the code does.

#include <string>

#include "absl/status/status.h"
#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "saver/options.h"
#include "saver/records.h"

namespace lastcommit {
namespace {

using testing::HasSubstr;

constexpr char kGuide[] = "docs/saver.md";

// The first block of the guide in that language.
std::string FirstBlock(const std::string& language) {
  const std::string page = Page(kGuide);
  const std::string begin = "```" + language + "\n";
  const std::size_t at = page.find(begin);
  if (at == std::string::npos) return "no block in " + language;
  const std::size_t first = at + begin.size();
  return page.substr(first, page.find("```", first) - first);
}

TEST(GuideTest, TheFirstExampleIsTheOneBuiltAgainstTheInstalledTree) {
  EXPECT_EQ(FirstBlock("cpp"), Page("tests/install/program/main.cc"));
  EXPECT_EQ(FirstBlock("cmake"), Page("tests/install/program/CMakeLists.txt"));
}

TEST(GuideTest, TheTableOfLevelsIsDurabilityOf) {
  const std::string page = Page(kGuide);
  for (int mode = 0; mode <= static_cast<int>(saver::JournalMode::kOff);
       ++mode) {
    const auto journal_mode = static_cast<saver::JournalMode>(mode);
    std::string row = "\n| " + std::string(Name(journal_mode)) + " |";
    for (const saver::Synchronous synchronous :
         {saver::Synchronous::kOff, saver::Synchronous::kNormal,
          saver::Synchronous::kFull, saver::Synchronous::kExtra}) {
      row += " " +
             std::string(Name(saver::DurabilityOf(journal_mode, synchronous))) +
             " |";
    }
    EXPECT_THAT(page, HasSubstr(row + "\n"));
  }
}

TEST(GuideTest, TheTableOfTaskStatesIsIsLegal) {
  const std::string page = Page(kGuide);
  for (int i = 0; i < saver::kTaskStates; ++i) {
    std::string successors;
    for (int j = 0; j < saver::kTaskStates; ++j) {
      if (!IsLegal(static_cast<saver::TaskState>(i),
                   static_cast<saver::TaskState>(j))) {
        continue;
      }
      successors += (successors.empty() ? " " : ", ") +
                    std::string(Name(static_cast<saver::TaskState>(j)));
    }
    EXPECT_THAT(
        page,
        HasSubstr("\n| " + std::string(Name(static_cast<saver::TaskState>(i))) +
                  " |" + successors + " |\n"));
  }
}

TEST(GuideTest, EveryStatusCodeIsInTheTableOfErrors) {
  const std::string page = Page(kGuide);
  for (const absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kNotFound,
        absl::StatusCode::kAlreadyExists, absl::StatusCode::kFailedPrecondition,
        absl::StatusCode::kOutOfRange, absl::StatusCode::kUnavailable,
        absl::StatusCode::kResourceExhausted,
        absl::StatusCode::kPermissionDenied, absl::StatusCode::kDataLoss,
        absl::StatusCode::kUnknown, absl::StatusCode::kCancelled,
        absl::StatusCode::kAborted, absl::StatusCode::kInternal}) {
    // "INVALID_ARGUMENT" -> "InvalidArgument"
    std::string name;
    bool is_first = true;
    for (const char c : absl::StatusCodeToString(code)) {
      if (c == '_') {
        is_first = true;
        continue;
      }
      name += is_first ? c : static_cast<char>(c - 'A' + 'a');
      is_first = false;
    }
    EXPECT_THAT(page, HasSubstr("\n| `" + name + "` |"));
  }
}

}  // namespace
}  // namespace lastcommit
