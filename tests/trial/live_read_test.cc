// A live read that is refused as busy, when no writer keeps it out. SQLite
// calls an automatic extension for each new connection; in the child of a trial
// the first one is the saver's, and what follows is a live read's.

#include <sqlite3.h>

#include <string>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

bool g_is_lying = false;
int g_connections = 0;

int BusyFromTheSecondOn(sqlite3* connection, char** /*error*/,
                        const sqlite3_api_routines* /*api*/) {
  const char* path = sqlite3_db_filename(connection, "main");
  if (path == nullptr ||
      std::string_view(path).find("/db/") == std::string_view::npos) {
    return SQLITE_OK;
  }
  // Opening takes two: it looks at the file before it opens it.
  return g_is_lying && ++g_connections > 2 ? SQLITE_BUSY : SQLITE_OK;
}

class LiveReadTest : public TrialTest,
                     public testing::WithParamInterface<
                         std::tuple<saver::JournalMode, StepKind>> {
 protected:
  LiveReadTest() {
    // The function's type is that of an extension's entry, whatever it takes.
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(BusyFromTheSecondOn));
  }
  ~LiveReadTest() override { sqlite3_reset_auto_extension(); }

  // A live read inside a transaction that has put a blob of that size.
  Verdict VerdictOf(std::int64_t blob, bool is_lying) {
    g_is_lying = is_lying;
    const auto [mode, read] = GetParam();
    Plan plan = PlanOf(
        mode,
        {RoundOf({StepOf(StepKind::kBegin), PutBlob(0, blob), StepOf(read),
                  StepOf(StepKind::kCommit), StepOf(read)})});
    plan.profile.cache_size = 1;
    return Run(plan).verdict;
  }
};

constexpr std::int64_t kSmall = 10;
constexpr std::int64_t kSpilling = 100'000;

TEST_P(LiveReadTest, HoldsBeforeAndAfterASpill) {
  EXPECT_EQ(Name(VerdictOf(kSmall, false)), "held");
  EXPECT_EQ(Name(VerdictOf(kSpilling, false)), "held");
}

TEST_P(LiveReadTest, ThatIsBusyBeforeASpillIsAViolation) {
  EXPECT_EQ(Name(VerdictOf(kSmall, true)), "violated(wrong_read)");
}

INSTANTIATE_TEST_SUITE_P(
    Modes, LiveReadTest,
    testing::Combine(testing::Values(saver::JournalMode::kDelete,
                                     saver::JournalMode::kTruncate,
                                     saver::JournalMode::kPersist,
                                     saver::JournalMode::kWal),
                     testing::Values(StepKind::kLiveRead, StepKind::kBackup)),
    [](const auto& of) {
      return absl::StrCat(std::string(Name(std::get<0>(of.param))), "_",
                          std::string(Name(std::get<1>(of.param))));
    });

}  // namespace
}  // namespace lastcommit
