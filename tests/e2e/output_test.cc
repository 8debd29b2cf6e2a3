// Where the options that write (--json, --out, -o) write: each kind of thing
// that a path may name stays what it is.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct Writer {
  std::string name;
  Arguments arguments;
  std::string option;
  int exit_code = 0;
  std::string text;  // a part of what it writes, and prints nowhere else
};

constexpr char kSwept[] = "wal-switch-normal.plan";

class OutputTest : public ProgramTest,
                   public testing::WithParamInterface<Writer> {
 protected:
  void SetUp() override {
    directory_.Put("violated.plan",
                   PlanKilledInCommit(kDishonest, "violated(lost_commit)"));
    std::filesystem::copy_file(absl::StrCat(REPOSITORY, "/corpus/", kSwept),
                               directory_.Path(kSwept));
    if (GetParam().name == "report") {
      Run({"campaign", "c", "--trials=1", "--seed=5"});
    }
  }
  Outcome RunTo(const std::string& path) {
    Arguments arguments = GetParam().arguments;
    arguments.push_back(absl::StrCat(GetParam().option, "=", path));
    return Run(arguments);
  }
  void ExpectWritten(const Outcome& outcome, const std::string& text) {
    EXPECT_EQ(outcome.exit_code, GetParam().exit_code) << outcome.err;
    EXPECT_THAT(text, HasSubstr(GetParam().text));
    EXPECT_THAT(outcome.out, Not(HasSubstr(GetParam().text)));
    EXPECT_THAT(directory_.Names(), Not(testing::Contains(HasSubstr(".tmp"))));
  }
  bool IsLink(const std::string& name) {
    return std::filesystem::is_symlink(directory_.Path(name));
  }
};

TEST_P(OutputTest, IsANewFile) {
  const Outcome outcome = RunTo("out");
  ExpectWritten(outcome, directory_.Get("out"));
}

TEST_P(OutputTest, ReplacesAFileThatIsThere) {
  directory_.Put("out", std::string(1'000'000, 'x'));
  const Outcome outcome = RunTo("out");
  ExpectWritten(outcome, directory_.Get("out"));
  EXPECT_THAT(directory_.Get("out"), Not(HasSubstr("xxxxxxxxxx")));
}

TEST_P(OutputTest, ToADashGoesToStandardOutput) {
  const Outcome outcome = RunTo("-");
  EXPECT_EQ(outcome.exit_code, GetParam().exit_code);
  EXPECT_THAT(outcome.out, HasSubstr(GetParam().text));
  EXPECT_FALSE(directory_.Has("-"));
}

TEST_P(OutputTest, ThroughALinkReplacesItsFileAndTheLinkStays) {
  Directory other;
  other.Put("file", "old");
  std::filesystem::create_symlink(other.Path("file"), directory_.Path("out"));
  const Outcome outcome = RunTo("out");
  ExpectWritten(outcome, other.Get("file"));
  EXPECT_TRUE(IsLink("out"));
  EXPECT_THAT(other.Names(), testing::ElementsAre("file"));
}

TEST_P(OutputTest, ThroughALinkToNothingMakesItsFile) {
  std::filesystem::create_symlink("file", directory_.Path("out"));
  const Outcome outcome = RunTo("out");
  ExpectWritten(outcome, directory_.Get("file"));
  EXPECT_TRUE(IsLink("out"));
}

TEST_P(OutputTest, ToAFifoIsReadThere) {
  const std::string fifo = directory_.Path("out");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const Outcome outcome = RunTo("out");
  std::string text(65536, '\0');
  const ssize_t size = read(reader, text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  close(reader);
  ExpectWritten(outcome, text);
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

// Whether it can be written to is the file system's choice.
TEST_P(OutputTest, ToADeviceLeavesTheDevice) {
  const std::string null = directory_.Path("out");
  if (mknod(null.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) {
    GTEST_SKIP() << "devices cannot be made here";
  }
  RunTo("out");
  EXPECT_TRUE(std::filesystem::is_character_file(null));
}

TEST_P(OutputTest, ToADirectoryIsAnErrorAndItStays) {
  std::filesystem::create_directory(directory_.Path("out"));
  const Outcome outcome = RunTo("out");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, StartsWith("lastcommit: "));
  EXPECT_TRUE(std::filesystem::is_empty(directory_.Path("out")));
  EXPECT_FALSE(directory_.Has("out.tmp"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, OutputTest,
    testing::Values(Writer{"fuzz",
                           {"fuzz", "--trials=1", "--seed=5", "--jobs=1"},
                           "--json",
                           4,
                           "\"digest\":"},
                    Writer{"sweep",
                           {"sweep", kSwept, "--most=2"},
                           "--json",
                           4,
                           "\"crash_points\":"},
                    Writer{"report", {"report", "c"}, "--out", 0, "1 trials: "},
                    Writer{"shrink",
                           {"shrink", "violated.plan"},
                           "--out",
                           1,
                           "{\"step\":\"open\"}"}),
    [](const auto& writer) { return writer.param.name; });

}  // namespace
}  // namespace lastcommit
