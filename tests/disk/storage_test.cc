#include "disk/storage.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "disk/survival.h"

namespace lastcommit {
namespace {

class StorageTest : public ::testing::Test {
 protected:
  InodeId Make(const std::string& path) {
    const InodeId inode = storage_.Create(path);
    storage_.SyncDirectory();
    return inode;
  }
  void Write(InodeId inode, std::int64_t offset, const std::string& bytes) {
    storage_.Write(inode, offset, bytes);
  }
  static std::string Content(const Storage& storage, const std::string& path) {
    const InodeId inode = storage.Find(path);
    if (inode == kNoInode) return "(no file)";
    std::string bytes(static_cast<std::size_t>(storage.Size(inode)), '\0');
    storage.Read(inode, 0, bytes.data(), storage.Size(inode));
    return bytes;
  }
  std::string After(const Survival& survival, const std::string& path) const {
    return Content(storage_.AfterCrash(Resolve(storage_, survival).fates),
                   path);
  }
  static Survival Of(SurvivalKind kind, std::uint64_t number = 0) {
    Survival survival;
    survival.kind = kind;
    survival.number = number;
    return survival;
  }
  static Survival Torn(FateKind kind, std::int64_t bytes) {
    Survival survival = Of(SurvivalKind::kChosen, 7);
    survival.fates = {{0, kind, bytes}};
    return survival;
  }

  Storage storage_{Storage::Options{}};
};

TEST_F(StorageTest, WhatWasWrittenIsRead) {
  const InodeId file = Make("a");
  Write(file, 0, "hello");
  Write(file, 3, "p me");
  EXPECT_EQ(Content(storage_, "a"), "help me");
}

TEST_F(StorageTest, BeyondTheEndAreZeros) {
  const InodeId file = Make("a");
  Write(file, 0, "ab");
  std::string bytes(4, 'x');
  EXPECT_EQ(storage_.Read(file, 1, bytes.data(), 4), 1);
  EXPECT_EQ(bytes, std::string("b\0\0\0", 4));
}

TEST_F(StorageTest, AHoleIsZerosAndCostsNothing) {
  const InodeId file = Make("a");
  Write(file, std::int64_t{4} << 30, "x");
  EXPECT_EQ(storage_.Size(file), (std::int64_t{4} << 30) + 1);
  EXPECT_EQ(storage_.AllocatedSectors(), 1);
}

TEST_F(StorageTest, WhatWasCutOffDoesNotComeBackWhenTheFileGrows) {
  const InodeId file = Make("a");
  Write(file, 0, "abcdef");
  storage_.Truncate(file, 2);
  storage_.Truncate(file, 4);
  EXPECT_EQ(Content(storage_, "a"), std::string("ab\0\0", 4));
}

TEST_F(StorageTest, AKillLosesNothing) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  EXPECT_EQ(After(Of(SurvivalKind::kAll), "a"), "abc");
}

TEST_F(StorageTest, WithoutASyncAWriteMayBeLost) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "");
}

TEST_F(StorageTest, WhatWasSyncedIsNotLost) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  storage_.Sync(file);
  Write(file, 1, "XYZ");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "abc");
}

TEST_F(StorageTest, ATruncationThatWasNotSyncedMayBeUndone) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  storage_.Sync(file);
  storage_.Truncate(file, 0);
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "abc");
  storage_.Sync(file);
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "");
}

TEST_F(StorageTest, ASyncOfTheFileDoesNotSaveItsName) {
  const InodeId file = storage_.Create("a");
  Write(file, 0, "abc");
  storage_.Sync(file);
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "(no file)");
  storage_.SyncDirectory();
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "abc");
}

TEST_F(StorageTest, AnUnlinkedFileComesBackWithWhatWasDurable) {
  const InodeId file = Make("a");
  Write(file, 0, "old");
  storage_.Sync(file);
  Write(file, 0, "new");
  storage_.Unlink("a");
  storage_.Forget(file);
  EXPECT_EQ(Content(storage_, "a"), "(no file)");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "old");
  storage_.SyncDirectory();
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "(no file)");
}

TEST_F(StorageTest, ANewFileOfTheSameNameIsAnotherOne) {
  const InodeId file = Make("a");
  Write(file, 0, "old");
  storage_.Sync(file);
  storage_.Unlink("a");
  storage_.Forget(file);
  Write(storage_.Create("a"), 0, "new");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "old");
  EXPECT_EQ(After(Of(SurvivalKind::kAll), "a"), "new");
}

TEST_F(StorageTest, ThePrefixIsInTheOrderOfAllFiles) {
  const InodeId a = Make("a");
  const InodeId b = Make("b");
  Write(a, 0, "1");
  Write(b, 0, "2");
  Write(a, 1, "3");
  EXPECT_EQ(After(Of(SurvivalKind::kPrefix, 2), "a"), "1");
  EXPECT_EQ(After(Of(SurvivalKind::kPrefix, 2), "b"), "2");
  EXPECT_EQ(After(Of(SurvivalKind::kPrefix, 1), "b"), "");
}

TEST_F(StorageTest, OneLossLeavesTheRest) {
  const InodeId file = Make("a");
  Write(file, 0, "1");
  Write(file, 1, "2");
  Write(file, 2, "3");
  EXPECT_EQ(After(Of(SurvivalKind::kLoseOne, 1), "a"), std::string("1\0"
                                                                   "3",
                                                                   3));
}

TEST_F(StorageTest, ATornWriteKeepsAHeadOrATail) {
  const InodeId file = Make("a");
  Write(file, 0, "old!old!");
  storage_.Sync(file);
  Write(file, 2, "NEWNEW");
  EXPECT_EQ(After(Torn(FateKind::kHead, 2), "a"), "olNEold!");
  EXPECT_EQ(After(Torn(FateKind::kTail, 2), "a"), "old!olEW");
}

TEST_F(StorageTest, GarbageEndsWithTheWrite) {
  const InodeId file = Make("a");
  Write(file, 0, "old!old!");
  storage_.Sync(file);
  Write(file, 2, "NEWN");
  const std::string found = After(Torn(FateKind::kHeadGarbage, 1), "a");
  EXPECT_EQ(found.substr(0, 3), "olN");
  EXPECT_EQ(found.substr(6), "d!");
  EXPECT_NE(found.substr(3, 3), "!ol");
  EXPECT_NE(found.substr(3, 3), "EWN");
}

TEST_F(StorageTest, WithoutPowersafeOverwriteTheWholeSectorIsAtRisk) {
  storage_ = Storage({512, false});
  const InodeId file = Make("a");
  Write(file, 0, std::string(2048, 'o'));
  storage_.Sync(file);
  Write(file, 600, "NEW");
  const std::string found = After(Torn(FateKind::kHeadGarbage, 0), "a");
  EXPECT_EQ(found.substr(0, 512), std::string(512, 'o'));
  EXPECT_NE(found.substr(512, 88), std::string(88, 'o'));
  EXPECT_EQ(found.substr(1024), std::string(1024, 'o'));
}

TEST_F(StorageTest, AFileMayHaveGrownWithoutItsBytes) {
  const InodeId file = Make("a");
  Write(file, 0, "ab");
  storage_.Sync(file);
  Write(file, 1, "XYZ");
  EXPECT_EQ(After(Torn(FateKind::kZeros, 0), "a"), std::string("ab\0\0", 4));
}

TEST_F(StorageTest, ACopyIsNotChangedByWhatFollows) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  const Storage copy = storage_;
  Write(file, 0, "XYZ");
  storage_.Sync(file);
  EXPECT_EQ(Content(copy, "a"), "abc");
  EXPECT_TRUE(copy.has_pending_changes());
  EXPECT_NE(copy.Digest(), storage_.Digest());
}

TEST_F(StorageTest, TheDigestIsThatOfTheBytesHoweverTheyCame) {
  const std::string bytes(10000, 'x');
  const InodeId file = Make("a");
  Write(file, 0, bytes);
  Storage other{Storage::Options{}};
  const InodeId same = other.Create("a");
  other.Truncate(same, 12000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    other.Write(same, static_cast<std::int64_t>(i), "x");
    if (i % 4096 == 1) {
      EXPECT_NE(other.Digest(), storage_.Digest());
    }
  }
  EXPECT_NE(other.Digest(), storage_.Digest());
  other.Truncate(same, 10000);
  EXPECT_EQ(other.Digest(), storage_.Digest());
}

TEST_F(StorageTest, WithoutLossesOfPowerNothingIsPending) {
  const InodeId file = Make("a");
  Write(file, 0, "abc");
  storage_.Sync(file);
  storage_.NeverLosesPower();
  Write(file, 1, "XY");
  storage_.Create("b");
  EXPECT_FALSE(storage_.has_pending_changes());
  EXPECT_EQ(Content(storage_, "a"), "aXY");
  storage_.Unlink("a");
  EXPECT_EQ(storage_.Find("a"), kNoInode);
  EXPECT_FALSE(storage_.has_pending_changes());
}

TEST_F(StorageTest, WhatTheDiskHoldsAfterACrashIsDurable) {
  const InodeId file = storage_.Create("a");
  Write(file, 0, "abc");
  const Storage after = storage_.AfterCrash(Fates{});
  EXPECT_FALSE(after.has_pending_changes());
  EXPECT_EQ(after.Digest(), storage_.Digest());
}

TEST_F(StorageTest, FilesWithoutANameAreGone) {
  const InodeId file = storage_.CreateAnonymous();
  Write(file, 0, "abc");
  EXPECT_TRUE(storage_.PendingChanges().empty());
  EXPECT_TRUE(storage_.AfterCrash(Fates{}).Paths().empty());
  storage_.Forget(file);
  EXPECT_EQ(storage_.AllocatedSectors(), 0);
}

TEST_F(StorageTest, OrderPerFileIsSeen) {
  const InodeId a = Make("a");
  const InodeId b = Make("b");
  Write(a, 0, "1");
  Write(b, 0, "2");
  Write(a, 1, "3");
  EXPECT_TRUE(Resolve(storage_, Of(SurvivalKind::kNone)).is_in_order_per_file);
  EXPECT_TRUE(
      Resolve(storage_, Of(SurvivalKind::kLoseOne, 1)).is_in_order_per_file);
  EXPECT_FALSE(
      Resolve(storage_, Of(SurvivalKind::kLoseOne, 0)).is_in_order_per_file);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_TRUE(Resolve(storage_, Of(SurvivalKind::kFilePrefixes, seed))
                    .is_in_order_per_file);
  }
}

TEST_F(StorageTest, ChosenFatesGiveTheSameImage) {
  const InodeId a = Make("a");
  for (int i = 0; i < 20; ++i) Write(a, i * 700, std::string(1000, 'x'));
  storage_.Unlink("a");
  storage_.Create("b");
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Survived survived =
        Resolve(storage_, Of(SurvivalKind::kSubset, seed));
    const Survived chosen = Resolve(storage_, Chosen(survived));
    EXPECT_EQ(storage_.AfterCrash(survived.fates).Digest(),
              storage_.AfterCrash(chosen.fates).Digest());
  }
}

TEST_F(StorageTest, FatesThatLeaveTheSameGiveTheSameImage) {
  const InodeId a = Make("a");
  for (int i = 0; i < 3; ++i) {
    Write(a, i * 700, std::string(1000, static_cast<char>('x' + i)));
  }
  storage_.Create("b");
  const LossPoint point(storage_);
  std::vector<Fates> all;
  int same = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    all.push_back(point.Resolve(Of(SurvivalKind::kSubset, seed)).fates);
    EXPECT_EQ(all.back().files,
              Resolve(storage_, Of(SurvivalKind::kSubset, seed)).fates.files);
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      const bool is_same_image = storage_.AfterCrash(all[i]).Digest() ==
                                 storage_.AfterCrash(all.back()).Digest();
      if (LeaveTheSame(all[i], all.back())) {
        EXPECT_TRUE(is_same_image);
        ++same;
      }
    }
  }
  EXPECT_GT(same, 100);
  Fates fates = all.front();
  fates.directory = 1 - fates.directory;
  EXPECT_FALSE(LeaveTheSame(all.front(), fates));
  // What is garbage is another one with each seed.
  const Fates garbage = {{{0, FateKind::kHeadGarbage, 10}}, 1, 1};
  const Fates other = {{{0, FateKind::kHeadGarbage, 10}}, 1, 2};
  EXPECT_FALSE(LeaveTheSame(garbage, other));
  EXPECT_NE(storage_.AfterCrash(garbage).Digest(),
            storage_.AfterCrash(other).Digest());
}

TEST_F(StorageTest, AnImageCrashesLikeAnyOtherDisk) {
  const InodeId a = Make("a");
  storage_.SyncEverything();
  storage_.Rename("a", "b");
  storage_.SyncDirectory();
  Storage image = storage_.AfterCrash(Fates{});
  image.Write(a, 0, "later");
  ASSERT_EQ(image.PendingChanges().size(), 1u);
  EXPECT_EQ(image.PendingChanges()[0].path, "b");
  EXPECT_EQ(Content(image.AfterCrash(Fates{}), "b"), "later");
  EXPECT_EQ(storage_.Size(a), 0) << "the disk is another one";
  // What could not be reached is not there after the next crash either.
  storage_.Create("gone/c");
  Storage unreachable = storage_.AfterCrash(Fates{});
  unreachable.DropUnreachable("");
  EXPECT_EQ(unreachable.AfterCrash(Fates{}).Find("gone/c"), kNoInode);
  EXPECT_NE(unreachable.AfterCrash(Fates{}).Find("b"), kNoInode);
}

TEST_F(StorageTest, ARenameTakesWhatHadTheNameAndWhatLiesBelow) {
  storage_.CreateDirectory("d");
  Write(storage_.Create("d/a"), 0, "first");
  Write(storage_.Create("d/b"), 0, "second");
  storage_.Rename("d/a", "d/b");
  EXPECT_EQ(Content(storage_, "d/b"), "first");
  EXPECT_EQ(Content(storage_, "d/a"), "(no file)");
  storage_.Rename("d", "e");
  EXPECT_EQ(Content(storage_, "e/b"), "first");
  EXPECT_EQ(storage_.Paths(), (std::vector<std::string>{"e", "e/b"}));
}

TEST_F(StorageTest, ARenameThatWasNotSyncedMayBeUndone) {
  const InodeId file = Make("a");
  Write(file, 0, "x");
  storage_.Sync(file);
  storage_.Rename("a", "b");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "x");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "b"), "(no file)");
  EXPECT_EQ(After(Of(SurvivalKind::kAll), "b"), "x");
  storage_.SyncDirectory();
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "b"), "x");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "(no file)");
}

TEST_F(StorageTest, ARenameOverAFileMayLeaveItEmpty) {
  const InodeId old = Make("a");
  Write(old, 0, "old");
  storage_.Sync(old);
  Write(storage_.Create("new"), 0, "new");
  storage_.Rename("new", "a");
  storage_.SyncDirectory();
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "");
}

TEST_F(StorageTest, AnExchangeSwapsTwoNamesAtOnce) {
  Write(Make("a"), 0, "1");
  Write(Make("b"), 0, "2");
  storage_.Sync(storage_.Find("a"));
  storage_.Sync(storage_.Find("b"));
  storage_.Exchange("a", "b");
  EXPECT_EQ(Content(storage_, "a"), "2");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "a"), "1");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "b"), "2");
}

TEST_F(StorageTest, TwoNamesAreOneFile) {
  const InodeId file = Make("a");
  storage_.Link("b", file);
  Write(file, 0, "both");
  storage_.Unlink("a");
  EXPECT_EQ(Content(storage_, "b"), "both");
}

TEST_F(StorageTest, ASyncOfOneDirectoryIsNoneOfAnother) {
  storage_.CreateDirectory("d");
  storage_.CreateDirectory("e");
  storage_.SyncDirectory("");
  storage_.Create("d/a");
  storage_.Create("e/b");
  storage_.SyncDirectory("d");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "d/a"), "");
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "e/b"), "(no file)");
  EXPECT_FALSE(storage_.HasPendingName("d/a"));
  EXPECT_TRUE(storage_.HasPendingName("e/b"));
}

TEST_F(StorageTest, WhatLiesInADirectoryThatIsGoneCannotBeReached) {
  storage_.CreateDirectory("d");
  storage_.Create("d/a");
  storage_.SyncDirectory("d");
  Storage image =
      storage_.AfterCrash(Resolve(storage_, Of(SurvivalKind::kNone)).fates);
  image.DropUnreachable("");
  EXPECT_EQ(image.Find("d/a"), kNoInode);
}

TEST_F(StorageTest, AFileWithoutANameKeepsItsBytesUntilItGetsOne) {
  const InodeId file = storage_.CreateNameless("new");
  Write(file, 0, "bytes");
  storage_.Link("new", file);
  storage_.SyncDirectory();
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "new"), "");
  storage_.Sync(file);
  EXPECT_EQ(After(Of(SurvivalKind::kNone), "new"), "bytes");
}

TEST_F(StorageTest, WhatIsTakenAloneHasNoOtherNames) {
  const InodeId a = storage_.Create("a");
  const InodeId b = storage_.Create("b");
  storage_.Write(a, 0, "of a");
  storage_.Write(b, 0, "of b");
  storage_.SyncEverything();
  Storage alone = storage_.Alone({"a", "c"});
  EXPECT_EQ(alone.Paths(), std::vector<std::string>({"a"}));
  EXPECT_EQ(alone.DigestOf(a), storage_.DigestOf(a));
  EXPECT_FALSE(alone.Exists(b));
  alone.Write(a, 0, "new");
  EXPECT_FALSE(alone.has_pending_changes());
  EXPECT_NE(alone.DigestOf(a), storage_.DigestOf(a));
  EXPECT_NE(alone.Create("d"), b);
}

TEST_F(StorageTest, ASyncOfEverythingLeavesNothingPending) {
  Write(storage_.Create("a"), 0, "x");
  storage_.CreateDirectory("d");
  EXPECT_TRUE(storage_.HasPendingChanges(storage_.Find("a")));
  storage_.SyncEverything();
  EXPECT_FALSE(storage_.has_pending_changes());
  EXPECT_FALSE(storage_.HasPendingChanges(storage_.Find("a")));
}

}  // namespace
}  // namespace lastcommit
