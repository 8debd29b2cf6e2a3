// Databases that a crash has left at different cuts.

#include "oracle/attached_cuts.h"

#include <memory>

#include "gmock/gmock.h"
#include "store/rows.h"
#include "store/vocabulary.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

constexpr TableSpec kMain = {0, "main", 1};
constexpr TableSpec kFirst = {1, "first", 1, false, 1};
constexpr TableSpec kSecond = {2, "second", 1, false, 2};

RowKey Key(const TableSpec& table) {
  RowKey key;
  key.table = table;
  key.names[0] = "x";
  return key;
}

Fingerprint Value(std::uint64_t number) { return {number, 0, 8}; }

// Commit n leaves n in the main database, and in the others what it says.
State StateOf(std::int64_t cut, std::uint64_t first, std::uint64_t second) {
  State state;
  state.cut = cut;
  state.rows[Key(kMain)] = Value(static_cast<std::uint64_t>(cut));
  state.rows[Key(kFirst)] = Value(first);
  state.rows[Key(kSecond)] = Value(second);
  return state;
}

std::vector<std::array<std::uint64_t, 2>> g_script;

void Create(Rows& rows) {
  rows.Become(StateOf(0, g_script[0][0], g_script[0][1]));
}
Outcome Change(const Operation& /*operation*/, Rows& rows) {
  const std::int64_t cut = rows.state().cut + 1;
  const auto& values = g_script[static_cast<std::size_t>(cut)];
  rows.Become(StateOf(cut, values[0], values[1]));
  return {absl::StatusCode::kOk, 0};
}

class AttachedCutsTest : public testing::Test {
 protected:
  // What the attached ones hold after each commit.
  ReferenceModel ModelOf(std::vector<std::array<std::uint64_t, 2>> script) {
    g_script = std::move(script);
    vocabulary_.create = Create;
    spec_.is_change = true;
    spec_.apply = Change;
    ReferenceModel model(vocabulary_);
    Step step;
    step.kind = StepKind::kOpen;
    model.Apply(step);
    step.kind = StepKind::kChange;
    step.operation.spec = &spec_;
    for (std::size_t i = 1; i < g_script.size(); ++i) model.Apply(step);
    return model;
  }
  static LegalCuts From(std::int64_t lowest, std::int64_t highest) {
    LegalCuts legal;
    legal.lowest = lowest;
    legal.highest = highest;
    legal.source = "a page";
    return legal;
  }
  FoundPlaces Find(const ReferenceModel& model, const State& found,
                   const std::vector<LegalCuts>& legal,
                   std::int32_t main = AttachedPlace::kModel) {
    return FindPlaces(found, main, legal, {model, alternatives_});
  }

  Vocabulary vocabulary_;
  OperationSpec spec_;
  Alternatives alternatives_;
};

TEST_F(AttachedCutsTest, WhereAllAreAtOneCutNothingIsMixed) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  const FoundPlaces places =
      Find(model, StateOf(1, 1, 1), {From(0, 2), From(0, 2)});
  EXPECT_TRUE(places.verdict.held());
  EXPECT_FALSE(places.is_mixed);
  EXPECT_EQ(places.places[0].cut, 1);
}

TEST_F(AttachedCutsTest, EachMayBeAtACutOfItsOwn) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  const State found = StateOf(1, 0, 2);
  const FoundPlaces places = Find(model, found, {From(0, 2), From(0, 2)});
  EXPECT_TRUE(places.verdict.held()) << places.verdict.why;
  EXPECT_TRUE(places.is_mixed);
  EXPECT_EQ(places.places[0].cut, 0);
  EXPECT_EQ(places.places[1].cut, 2);
  ReferenceModel main = model;
  main.RevertTo(1);
  EXPECT_EQ(WithAttached(main.state(), AttachedRows(2, places.places,
                                                    {model, alternatives_})),
            found);
}

TEST_F(AttachedCutsTest, WhatACutMustHaveIsNotLost) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  const FoundPlaces first =
      Find(model, StateOf(2, 0, 2), {From(1, 2), From(0, 2)});
  EXPECT_EQ(first.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(first.verdict.why,
              HasSubstr("the attached database 1 holds what it held after "
                        "commit 0; legal: cut 1 to cut 2 (a page)"));
  const FoundPlaces second =
      Find(model, StateOf(2, 2, 1), {From(1, 2), From(2, 2)});
  EXPECT_EQ(second.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(second.verdict.why, HasSubstr("attached database 2"));
  // Not even where the main one may be.
  EXPECT_EQ(
      Find(model, StateOf(1, 1, 1), {From(2, 2), From(0, 2)}).verdict.violation,
      ViolationClass::kLostCommit);
}

TEST_F(AttachedCutsTest, WhatNobodyHasAttemptedIsAPhantom) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  EXPECT_EQ(
      Find(model, StateOf(1, 2, 1), {From(0, 1), From(0, 1)}).verdict.violation,
      ViolationClass::kPhantomCommit);
}

// Its rows differ then, and the comparison of the rows says so.
TEST_F(AttachedCutsTest, WhatIsNoCutAtAllIsTakenToBeWithTheMainOne) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  const FoundPlaces places =
      Find(model, StateOf(1, 7, 1), {From(0, 2), From(0, 2)});
  EXPECT_TRUE(places.verdict.held());
  EXPECT_FALSE(places.is_mixed);
  EXPECT_EQ(places.places[0].cut, 1);
}

// A commit that changed nothing there is not missed.
TEST_F(AttachedCutsTest, TheNewestCutWithTheSameRowsCounts) {
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {1, 2}});
  EXPECT_TRUE(
      Find(model, StateOf(0, 1, 0), {From(2, 2), From(0, 2)}).verdict.held());
}

TEST_F(AttachedCutsTest, WhatIsInDoubtMayBeInOneOfThem) {
  alternatives_.push_back(std::make_shared<const ReferenceModel>(
      ModelOf({{0, 0}, {1, 1}, {5, 5}})));
  const ReferenceModel model = ModelOf({{0, 0}, {1, 1}});
  const State found = StateOf(1, 5, 1);
  const FoundPlaces places = Find(model, found, {From(1, 1), From(1, 1)});
  EXPECT_TRUE(places.verdict.held()) << places.verdict.why;
  EXPECT_EQ(places.places[0].world, 0);
  EXPECT_EQ(places.places[0].cut, 2);
  EXPECT_EQ(WithAttached(model.state(), AttachedRows(2, places.places,
                                                     {model, alternatives_})),
            found);
}

TEST_F(AttachedCutsTest, AModelGoesOnFromRowsOfSeveralCuts) {
  ReferenceModel model = ModelOf({{0, 0}, {1, 1}, {2, 2}});
  model.RevertTo(1);
  const State mixed = StateOf(1, 0, 1);
  model.TakeRows(mixed);
  EXPECT_EQ(model.state(), mixed);
  EXPECT_EQ(model.DigestOfCut(1), Digest(mixed));
  Step step;
  step.kind = StepKind::kChange;
  step.operation.spec = &spec_;
  model.Apply(step);
  EXPECT_EQ(model.state(), StateOf(2, 2, 2));
  model.RevertTo(1);
  EXPECT_EQ(model.state(), mixed);
  EXPECT_EQ(model.rows().DigestsAt(1), model.rows().digests());
  model.RevertTo(0);
  EXPECT_EQ(model.state(), StateOf(0, 0, 0));
}

}  // namespace
}  // namespace lastcommit
