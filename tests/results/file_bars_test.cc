#include "results/file_bars.h"

#include <cstdint>

#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::SizeIs;
using Tone = FileBars::Tone;

TEST(FileBarsTest, AUnitHasItsToneItsLabelAndWhatIsKnownOfIt) {
  DiskMap map;
  map.round = 1;
  map.files = {{"state.db",
                "page",
                {{1, 4, UnitState::kDurable},
                 {5, 5, UnitState::kLost, "database page 5"}}},
               {"state.db-wal",
                "frame",
                {{0, 0, UnitState::kWritten, "WAL header"},
                 {1, 1, UnitState::kTorn, "WAL frame 1"}}},
               {"state.db-journal", "block", {}}};
  const FileBars bars = FileBarsOf(map);
  EXPECT_EQ(bars.title, "The disk after the loss of power in round 2");
  EXPECT_THAT(bars.legend, SizeIs(4)) << "one for each tone";
  ASSERT_THAT(bars.files, SizeIs(3));
  EXPECT_EQ(bars.files[0].name, "state.db, by page");
  EXPECT_EQ(bars.files[2].name, "state.db-journal, empty");
  const auto& pages = bars.files[0].units;
  ASSERT_THAT(pages, SizeIs(2));
  EXPECT_EQ(pages[0].tone, Tone::kPlain);
  EXPECT_EQ(pages[0].label, "1-4");
  EXPECT_EQ(pages[0].text, "pages 1 to 4: durable");
  EXPECT_EQ(pages[1].tone, Tone::kBad);
  EXPECT_EQ(pages[1].label, "5");
  EXPECT_EQ(pages[1].text, "page 5, database page 5: lost");
  const auto& frames = bars.files[1].units;
  ASSERT_THAT(frames, SizeIs(2));
  EXPECT_EQ(frames[0].tone, Tone::kGood);
  EXPECT_EQ(frames[0].text, "header, WAL header: written");
  EXPECT_EQ(frames[1].tone, Tone::kHalf);
}

TEST(FileBarsTest, AfterAKillItIsWhatRecoveryMakesOfThem) {
  DiskMap map;
  map.is_killed = true;
  map.files = {{"state.db", "page", {{1, 2, UnitState::kThere}}},
               {"state.db-wal",
                "frame",
                {{1, 1, UnitState::kCommitted},
                 {2, 2, UnitState::kUncommitted},
                 {3, 9, UnitState::kIgnored}}},
               {"state.db-journal", "record", {{1, 1, UnitState::kPutBack}}}};
  const FileBars bars = FileBarsOf(map);
  EXPECT_EQ(bars.title, "The files after the kill in round 1");
  EXPECT_THAT(bars.legend, SizeIs(4));
  EXPECT_EQ(bars.files[0].units[0].tone, Tone::kPlain);
  EXPECT_EQ(bars.files[1].units[0].tone, Tone::kGood);
  EXPECT_EQ(bars.files[1].units[1].tone, Tone::kHalf);
  EXPECT_EQ(bars.files[1].units[1].text, "frame 2: of no commit");
  EXPECT_EQ(bars.files[1].units[2].tone, Tone::kBad);
  EXPECT_EQ(bars.files[2].units[0].tone, Tone::kHalf);
}

TEST(FileBarsTest, MoreUnitsThanAPageCanHaveAreLeftOut) {
  DiskMap map;
  map.files = {{"state.db", "page", {}}, {"state.db-wal", "frame", {}}};
  for (std::int64_t i = 1; i <= 300; ++i) {
    map.files[0].units.push_back({i, i, UnitState::kLost});
  }
  map.files[1].units = {{1, 1, UnitState::kLost}};
  const FileBars bars = FileBarsOf(map);
  ASSERT_THAT(bars.files, SizeIs(1));
  ASSERT_THAT(bars.files[0].units, SizeIs(201));
  EXPECT_EQ(bars.files[0].units.back().text, "more is in disk.json");
}

}  // namespace
}  // namespace lastcommit
