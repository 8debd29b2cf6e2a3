// A kill during a write leaves a prefix of it, up to a multiple of 4096 in the
// file: where the kernel looks for signals while it copies.

#include <cstdint>
#include <filesystem>
#include <string>

#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kBlock = 4096;

class TornWriteTest : public TrialTest {
 protected:
  // A blob whose pages are appended to the file, in writes of one page.
  static Plan PlanWithPages(saver::JournalMode mode, int page_size) {
    Plan plan = PlanOf(mode, {RoundOf({PutBlob(0, 400'000), PutBlob(1, 9)})});
    plan.profile.page_size = page_size;
    return plan;
  }

  RoundFacts KilledDuring(const Plan& plan, std::int64_t io) {
    const auto result = trial_->RunAndKeep(
        KilledAt(plan, 0, 1, {io, Moment::kDuring}), kept_.path());
    EXPECT_THAT(result, IsOk());
    if (!result.ok() || result->rounds.empty()) return {};
    EXPECT_EQ(Name(result->verdict), "held") << result->verdict.why;
    return result->rounds[0];
  }

  // How many of the calls of the blob's commit were left half done.
  int CountTorn(const Plan& plan, FileRole role, const std::string& file) {
    constexpr std::int64_t kMoreThanEnough = 200;
    int torn = 0;
    for (std::int64_t io = 1; io < kMoreThanEnough; ++io) {
      const RoundFacts facts = KilledDuring(plan, io);
      if (facts.crash.step != 1) break;
      if (facts.crash.point.moment != Moment::kDuring) continue;
      const IoCall& call = facts.crash.call;
      EXPECT_EQ(Name(call.kind), "write");
      if (call.role != role) continue;
      const auto size = static_cast<std::int64_t>(
          std::filesystem::file_size(kept_.Path("round-1/" + file)));
      if (size >= call.offset + call.amount) continue;  // written over
      EXPECT_GT(size, call.offset);
      EXPECT_EQ(size % kBlock, 0);
      ++torn;
    }
    return torn;
  }

  const Directory kept_;
};

TEST_F(TornWriteTest, PagesOfTheDatabaseAreTorn) {
  EXPECT_GT(CountTorn(PlanWithPages(saver::JournalMode::kDelete, 65536),
                      FileRole::kDatabase, "state.db"),
            2);
}

TEST_F(TornWriteTest, FramesOfTheWalAreTorn) {
  EXPECT_GT(CountTorn(PlanWithPages(saver::JournalMode::kWal, 65536),
                      FileRole::kWal, "state.db-wal"),
            2);
}

TEST_F(TornWriteTest, AWriteInsideOneBlockIsWholeOrAbsent) {
  const Plan plan = PlanWithPages(saver::JournalMode::kDelete, 4096);
  EXPECT_EQ(CountTorn(plan, FileRole::kDatabase, "state.db"), 0);
  EXPECT_EQ(KilledDuring(plan, 1).crash.point.moment, Moment::kBefore);
}

}  // namespace
}  // namespace lastcommit
