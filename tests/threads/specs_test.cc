#include "threads/specs.h"

#include <gtest/gtest.h>

#include <set>

namespace lastcommit::threads {
namespace {

TEST(SpecsTest, StandInTheOrderOfTheirKinds) {
  ASSERT_EQ(kVocabulary.operations.size(), std::size_t{kKinds});
  EXPECT_EQ(SpecOf(Kind::kPutCheckpoint).name, "put_checkpoint");
  EXPECT_EQ(SpecOf(Kind::kStreamBlob).name, "stream_blob");
  EXPECT_EQ(SpecOf(Kind::kListCheckpoints).name, "list_checkpoints");
  for (int i = 0; i < kKinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    EXPECT_EQ(KindOf(Make(kind)), kind);
  }
}

TEST(SpecsTest, ArgumentsComeBackWhereTheyAreUsed) {
  const Arguments arguments = {.thread = 1,
                               .into = 14,
                               .ns = 2,
                               .id = 3,
                               .parent = 4,
                               .task = 5,
                               .idx = 6,
                               .replace = 1,
                               .content = {7, 8},
                               .count = 9,
                               .invalid_at = 0,
                               .level = saver::LogLevel::kError,
                               .state = saver::TaskState::kDone,
                               .stale = 10,
                               .chunk = 100,
                               .keep = 11,
                               .filter = 1,
                               .before = 12,
                               .limit = 13};
  const Arguments commit_step = ArgumentsOf(Make(Kind::kCommitStep, arguments));
  EXPECT_EQ(commit_step.parent, 4);
  EXPECT_EQ(commit_step.idx, 6);
  EXPECT_EQ(commit_step.count, 9);
  EXPECT_EQ(commit_step.keep, Arguments().keep);
  const Arguments update = ArgumentsOf(Make(Kind::kUpdateTask, arguments));
  EXPECT_EQ(update.state, saver::TaskState::kDone);
  EXPECT_EQ(update.stale, 10);
  EXPECT_EQ(update.parent, Arguments().parent);
  const Arguments list = ArgumentsOf(Make(Kind::kListCheckpoints, arguments));
  EXPECT_EQ(list.before, 12);
  EXPECT_EQ(list.limit, 13);
  EXPECT_EQ(list.content, Content());
  EXPECT_EQ(ArgumentsOf(Make(Kind::kCopyThread, arguments)).into, 14);
}

TEST(SpecsTest, ASimplerOneDoesAChangeToo) {
  for (const OperationSpec& spec : kVocabulary.operations) {
    if (spec.simpler == nullptr) continue;
    EXPECT_TRUE(spec.is_change && spec.simpler->is_change) << spec.name;
    EXPECT_EQ(spec.simpler->simpler, nullptr) << spec.name;
  }
}

TEST(SpecsTest, TheProbeChangesRowsOfEveryKindButWrites) {
  std::set<std::string_view> names;
  for (const Operation& operation : kVocabulary.probe()) {
    EXPECT_TRUE(operation.is_change());
    EXPECT_EQ(ArgumentsOf(operation).thread, kMaxName);
    names.insert(operation.spec->name);
  }
  EXPECT_EQ(names.size(), 6u);
}

}  // namespace
}  // namespace lastcommit::threads
