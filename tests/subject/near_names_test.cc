#include "subject/near_names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::string> kNames = {
    "sqlite", "sqlite-undefended",      "sqlite-stranger",
    "keys",   "planted-close-unsynced", "planted-chunks-one-by-one"};

TEST(NearNamesTest, AMistypedNameIsNear) {
  EXPECT_THAT(NearNames("sqlote", kNames), ElementsAre("sqlite"));
  EXPECT_THAT(NearNames("sqllite", kNames), ElementsAre("sqlite"));
  EXPECT_THAT(NearNames("key", kNames), ElementsAre("keys"));
  EXPECT_THAT(NearNames("planted-closes-unsync", kNames),
              ElementsAre("planted-close-unsynced"));
}

TEST(NearNamesTest, NamesWithEachOfItsWordsAreNear) {
  EXPECT_THAT(NearNames("planted-unsynced", kNames),
              ElementsAre("planted-close-unsynced"));
  EXPECT_THAT(NearNames("one-by-one", kNames),
              ElementsAre("planted-chunks-one-by-one"));
  EXPECT_THAT(NearNames("planted-elsewhere", kNames), IsEmpty());
}

TEST(NearNamesTest, NamesThatContainItAreNearAndTheNearestIsTheFirst) {
  EXPECT_THAT(NearNames("sqlit", kNames),
              ElementsAre("sqlite", "sqlite-stranger", "sqlite-undefended"));
  EXPECT_THAT(NearNames("unsynced", kNames),
              ElementsAre("planted-close-unsynced"));
}

TEST(NearNamesTest, NothingElseIsNear) {
  EXPECT_THAT(NearNames("", kNames), IsEmpty());
  EXPECT_THAT(NearNames("e", kNames), IsEmpty());
  EXPECT_THAT(NearNames("---", kNames), IsEmpty());
  EXPECT_THAT(NearNames("nope", kNames), IsEmpty());
  EXPECT_THAT(NearNames("kexx", kNames), IsEmpty());
}

TEST(NearNamesTest, OfManyAFewAreEnough) {
  const std::vector<std::string> names(10, "planted");
  EXPECT_THAT(NearNames("planted", names), SizeIs(kMostNearNames));
}

}  // namespace
}  // namespace lastcommit
