#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "plan/plans.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

class PlanFileTest : public testing::Test {
 protected:
  PlanFileTest() {
    std::string name = testing::TempDir() + "plan_file_test.XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~PlanFileTest() override { fs::remove_all(directory_); }

  std::string Path(const std::string& name) { return directory_ + "/" + name; }

  void Put(const std::string& name, const std::string& text) {
    std::ofstream(Path(name), std::ios::binary) << text;
  }

  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  std::string directory_;
};

// Runs `body` as a user who is not root, whom permissions do not stop.
template <typename Body>
void AsNobody(Body body) {
  constexpr uid_t kNobody = 65534;
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  body();
  if (is_root) {
    ASSERT_EQ(seteuid(0), 0);
  }
}

TEST_F(PlanFileTest, WhatWasWrittenIsReadBack) {
  ASSERT_THAT(WritePlanFile(Path("a.plan"), SmallestPlan()), IsOk());
  const absl::StatusOr<Plan> plan = ReadPlanFile(Path("a.plan"));
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(*plan, SmallestPlan());
}

TEST_F(PlanFileTest, WritingReplacesAndLeavesNothingElse) {
  Put("a.plan", "something longer than a plan" + std::string(10'000, ' '));
  ASSERT_THAT(WritePlanFile(Path("a.plan"), SmallestPlan()), IsOk());
  EXPECT_EQ(fs::file_size(Path("a.plan")), PlanText("").size());
  EXPECT_EQ(Names(), std::vector<std::string>{"a.plan"});
}

TEST_F(PlanFileTest, ANewFileHasThePermissionsOfTheUmask) {
  const mode_t old = umask(022);
  const absl::Cleanup restore = [old] { umask(old); };
  ASSERT_THAT(WritePlanFile(Path("a.plan"), SmallestPlan()), IsOk());
  struct stat file;
  ASSERT_EQ(stat(Path("a.plan").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0644u);
}

TEST_F(PlanFileTest, ANameWithoutASlashIsInTheWorkingDirectory) {
  const fs::path old = fs::current_path();
  const absl::Cleanup restore = [&old] { fs::current_path(old); };
  fs::current_path(directory_);
  ASSERT_THAT(WritePlanFile("a.plan", SmallestPlan()), IsOk());
  EXPECT_THAT(ReadPlanFile("a.plan"), IsOk());
  EXPECT_EQ(Names(), std::vector<std::string>{"a.plan"});
}

TEST_F(PlanFileTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadPlanFile(Path("none")).status(),
            absl::NotFoundError(Path("none") +
                                ": cannot open: No such file or directory"));
  Put("file", "");
  EXPECT_THAT(ReadPlanFile(Path("file/none")),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PlanFileTest, WhatIsNoRegularFileIsRefusedAtOnce) {
  EXPECT_EQ(ReadPlanFile(directory_).status(),
            absl::InvalidArgumentError(directory_ + ": is a directory"));
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(
      ReadPlanFile(Path("fifo")).status(),
      absl::InvalidArgumentError(Path("fifo") + ": is not a regular file"));
}

TEST_F(PlanFileTest, AFileThatMayNotBeReadIsPermissionDenied) {
  Put("a.plan", PlanText(""));
  ASSERT_EQ(chmod(directory_.c_str(), 0755), 0);
  ASSERT_EQ(chmod(Path("a.plan").c_str(), 0), 0);
  AsNobody([this] {
    EXPECT_EQ(ReadPlanFile(Path("a.plan")).status(),
              absl::PermissionDeniedError(Path("a.plan") +
                                          ": cannot open: Permission denied"));
  });
}

TEST_F(PlanFileTest, AHugeFileIsRefusedUnread) {
  Put("huge", "");
  fs::resize_file(Path("huge"), std::uintmax_t{1} << 40);
  EXPECT_EQ(ReadPlanFile(Path("huge")).status(),
            absl::InvalidArgumentError(Path("huge") +
                                       ": 1099511627776 bytes are too many "
                                       "(allowed 67108864)"));
}

TEST_F(PlanFileTest, ErrorsNameTheFileAndTheLine) {
  Put("b\n.plan", PlanText("{\"step\":\"commit\",\"up\":1}\n"));
  EXPECT_EQ(ReadPlanFile(Path("b\n.plan")).status(),
            absl::InvalidArgumentError(
                directory_ + "/b\\n.plan:3: up: does not belong to step "
                             "'commit' (allowed client, crash, "
                             "kill_after_us, error, switches)"));
}

TEST_F(PlanFileTest, APathThatIsNoneIsRefused) {
  const std::string with_nul("a\0b", 3);
  for (const std::string& path : {std::string(), with_nul}) {
    EXPECT_THAT(ReadPlanFile(path),
                StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_THAT(WritePlanFile(path, SmallestPlan()),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_F(PlanFileTest, WritingIntoAMissingDirectoryIsNotFound) {
  EXPECT_THAT(WritePlanFile(Path("none/a.plan"), SmallestPlan()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PlanFileTest, WritingWhereNothingMayBeCreatedIsPermissionDenied) {
  ASSERT_EQ(chmod(directory_.c_str(), 0555), 0);
  AsNobody([this] {
    EXPECT_THAT(WritePlanFile(Path("a.plan"), SmallestPlan()),
                StatusIs(absl::StatusCode::kPermissionDenied));
  });
  EXPECT_TRUE(Names().empty());
}

TEST_F(PlanFileTest, AFailedWriteLeavesNoTemporaryFile) {
  ASSERT_EQ(mkdir(Path("directory").c_str(), 0700), 0);
  EXPECT_THAT(WritePlanFile(Path("directory"), SmallestPlan()),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Names(), std::vector<std::string>{"directory"});
}

TEST_F(PlanFileTest, WhetherAFileCanBeWrittenIsSeenWithoutATrace) {
  Put("a.plan", "old");
  EXPECT_THAT(CheckPlanFileCanBeWritten(Path("a.plan")), IsOk());
  EXPECT_THAT(CheckPlanFileCanBeWritten(Path("b.plan")), IsOk());
  EXPECT_EQ(fs::file_size(Path("a.plan")), 3u);
  EXPECT_EQ(Names(), std::vector<std::string>{"a.plan"});
}

TEST_F(PlanFileTest, WhatCouldNotBeWrittenIsSaidAsWritingWouldSayIt) {
  ASSERT_EQ(mkdir(Path("directory").c_str(), 0700), 0);
  for (const std::string& path :
       {std::string(), Path("none/a.plan"), Path("directory")}) {
    EXPECT_EQ(CheckPlanFileCanBeWritten(path),
              WritePlanFile(path, SmallestPlan()));
  }
}

// A limit on the size of files stands in for the full disk.
TEST_F(PlanFileTest, AWriteCutShortIsResourceExhaustedAndKeepsTheOldFile) {
  Put("a.plan", "old");
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit tight = {10, limit.rlim_max};
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  const absl::Status status = WritePlanFile(Path("a.plan"), SmallestPlan());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  signal(SIGXFSZ, old_handler);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(fs::file_size(Path("a.plan")), 3u);
  EXPECT_EQ(Names(), std::vector<std::string>{"a.plan"});
}

}  // namespace
}  // namespace lastcommit
