#include "explain/disk_map.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kPage = 512;
constexpr std::int64_t kFrame = 24 + kPage;
constexpr char kDatabase[] = "/state.db";
constexpr char kWal[] = "/state.db-wal";

// `pages` durable pages, and a WAL with its header.
Storage DiskOf(std::size_t pages) {
  Storage disk({});
  disk.Write(disk.Create(kDatabase), 0, std::string(kPage * pages, 'd'));
  disk.Write(disk.Create(kWal), 0, std::string(32, 'h'));
  disk.SyncEverything();
  return disk;
}

void WritePage(Storage& disk, std::int64_t number) {
  disk.Write(disk.Find(kDatabase), (number - 1) * std::int64_t{kPage},
             std::string(kPage, 'w'));
}

// As SQLite does: the header, then the page.
void WriteFrame(Storage& disk, int number) {
  const InodeId wal = disk.Find(kWal);
  const std::int64_t begin = 32 + (number - 1) * kFrame;
  disk.Write(wal, begin, std::string(24, 'h'));
  disk.Write(wal, begin + 24, std::string(kPage, 'p'));
}

std::vector<DiskUnits> UnitsOf(const Storage& disk,
                               const std::vector<Fate>& fates,
                               const std::string& name) {
  Survival survival = {.kind = SurvivalKind::kChosen, .fates = fates};
  const DiskMap map = DiskMapOf(disk, Resolve(disk, survival), kPage);
  for (const DiskFile& file : map.files) {
    if (file.name == name) return file.units;
  }
  return {};
}

template <typename Number>
auto Is(Number first, Number last, UnitState state) {
  return testing::AllOf(
      Field(&DiskUnits::first, static_cast<std::int64_t>(first)),
      Field(&DiskUnits::last, static_cast<std::int64_t>(last)),
      Field(&DiskUnits::state, state));
}

TEST(DiskMapTest, PagesThatNothingWasWrittenToAreDurableTogether) {
  EXPECT_THAT(UnitsOf(DiskOf(5), {}, "state.db"),
              ElementsAre(Is(1, 5, UnitState::kDurable)));
}

TEST(DiskMapTest, EachUnsyncedPageHasItsFate) {
  Storage disk = DiskOf(6);
  WritePage(disk, 2);  // change 0, there
  WritePage(disk, 4);  // 1, lost
  WritePage(disk, 5);  // 2, torn
  EXPECT_THAT(
      UnitsOf(disk, {{1, FateKind::kLost}, {2, FateKind::kHead, 100}},
              "state.db"),
      ElementsAre(Is(1, 1, UnitState::kDurable), Is(2, 2, UnitState::kWritten),
                  Is(3, 3, UnitState::kDurable), Is(4, 4, UnitState::kLost),
                  Is(5, 5, UnitState::kTorn), Is(6, 6, UnitState::kDurable)));
}

TEST(DiskMapTest, WhatWasWrittenAgainCountsAsItWasLast) {
  Storage disk = DiskOf(1);
  WritePage(disk, 1);  // 0, lost
  WritePage(disk, 1);  // 1, there
  EXPECT_THAT(UnitsOf(disk, {{0, FateKind::kLost}}, "state.db"),
              ElementsAre(Is(1, 1, UnitState::kWritten)));
  EXPECT_THAT(UnitsOf(disk, {{1, FateKind::kLost}}, "state.db"),
              ElementsAre(Is(1, 1, UnitState::kLost)));
}

TEST(DiskMapTest, AFrameWithoutItsPageIsTorn) {
  Storage disk = DiskOf(1);
  WriteFrame(disk, 1);  // 0 and 1
  WriteFrame(disk, 2);  // 2 and 3
  WriteFrame(disk, 3);  // 4 and 5
  EXPECT_THAT(
      UnitsOf(
          disk,
          {{1, FateKind::kLost}, {4, FateKind::kLost}, {5, FateKind::kLost}},
          "state.db-wal"),
      ElementsAre(Is(0, 0, UnitState::kDurable), Is(1, 1, UnitState::kTorn),
                  Is(2, 2, UnitState::kWritten), Is(3, 3, UnitState::kLost)));
}

TEST(DiskMapTest, OfWhatIsTornEachPartIsNamed) {
  Storage disk = DiskOf(1);
  WriteFrame(disk, 1);
  const std::vector<DiskUnits> units =
      UnitsOf(disk, {{1, FateKind::kLost}}, "state.db-wal");
  ASSERT_THAT(units, SizeIs(2));
  EXPECT_THAT(units[1].change,
              testing::ContainsRegex("frame 1.*header is there; .*frame "
                                     "1.*content is lost"));
}

TEST(DiskMapTest, OneWriteMayBeOfSeveralPages) {
  Storage disk = DiskOf(3);
  disk.Write(disk.Find(kDatabase), kPage, std::string(2 * kPage, 'w'));
  EXPECT_THAT(
      UnitsOf(disk, {{0, FateKind::kLost}}, "state.db"),
      ElementsAre(Is(1, 1, UnitState::kDurable), Is(2, 2, UnitState::kLost),
                  Is(3, 3, UnitState::kLost)));
}

TEST(DiskMapTest, WhatHasNoPlaceInAFileIsNamed) {
  Storage disk = DiskOf(3);
  disk.Truncate(disk.Find(kDatabase), kPage);
  disk.Create("/state.db-journal");
  const Survival survival = {.kind = SurvivalKind::kNone};
  const DiskMap map = DiskMapOf(disk, Resolve(disk, survival), kPage);
  EXPECT_THAT(map.lost, SizeIs(2));
  EXPECT_FALSE(map.is_cut);
  EXPECT_THAT(
      DiskMapOf(disk, Resolve(disk, {.kind = SurvivalKind::kAll}), kPage).lost,
      IsEmpty());
}

TEST(DiskMapTest, ChangesThatAreTooManyToBeNamedHaveTheirFateAllTheSame) {
  constexpr std::size_t kNamed = DiskMap::kMostNamed;
  Storage disk = DiskOf(kNamed + 10);
  for (std::size_t i = 1; i <= kNamed + 3; ++i) {
    WritePage(disk, static_cast<std::int64_t>(i));
  }
  const DiskMap map =
      DiskMapOf(disk, Resolve(disk, {.kind = SurvivalKind::kNone}), kPage);
  EXPECT_TRUE(map.is_cut);
  const std::vector<DiskUnits>& units = map.files.front().units;
  ASSERT_THAT(units, SizeIs(kNamed + 2));
  EXPECT_NE(units[kNamed - 1].change, "");
  EXPECT_THAT(units[kNamed], Is(kNamed + 1, kNamed + 3, UnitState::kLost));
  EXPECT_EQ(units[kNamed].change, "");
  EXPECT_THAT(units[kNamed + 1],
              Is(kNamed + 4, kNamed + 10, UnitState::kDurable));
}

TEST(DiskMapTest, UnitsBeyondABoundAreLeftOutAndNotCalledDurable) {
  constexpr auto kMost = static_cast<std::int64_t>(DiskMap::kMostUnits);
  Storage disk = DiskOf(2 * DiskMap::kMostUnits);
  for (std::int64_t page = 1; page < 2 * kMost; page += 2) {
    WritePage(disk, page);
  }
  const DiskMap map =
      DiskMapOf(disk, Resolve(disk, {.kind = SurvivalKind::kNone}), kPage);
  EXPECT_TRUE(map.is_cut);
  EXPECT_THAT(map.files.front().units, SizeIs(DiskMap::kMostUnits));
  EXPECT_THAT(map.files.front().units.back(),
              Is(kMost, kMost, UnitState::kDurable));
  EXPECT_THAT(ParseDiskMap(PrintDiskMap(map)), IsOk());
}

TEST(DiskMapTest, IsReadAsItIsWritten) {
  DiskMap map;
  map.round = 2;
  map.files = {{"state.db",
                "page",
                {{1, 4, UnitState::kDurable},
                 {5, 5, UnitState::kTorn, "database page 5"}}}};
  map.lost = {"directory entry of state.db-journal (deleted)"};
  map.is_cut = true;
  map.is_killed = true;
  const absl::StatusOr<DiskMap> read = ParseDiskMap(PrintDiskMap(map));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, map);
}

TEST(DiskMapTest, AnythingElseIsNone) {
  const std::string good = PrintDiskMap({});
  ASSERT_THAT(ParseDiskMap(good), IsOk());
  const std::vector<std::string> all = {
      std::string(),
      std::string("[]"),
      std::string("{}"),
      good.substr(0, good.size() / 2),
      std::string("{\"round\":1,\"cut\":false,\"lost\":[],\"files\":[{"
                  "\"name\":\"a\",\"unit\":\"page\",\"units\":"
                  "[[1,1,\"fine\"]]}]}"),
      std::string("{\"round\":1,\"cut\":false,\"lost\":[1],\"files\":[]}")};
  for (const std::string& bad : all) {
    EXPECT_EQ(ParseDiskMap(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(DiskMapTest, AFileThatIsTooLongIsNotReadToItsEnd) {
  const Directory directory;
  directory.Put("disk.json", PrintDiskMap({}));
  EXPECT_THAT(ReadDiskMap(directory.Path("disk.json")), IsOk());
  directory.Put("disk.json", std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(
      std::string(ReadDiskMap(directory.Path("disk.json")).status().message()),
      testing::HasSubstr("too long"));
}

}  // namespace
}  // namespace lastcommit
