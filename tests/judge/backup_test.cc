// What crashes leave of a backup that SqliteSaver makes: a whole one, or none
// under its name.

#include <string>

#include "disk/survival.h"
#include "judge/database_files.h"
#include "judge/judge_fixture.h"
#include "judge/recovered.h"
#include "record/rebuild.h"

namespace lastcommit {
namespace {

class BackupTest : public JudgeTest {
 protected:
  struct Seen {
    int none = 0;
    int whole = 0;
    int partial = 0;  // a file beside it
  };

  // Of "backup.db", after each call of the recording: a kill, and losses of
  // power.
  Seen CrashEverywhere() {
    Seen seen;
    auto reader = RecordingReader::Open(Recording());
    EXPECT_TRUE(reader.ok()) << reader.status();
    Rebuild files((*reader)->header().directory, DiskModel::kPosix);
    RecordedCall call;
    while (*(*reader)->Next(call)) {
      for (const Effect& effect : call.effects) {
        EXPECT_TRUE(files.Apply(effect).ok());
      }
      const auto changes = files.storage().PendingChanges();
      for (const Survival& survival :
           SurvivalsToTry(changes.size(), call.number,
                          {.random = 4, .seed = 1, .changes = 12})) {
        Look(files, survival, seen);
      }
    }
    return seen;
  }

 private:
  void Look(Rebuild& files, const Survival& survival, Seen& seen) {
    Storage image =
        files.storage().AfterCrash(Resolve(files.storage(), survival).fates);
    image.DropUnreachable(files.root());
    const DatabaseNames names(files.PathOf("backup.db"));
    image.ForEachPath([&seen](const std::string& path) {
      seen.partial += path.find("-partial-") == std::string::npos ? 0 : 1;
    });
    if (image.Find(names.database) == kNoInode) {
      ++seen.none;
      return;
    }
    ++seen.whole;
    RecoveredPages none;
    const Recovered backup = Recover(image, names, none);
    EXPECT_EQ(backup.kind, Recovered::Kind::kWhole) << backup.message;
    const auto blobs = backup.tables.find("blobs");
    ASSERT_NE(blobs, backup.tables.end());
    EXPECT_EQ(blobs->second.rows, 2);
  }
};

TEST_F(BackupTest, IsThereAsAWholeOrNotAtAll) {
  const auto end = Record({BACKUP_PROGRAM});
  ASSERT_TRUE(end.ok()) << end.status();
  ASSERT_TRUE(Compare().ok()) << Compare();
  const Seen seen = CrashEverywhere();
  EXPECT_GT(seen.none, 100);
  EXPECT_GT(seen.whole, 3);
  EXPECT_GT(seen.partial, 10);
}

TEST_F(BackupTest, IsSoWhereItGetsItsNameByLink) {
  const auto end = Record({BACKUP_PROGRAM, "--by-link"});
  ASSERT_TRUE(end.ok()) << end.status();
  ASSERT_EQ(end->status, 0);
  ASSERT_TRUE(Compare().ok()) << Compare();
  EXPECT_EQ(Effects(EffectKind::kRename).size(), 0u);
  ASSERT_EQ(Effects(EffectKind::kLink).size(), 1u);
  EXPECT_EQ(Effects(EffectKind::kLink)[0].path, "backup.db");
  const Seen seen = CrashEverywhere();
  EXPECT_GT(seen.none, 100);
  EXPECT_GT(seen.whole, 3);
  EXPECT_GT(seen.partial, 10);
}

TEST_F(BackupTest, IsPromisedByLinkToo) {
  const Judgement judgement =
      Judge({BACKUP_PROGRAM, "--by-link"}, {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
}

TEST_F(BackupTest, IsPromisedWhenItReturns) {
  const Judgement judgement =
      Judge({BACKUP_PROGRAM}, {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
  // Its own, the backup, and the name that this has until it is whole.
  EXPECT_EQ(judgement.timeline.databases.size(), 3u);
}

}  // namespace
}  // namespace lastcommit
