#include "results/signature.h"

#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::Optional;

RoundFacts KilledAtAWriteToTheWal() {
  RoundFacts facts;
  facts.judged = true;
  facts.crashed = true;
  facts.crash.phase = Phase::kCommit;
  facts.crash.point.io = 2;
  facts.crash.call = {.kind = IoKind::kWrite, .role = FileRole::kWal};
  return facts;
}

Round WithError(ErrorKind kind) {
  Round round;
  round.steps.emplace_back();
  round.steps.back().error.emplace();
  round.steps.back().error->kind = kind;
  return round;
}

Cell Signature(const char* what, Engine engine = Engine::kFork) {
  return {.group = CellGroup::kSignature, .engine = engine, .what = what};
}

TEST(SignatureTest, HasThePlaceOfTheCrash) {
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, KilledAtAWriteToTheWal()),
              Optional(Signature("kill.commit.write.wal.nothing.none")));
  EXPECT_THAT(
      SignatureOf(Engine::kSim, {}, KilledAtAWriteToTheWal()),
      Optional(Signature("kill.commit.write.wal.nothing.none", Engine::kSim)));
}

TEST(SignatureTest, HasTheKindOfTheCrash) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  facts.lost_power = true;
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("power_loss.commit.write.wal.nothing.none")));
  facts.lost_power = false;
  facts.timed = true;
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("timed_kill.commit.write.wal.nothing.none")));
}

TEST(SignatureTest, HasNoCallWhereNoneWasMade) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  facts.crash.phase = Phase::kBetween;
  facts.crash.point.io = 0;
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("kill.between.none.none.nothing.none")));
}

TEST(SignatureTest, HasWhatTheRecoveryDid) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  facts.wal_frames_recovered = 1;
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("kill.commit.write.wal.replayed.none")));
  facts.wal_frames_recovered = 0;
  facts.hot_journal = true;
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("kill.commit.write.wal.rolled_back.none")));
}

TEST(SignatureTest, IsOfTheClientThatDiedAlone) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  facts.crashed = false;
  facts.has_death = true;
  facts.death.phase = Phase::kOpen;
  facts.death.point.io = 1;
  facts.death.call = {.kind = IoKind::kShmMap, .role = FileRole::kShm};
  EXPECT_THAT(SignatureOf(Engine::kFork, {}, facts),
              Optional(Signature("kill.open.shm_map.shm.nothing.none")));
}

TEST(SignatureTest, HasTheErrorThatWasInjected) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  const Round round = WithError(ErrorKind::kSync);
  EXPECT_THAT(SignatureOf(Engine::kFork, round, facts),
              Optional(Signature("kill.commit.write.wal.nothing.none")))
      << "it was not reached";
  facts.counts.errors = 1;
  EXPECT_THAT(SignatureOf(Engine::kFork, round, facts),
              Optional(Signature("kill.commit.write.wal.nothing.sync")));
  facts.crashed = false;
  EXPECT_THAT(SignatureOf(Engine::kFork, round, facts),
              Optional(Signature("none.none.none.none.nothing.sync")));
}

TEST(SignatureTest, IsOfWhatWasJudgedAlone) {
  RoundFacts facts = KilledAtAWriteToTheWal();
  facts.judged = false;
  EXPECT_EQ(SignatureOf(Engine::kFork, {}, facts), std::nullopt);
  RoundFacts calm;
  calm.judged = true;
  EXPECT_EQ(SignatureOf(Engine::kFork, {}, calm), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
