#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

class TasksTest : public SaverTest {
 protected:
  TasksTest() { Open(); }

  void Create(const std::string& id) {
    EXPECT_THAT(saver_->CreateTask({"t", id}, "{}"), IsOk());
  }
  absl::StatusOr<std::int64_t> Update(std::int64_t version, TaskState state) {
    return saver_->UpdateTask(key_, {version, state, std::nullopt});
  }
  // "state version attempts payload"
  std::string Shown(const TaskKey& key) {
    const auto task = saver_->GetTask(key);
    if (!task.ok()) return task.status().ToString();
    return absl::StrCat(std::string(Name(task->state)), " ", task->version, " ",
                        task->attempts, " ", task->payload);
  }

  const TaskKey key_{"t", "a"};
};

TEST_F(TasksTest, NewOneIsPendingWithVersionOne) {
  ASSERT_THAT(saver_->CreateTask(key_, "[1]"), IsOk());
  EXPECT_EQ(Shown(key_), "pending 1 0 [1]");
  EXPECT_EQ(saver_->GetTask(key_)->key, key_);
  EXPECT_THAT(saver_->CreateTask(key_, "[2]"),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(saver_->CreateTask(key_, "{"),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(Shown(key_), "pending 1 0 [1]");
}

TEST_F(TasksTest, BadOnesAreNotCreated) {
  EXPECT_THAT(saver_->CreateTask(key_, "{"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->CreateTask(key_, std::string("1\0", 2)),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->CreateTask({"t", ""}, "1"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->CreateTask({"", "a"}, "1"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_TRUE(Threads().empty());
  EXPECT_THAT(saver_->GetTask(key_), StatusIs(StatusCode::kNotFound));
}

TEST_F(TasksTest, UpdateIsACompareAndSet) {
  Create("a");
  EXPECT_THAT(Update(1, TaskState::kRunning), IsOkAndHolds(2));
  for (const std::int64_t version : {1, 3, 0, -1}) {
    EXPECT_THAT(Update(version, TaskState::kDone),
                StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_EQ(Shown(key_), "running 2 1 {}");
  EXPECT_THAT(saver_->UpdateTask({"t", "none"}, {1, TaskState::kRunning, {}}),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(saver_->UpdateTask({"u", "a"}, {1, TaskState::kRunning, {}}),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(TasksTest, AttemptsCountTheWaysFromPendingToRunning) {
  Create("a");
  std::int64_t version = 1;
  for (const TaskState state :
       {TaskState::kRunning, TaskState::kRunning, TaskState::kPending,
        TaskState::kRunning, TaskState::kFailed, TaskState::kPending,
        TaskState::kRunning}) {
    ASSERT_THAT(Update(version++, state), IsOk());
  }
  EXPECT_EQ(Shown(key_), "running 8 3 {}");
}

TEST_F(TasksTest, PayloadIsKeptReplacedOrRefused) {
  Create("a");
  ASSERT_THAT(saver_->UpdateTask(key_, {1, TaskState::kRunning, "[1]"}),
              IsOk());
  EXPECT_THAT(saver_->UpdateTask(key_, {2, TaskState::kRunning, "["}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Shown(key_), "running 2 1 [1]");
  ASSERT_THAT(Update(2, TaskState::kDone), IsOk());
  EXPECT_EQ(Shown(key_), "done 3 1 [1]");
}

// What is wrong with the version or the state is said before the payload is.
TEST_F(TasksTest, StaleUpdateWithABadPayloadIsStale) {
  Create("a");
  EXPECT_THAT(saver_->UpdateTask(key_, {2, TaskState::kRunning, "["}),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->UpdateTask(key_, {1, TaskState::kDone, "["}),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(TasksTest, AreListedByIdAndPerThread) {
  for (const char* id : {"b", "a"}) Create(id);
  ASSERT_THAT(saver_->CreateTask({"u", "c"}, "{}"), IsOk());
  std::vector<std::string> ids;
  const auto tasks = saver_->ListTasks("t");
  ASSERT_THAT(tasks, IsOk());
  for (const Task& task : *tasks) ids.push_back(task.key.task_id);
  EXPECT_THAT(ids, ElementsAre("a", "b"));
}

class TransitionTest
    : public TasksTest,
      public testing::WithParamInterface<std::tuple<int, int>> {};

// Every way to get into the first state, then the step to the second.
TEST_P(TransitionTest, IsDoneIfItIsLegalAndRefusedIfNot) {
  const auto from = static_cast<TaskState>(std::get<0>(GetParam()));
  const auto to = static_cast<TaskState>(std::get<1>(GetParam()));
  Create("a");
  std::int64_t version = 1;
  if (from != TaskState::kPending) {
    ASSERT_THAT(Update(version++, TaskState::kRunning), IsOk());
    ASSERT_THAT(Update(version++, from), IsOk());
  }
  const auto result = Update(version, to);
  if (IsLegal(from, to)) {
    EXPECT_THAT(result, IsOkAndHolds(version + 1));
    EXPECT_EQ(saver_->GetTask(key_)->state, to);
  } else {
    EXPECT_THAT(result, StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_EQ(saver_->GetTask(key_)->state, from);
  }
}

INSTANTIATE_TEST_SUITE_P(All, TransitionTest,
                         testing::Combine(testing::Range(0, kTaskStates),
                                          testing::Range(0, kTaskStates)));

TEST(IsLegalTest, SaysWhatTheHeaderSays) {
  const auto targets = [](TaskState from) {
    std::string text;
    for (int i = 0; i < kTaskStates; ++i) {
      if (!IsLegal(from, static_cast<TaskState>(i))) continue;
      absl::StrAppend(&text, " ", std::string(Name(static_cast<TaskState>(i))));
    }
    return text;
  };
  EXPECT_EQ(targets(TaskState::kPending), " running cancelled");
  EXPECT_EQ(targets(TaskState::kRunning),
            " pending running done failed cancelled");
  EXPECT_EQ(targets(TaskState::kFailed), " pending cancelled");
  EXPECT_EQ(targets(TaskState::kDone), "");
  EXPECT_EQ(targets(TaskState::kCancelled), "");
}

}  // namespace
}  // namespace lastcommit::saver
