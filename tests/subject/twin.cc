#include "subject/twin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void ExpectEqual(const State& expected, const State& found) {
  constexpr std::size_t kLines = 8;
  EXPECT_EQ(expected.cut, found.cut);
  EXPECT_TRUE(expected.rows == found.rows)
      << absl::StrJoin(Difference(expected, found, kLines), "\n");
}

}  // namespace

Twin::Twin(const SaverEntry& entry, const Profile& profile, int client)
    : entry_(entry),
      profile_(profile),
      driver_(entry, directory_.Path(kDatabaseName), profile, client) {
  Do(StepKind::kOpen);
}

Twin::~Twin() {
  driver_.Run({.kind = StepKind::kClose}, [](std::int64_t) {});
}

void Twin::Do(const std::vector<Step>& program) {
  for (const Step& step : program) Do(step);
}

void Twin::Do(StepKind kind) { Do(Step{.kind = kind}); }

void Twin::Do(const Step& step) {
  const ::testing::ScopedTrace trace(
      __FILE__, __LINE__,
      absl::StrCat("step ", steps_, ", ", std::string(Name(step.kind))));
  ++steps_;
  ExpectSameAnswer(step);
  ASSERT_NE(driver_.saver(), nullptr);
  ExpectSameState();
  ExpectSameLiveState();
}

void Twin::ExpectSameAnswer(const Step& step) {
  const bool may_be_locked_out = MayBeLockedOut();
  const Outcome expected = model_.Apply(step);
  std::vector<std::int64_t> acknowledged;
  const Answer answer =
      driver_.Run(step, [&](std::int64_t cut) { acknowledged.push_back(cut); });
  const bool has_its_own_connection =
      step.kind == StepKind::kLiveRead || step.kind == StepKind::kBackup;
  if (has_its_own_connection && may_be_locked_out &&
      answer.outcome.code == absl::StatusCode::kUnavailable) {
    return;
  }
  EXPECT_EQ(answer.outcome.code, expected.code) << answer.message;
  EXPECT_EQ(answer.outcome.value, expected.value);
  if (step.kind == StepKind::kCommit &&
      expected.code == absl::StatusCode::kOk) {
    EXPECT_THAT(acknowledged, ElementsAre(expected.value));
  } else {
    EXPECT_THAT(acknowledged, IsEmpty());
  }
}

void Twin::ExpectSameState() {
  const absl::StatusOr<State> state = driver_.saver()->ReadState();
  ASSERT_TRUE(state.ok()) << state.status();
  ExpectEqual(model_.state(), *state);
}

void Twin::ExpectSameLiveState() {
  const std::string path = directory_.Path(kDatabaseName);
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &connection), SQLITE_OK);
  const absl::StatusOr<State> state = entry_.read(connection, path);
  sqlite3_close(connection);
  if (MayBeLockedOut() && absl::IsUnavailable(state.status())) return;
  ASSERT_TRUE(state.ok()) << state.status();
  ReferenceModel committed = model_;
  committed.Crash();
  ExpectEqual(committed.state(), *state);
}

bool Twin::MayBeLockedOut() const {
  return model_.in_transaction() &&
         profile_.journal_mode != saver::JournalMode::kWal;
}

}  // namespace lastcommit
