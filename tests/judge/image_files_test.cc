#include "judge/image_files.h"

#include <filesystem>
#include <string>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "record/rebuild.h"

namespace lastcommit {
namespace {

class ImageFilesTest : public testing::Test {
 protected:
  void Apply(EffectKind kind, FileId file, const std::string& path,
             const std::string& to = "") {
    Effect effect;
    effect.kind = kind;
    effect.file = file;
    effect.path = path;
    effect.to = to;
    EXPECT_TRUE(files_.Apply(effect).ok());
  }
  void Write(FileId file, std::int64_t offset, const std::string& bytes) {
    Effect effect;
    effect.file = file;
    effect.offset = offset;
    effect.bytes = bytes;
    EXPECT_TRUE(files_.Apply(effect).ok());
  }
  absl::Status WriteFiles() {
    return WriteImage(files_.storage(), files_, directory_.Path("image"));
  }

  Directory directory_;
  Rebuild files_{"/root", DiskModel::kPosix};
};

TEST_F(ImageFilesTest, AnImageHasItsFilesDirectoriesAndLinks) {
  Apply(EffectKind::kCreateDirectory, 1, "d");
  Apply(EffectKind::kCreate, 2, "d/file");
  Write(2, 3'000'000, "end");
  Apply(EffectKind::kLink, 2, "other");
  Apply(EffectKind::kSymlink, 3, "link", "d/file");
  ASSERT_THAT(WriteFiles(), StatusIs(absl::StatusCode::kOk));
  const std::string bytes = directory_.Get("image/link");
  EXPECT_EQ(bytes.size(), 3'000'003u);
  EXPECT_TRUE(bytes.ends_with(std::string("\0end", 4)));
  EXPECT_TRUE(std::filesystem::equivalent(directory_.Path("image/d/file"),
                                          directory_.Path("image/other")));
  EXPECT_EQ(std::filesystem::read_symlink(directory_.Path("image/link")),
            "d/file");
}

// A recording is made by somebody else.
TEST_F(ImageFilesTest, NothingIsWrittenThroughASymbolicLink) {
  std::filesystem::create_directory(directory_.Path("outside"));
  Apply(EffectKind::kSymlink, 1, "a", directory_.Path("outside"));
  Apply(EffectKind::kCreate, 2, "a/file");
  EXPECT_FALSE(WriteFiles().ok());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.Path("outside")));
}

TEST_F(ImageFilesTest, ADigestIsOfAllButTheIndexOfAWal) {
  Apply(EffectKind::kCreate, 1, "a.db");
  Apply(EffectKind::kCreate, 2, "a.db-shm");
  const auto digest = [&] {
    return DigestOfFiles(files_.storage(), files_, {"/root/a.db-shm"});
  };
  const std::uint64_t before = digest();
  Write(2, 0, "index");
  EXPECT_EQ(digest(), before);
  Write(1, 0, "x");
  EXPECT_NE(digest(), before);
}

}  // namespace
}  // namespace lastcommit
