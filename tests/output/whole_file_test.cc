#include "output/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

class WholeFileTest : public testing::Test {
 protected:
  void Link(const std::string& to, const std::string& name) {
    ASSERT_EQ(symlink(to.c_str(), directory_.Path(name).c_str()), 0);
  }

  Directory directory_;
  Directory outside_;
};

TEST_F(WholeFileTest, ALinkWithTheTemporaryNameIsNotFollowed) {
  outside_.Put("victim", "theirs");
  Link(outside_.Path("victim"), "a.tmp");
  EXPECT_THAT(WriteWholeFile(directory_.Path("a"), "text"), IsOk());
  EXPECT_EQ(directory_.Get("a"), "text");
  EXPECT_EQ(outside_.Get("victim"), "theirs");
  EXPECT_THAT(directory_.Names(), ElementsAre("a"));
}

TEST_F(WholeFileTest, AnOutputReplacesTheFileThatALinkNames) {
  outside_.Put("file", "old");
  Link(outside_.Path("file"), "link");
  EXPECT_THAT(WriteOutput(directory_.Path("link"), "new"), IsOk());
  EXPECT_EQ(outside_.Get("file"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_.Path("link")));
  EXPECT_THAT(outside_.Names(), ElementsAre("file"));
}

TEST_F(WholeFileTest, AnOutputMakesTheFileThatALinkNames) {
  Link(outside_.Path("file"), "link");
  EXPECT_THAT(WriteOutput(directory_.Path("link"), "new"), IsOk());
  EXPECT_EQ(outside_.Get("file"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_.Path("link")));
}

TEST_F(WholeFileTest, AnOutputIsWrittenToAFifoThatHasAReader) {
  const std::string fifo = directory_.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(WriteOutput(fifo, "text").ok());  // and does not wait
  const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_THAT(WriteOutput(fifo, "text"), IsOk());
  char bytes[8] = {};
  EXPECT_EQ(read(reader, bytes, sizeof(bytes)), 4);
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(fifo));
}

TEST_F(WholeFileTest, ADeviceStaysADevice) {
  const std::string null = directory_.Path("null");
  if (mknod(null.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) {
    GTEST_SKIP() << "devices cannot be made here";
  }
  EXPECT_FALSE(IsReplaced(null));
  const absl::Status written = WriteOutput(null, "text");
  EXPECT_TRUE(std::filesystem::is_character_file(null)) << written;
}

TEST_F(WholeFileTest, AShortFileIsReadUpToItsBound) {
  directory_.Put("a", "four");
  EXPECT_THAT(ReadShortFile(directory_.Path("a"), 4), IsOk());
  EXPECT_THAT(ReadShortFile(directory_.Path("a"), 3),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(WholeFileTest, AFifoIsNotRead) {
  const std::string fifo = directory_.Path("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_FALSE(ReadWholeFile(fifo).ok());
}

}  // namespace
}  // namespace lastcommit
