// Locks of the simulated disk: those that matter one by one, and all of them in
// long walks against what the unix VFS of the SQLite under test answers.

#include <sqlite3.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "directory.h"
#include "sim_fixture.h"

namespace lastcommit {
namespace {

constexpr int kShared = SQLITE_LOCK_SHARED;
constexpr int kReserved = SQLITE_LOCK_RESERVED;
constexpr int kExclusive = SQLITE_LOCK_EXCLUSIVE;
constexpr int kSlotShared = SQLITE_SHM_SHARED;
constexpr int kSlotExclusive = SQLITE_SHM_EXCLUSIVE;

class SimLocksTest : public SimTest {
 protected:
  SimLocksTest() {
    for (RawFile* file : {&a_, &b_}) {
      EXPECT_EQ(file->open_result(), SQLITE_OK);
    }
  }

  RawFile a_{kSimDatabase, SQLITE_OPEN_MAIN_DB};
  RawFile b_{kSimDatabase, SQLITE_OPEN_MAIN_DB};
};

TEST_F(SimLocksTest, ManyMayRead) {
  EXPECT_EQ(a_.Lock(kShared), SQLITE_OK);
  EXPECT_EQ(b_.Lock(kShared), SQLITE_OK);
  EXPECT_FALSE(a_.IsReserved());
}

TEST_F(SimLocksTest, OneMayPrepareToWriteWhileOthersRead) {
  EXPECT_EQ(a_.Lock(kShared), SQLITE_OK);
  EXPECT_EQ(a_.Lock(kReserved), SQLITE_OK);
  EXPECT_EQ(b_.Lock(kShared), SQLITE_OK);
  EXPECT_TRUE(b_.IsReserved());
  EXPECT_EQ(b_.Lock(kReserved), SQLITE_BUSY);
}

TEST_F(SimLocksTest, AWriterThatWaitsKeepsNewReadersOut) {
  a_.Lock(kShared);
  b_.Lock(kShared);
  a_.Lock(kReserved);
  EXPECT_EQ(a_.Lock(kExclusive), SQLITE_BUSY);
  RawFile late(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  EXPECT_EQ(late.Lock(kShared), SQLITE_BUSY);
  b_.Unlock(SQLITE_LOCK_NONE);
  EXPECT_EQ(late.Lock(kShared), SQLITE_BUSY);
  EXPECT_EQ(a_.Lock(kExclusive), SQLITE_OK);
}

// It does since 3.41.0.
TEST_F(SimLocksTest, WhoRollsBackWaitsWithoutKeepingReadersOut) {
  a_.Lock(kShared);
  b_.Lock(kShared);
  EXPECT_EQ(a_.Lock(kExclusive), SQLITE_BUSY);
  RawFile late(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  EXPECT_EQ(late.Lock(kShared),
            sqlite3_libversion_number() >= 3041000 ? SQLITE_OK : SQLITE_BUSY);
}

// The kernel is asked once for a process, whoever else waits for it to finish.
TEST_F(SimLocksTest, AProcessThatReadsAlreadyIsNotKeptOut) {
  disk_->set_owner(1);
  RawFile other(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  RawFile second(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  disk_->set_owner(2);
  RawFile late(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  EXPECT_EQ(other.Lock(kShared), SQLITE_OK);
  a_.Lock(kShared);
  a_.Lock(kReserved);
  EXPECT_EQ(a_.Lock(kExclusive), SQLITE_BUSY);
  EXPECT_EQ(second.Lock(kShared), SQLITE_OK);
  EXPECT_EQ(late.Lock(kShared), SQLITE_BUSY);
  EXPECT_TRUE(second.IsReserved());
}

TEST_F(SimLocksTest, ACloseGivesLocksBack) {
  a_.Lock(kShared);
  a_.Lock(kExclusive);
  a_.ShmMap(0, true);
  a_.ShmLock(0, kSlotExclusive, 8);
  b_.ShmMap(0, false);
  EXPECT_EQ(b_.Lock(kShared), SQLITE_BUSY);
  EXPECT_EQ(b_.ShmLock(4, kSlotShared), SQLITE_BUSY);
  a_.Close();
  EXPECT_EQ(b_.Lock(kShared), SQLITE_OK);
  EXPECT_EQ(b_.Lock(kExclusive), SQLITE_OK);
  EXPECT_EQ(b_.ShmLock(0, kSlotExclusive, 8), SQLITE_OK);
}

TEST_F(SimLocksTest, DatabasesDoNotShareLocks) {
  RawFile other(std::string(kSimDatabase) + "2", SQLITE_OPEN_MAIN_DB);
  a_.Lock(kShared);
  a_.Lock(kExclusive);
  EXPECT_EQ(other.Lock(kShared), SQLITE_OK);
}

TEST_F(SimLocksTest, ConnectionsShareTheIndexUntilTheLastLeaves) {
  EXPECT_EQ(a_.ShmMap(0, false), nullptr);
  a_.ShmMap(1, true)[32767] = 'x';
  EXPECT_EQ(b_.ShmMap(1, false)[32767], 'x');
  a_.methods().xShmUnmap(a_.file(), 0);
  EXPECT_EQ(b_.ShmMap(1, false)[32767], 'x');
  b_.methods().xShmUnmap(b_.file(), 0);
  EXPECT_EQ(a_.ShmMap(0, false), nullptr);
  EXPECT_EQ(a_.ShmMap(1, true)[32767], '\0');
}

TEST_F(SimLocksTest, SlotsAreSharedOrExclusive) {
  for (RawFile* file : {&a_, &b_}) file->ShmMap(0, true);
  EXPECT_EQ(a_.ShmLock(3, kSlotShared), SQLITE_OK);
  EXPECT_EQ(b_.ShmLock(3, kSlotShared), SQLITE_OK);
  EXPECT_EQ(b_.ShmLock(2, kSlotExclusive, 1), SQLITE_OK);
  EXPECT_EQ(a_.ShmLock(2, kSlotShared), SQLITE_BUSY);
  RawFile third(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  third.ShmMap(0, false);
  EXPECT_EQ(third.ShmLock(3, kSlotExclusive, 5), SQLITE_BUSY);
  EXPECT_EQ(third.ShmLock(4, kSlotExclusive, 4), SQLITE_OK);
  EXPECT_EQ(a_.ShmUnlock(3, kSlotShared), SQLITE_OK);
  EXPECT_EQ(third.ShmLock(3, kSlotExclusive), SQLITE_BUSY);
  EXPECT_EQ(b_.ShmUnlock(3, kSlotShared), SQLITE_OK);
  EXPECT_EQ(third.ShmLock(3, kSlotExclusive), SQLITE_OK);
}

// ---- Clients ----

// Files of two clients, on the disk of the test.
class SimClientsTest : public SimTest {
 protected:
  SimClientsTest() {
    disk_->set_owner(1);
    dead_.emplace(kSimDatabase, SQLITE_OPEN_MAIN_DB);
    disk_->set_owner(2);
    alive_.emplace(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  }
  // Its memory stays what it is, as that of a process that is left behind.
  ~SimClientsTest() override {
    if (is_dead_) dead_->file()->pMethods = nullptr;
  }
  void Kill() {
    disk_->KillOwner(1);
    is_dead_ = true;
  }

  std::optional<RawFile> dead_;
  std::optional<RawFile> alive_;
  bool is_dead_ = false;
};

TEST_F(SimClientsTest, TheLocksOfADeadClientFall) {
  dead_->Lock(kShared);
  dead_->Lock(kExclusive);
  dead_->ShmMap(0, true);
  dead_->ShmLock(0, kSlotExclusive, 8);
  alive_->ShmMap(0, false);
  ASSERT_EQ(alive_->Lock(kShared), SQLITE_BUSY);
  ASSERT_EQ(alive_->ShmLock(4, kSlotShared), SQLITE_BUSY);
  Kill();
  EXPECT_EQ(alive_->Lock(kShared), SQLITE_OK);
  EXPECT_EQ(alive_->Lock(kExclusive), SQLITE_OK);
  EXPECT_EQ(alive_->ShmLock(0, kSlotExclusive, 8), SQLITE_OK);
}

TEST_F(SimClientsTest, AllFilesOfADeadClientAreGone) {
  disk_->set_owner(1);
  RawFile second(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  dead_->Lock(kShared);
  second.Lock(kShared);
  alive_->Lock(kShared);
  ASSERT_EQ(alive_->Lock(kExclusive), SQLITE_BUSY);
  Kill();
  EXPECT_EQ(alive_->Lock(kExclusive), SQLITE_OK);
  second.file()->pMethods = nullptr;
}

TEST_F(SimClientsTest, TheLocksOfTheOthersStay) {
  alive_->Lock(kShared);
  alive_->Lock(kReserved);
  alive_->ShmMap(0, true);
  alive_->ShmLock(3, kSlotExclusive);
  Kill();
  RawFile late(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  late.ShmMap(0, false);
  EXPECT_EQ(late.Lock(kShared), SQLITE_OK);
  EXPECT_EQ(late.Lock(kReserved), SQLITE_BUSY);
  EXPECT_EQ(late.ShmLock(3, kSlotShared), SQLITE_BUSY);
}

TEST_F(SimClientsTest, TheIndexStaysWhileOthersHaveIt) {
  dead_->ShmMap(0, true)[7] = 'x';
  alive_->ShmMap(0, false);
  Kill();
  EXPECT_EQ(alive_->ShmMap(0, false)[7], 'x');
}

TEST_F(SimClientsTest, TheIndexGoesWithTheLastThatHasIt) {
  dead_->ShmMap(0, true)[7] = 'x';
  Kill();
  EXPECT_EQ(alive_->ShmMap(0, false), nullptr);
  EXPECT_EQ(alive_->ShmMap(0, true)[7], '\0');
}

// ---- Disks that do not keep locks ----

TEST_F(SimClientsTest, ADiskMayGiveExclusiveSlotsToEverybody) {
  disk_->ShareIndexLocks();
  for (RawFile* file : {&*dead_, &*alive_}) file->ShmMap(0, true);
  EXPECT_EQ(dead_->ShmLock(0, kSlotExclusive), SQLITE_OK);
  EXPECT_EQ(alive_->ShmLock(0, kSlotExclusive), SQLITE_OK);
  EXPECT_EQ(alive_->ShmLock(1, kSlotShared), SQLITE_OK);
  EXPECT_EQ(dead_->ShmLock(1, kSlotExclusive), SQLITE_OK);
  EXPECT_EQ(dead_->ShmUnlock(0, kSlotExclusive), SQLITE_OK);
  EXPECT_EQ(alive_->ShmUnlock(1, kSlotShared), SQLITE_OK);
}

class LostLocksTest : public SimClientsTest {
 protected:
  LostLocksTest() { disk_->LoseLocksOnClose(); }

  // As somebody does who looks into the file.
  void OpenAndClose(int client) {
    disk_->set_owner(client);
    const RawFile look(kSimDatabase, SQLITE_OPEN_MAIN_DB);
  }
};

TEST_F(LostLocksTest, ACloseEndsTheLocksThatItsClientHasOnTheFile) {
  dead_->Lock(kShared);
  dead_->Lock(kReserved);
  ASSERT_EQ(alive_->Lock(kShared), SQLITE_OK);
  ASSERT_EQ(alive_->Lock(kReserved), SQLITE_BUSY);
  OpenAndClose(1);
  EXPECT_FALSE(alive_->IsReserved());
  EXPECT_EQ(alive_->Lock(kReserved), SQLITE_OK);
  EXPECT_EQ(alive_->Lock(kExclusive), SQLITE_OK);
}

TEST_F(LostLocksTest, ACloseLeavesTheLocksOfOtherClients) {
  dead_->Lock(kShared);
  dead_->Lock(kReserved);
  alive_->Lock(kShared);
  OpenAndClose(2);
  EXPECT_EQ(alive_->Lock(kReserved), SQLITE_BUSY);
}

TEST_F(LostLocksTest, WhoHasLostItsLockDoesNotKnowAndCountsAgainWhenItAsks) {
  dead_->Lock(kShared);
  OpenAndClose(1);
  EXPECT_EQ(dead_->Lock(kShared), SQLITE_OK);
  alive_->Lock(kShared);
  EXPECT_EQ(alive_->Lock(kExclusive), SQLITE_OK);
  EXPECT_EQ(dead_->Lock(kReserved), SQLITE_BUSY);
  alive_->Unlock(SQLITE_LOCK_NONE);
  EXPECT_EQ(dead_->Lock(kReserved), SQLITE_OK);
  EXPECT_EQ(alive_->Lock(kShared), SQLITE_OK);
  EXPECT_EQ(alive_->Lock(kReserved), SQLITE_BUSY);
}

TEST_F(LostLocksTest, GivingBackALostLockTakesNothingFromOthers) {
  dead_->Lock(kShared);
  dead_->Lock(kReserved);
  OpenAndClose(1);
  alive_->Lock(kShared);
  alive_->Lock(kReserved);
  EXPECT_EQ(dead_->Unlock(kShared), SQLITE_OK);
  EXPECT_EQ(dead_->Unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_TRUE(dead_->Lock(kShared) == SQLITE_OK && dead_->IsReserved());
}

TEST_F(SimClientsTest, ACloseLeavesTheLocksOfItsClientWhereTheyAreKept) {
  dead_->Lock(kShared);
  dead_->Lock(kReserved);
  disk_->set_owner(1);
  { const RawFile look(kSimDatabase, SQLITE_OPEN_MAIN_DB); }
  alive_->Lock(kShared);
  EXPECT_EQ(alive_->Lock(kReserved), SQLITE_BUSY);
}

// ---- Long walks ----

constexpr int kWalkers = 4;
constexpr int kSteps = 20'000;

// Requests that SQLite's core may make, of several connections in any order;
// the answers, one a step.
class Walk {
 public:
  Walk(const std::string& path, std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < kWalkers; ++i) {
      files_.emplace_back(path, SQLITE_OPEN_MAIN_DB);
    }
  }

  // As SQLite does before it closes a file.
  ~Walk() {
    for (RawFile& file : files_) file.methods().xShmUnmap(file.file(), 0);
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  std::vector<int> FileLocks() {
    std::vector<int> answers;
    for (int i = 0; i < kSteps; ++i) {
      RawFile& file = files_[Below(kWalkers)];
      switch (Below(3)) {
        case 0:
          answers.push_back(file.Lock(Next(Level(file))));
          break;
        case 1:
          answers.push_back(file.Unlock(
              Below(2) == 0 && Level(file) >= kShared ? kShared : 0));
          break;
        default:
          // Only asked by who may read, and not by who writes.
          answers.push_back(Level(file) == kShared ? file.IsReserved() : -1);
      }
      answers.push_back(Level(file));
    }
    return answers;
  }

  std::vector<int> Slots() {
    for (RawFile& file : files_) file.ShmMap(0, true);
    std::vector<std::array<int, 8>> held(kWalkers);
    std::vector<int> answers;
    for (int i = 0; i < kSteps; ++i) {
      const std::size_t walker = Below(kWalkers);
      answers.push_back(Step(files_[walker], held[walker]));
    }
    return answers;
  }

 private:
  std::size_t Below(std::uint32_t bound) { return random_() % bound; }

  static int Level(RawFile& file) {
    int level = -1;
    file.methods().xFileControl(file.file(), SQLITE_FCNTL_LOCKSTATE, &level);
    return level;
  }
  // What may be asked for from there.
  int Next(int level) {
    if (level < kShared) return kShared;
    if (level > kShared) return kExclusive;
    return Below(4) == 0 ? kExclusive : kReserved;
  }
  // Takes some slots that it does not have, or gives back what it took.
  int Step(RawFile& file, std::array<int, 8>& held) {
    const auto first = static_cast<int>(Below(8));
    int& slot = held[static_cast<std::size_t>(first)];
    if (slot != 0) {
      return file.ShmUnlock(first, std::exchange(slot, 0));
    }
    slot = Below(3) == 0 ? kSlotExclusive : kSlotShared;
    const int result = file.ShmLock(first, slot);
    if (result != SQLITE_OK) slot = 0;
    return result;
  }

  std::mt19937 random_;
  std::deque<RawFile> files_;
};

TEST_F(SimLocksTest, FileLocksAreAnsweredAsUnixAnswersThem) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    UseSimDisk(disk_.get());
    const std::vector<int> sim = Walk(kSimDatabase, seed).FileLocks();
    UseSimDisk(nullptr);
    const Directory directory;
    EXPECT_EQ(Walk(directory.Path("a"), seed).FileLocks(), sim);
    EXPECT_THAT(sim, testing::Contains(SQLITE_BUSY).Times(testing::Ge(1000)));
  }
}

TEST_F(SimLocksTest, SlotsAreAnsweredAsUnixAnswersThem) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    UseSimDisk(disk_.get());
    const std::vector<int> sim = Walk(kSimDatabase, seed).Slots();
    UseSimDisk(nullptr);
    const Directory directory;
    EXPECT_EQ(Walk(directory.Path("a"), seed).Slots(), sim);
    EXPECT_THAT(sim, testing::Contains(SQLITE_BUSY).Times(testing::Ge(1000)));
  }
}

}  // namespace
}  // namespace lastcommit
