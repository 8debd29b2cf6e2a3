#include "results/night_properties.h"

#include <string>

#include "directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Case(const std::string& name, const std::string& status) {
  return "<testcase name=\"" + name + "\" classname=\"" + name +
         "\" time=\"0.1\" status=\"" + status +
         "\">\n<system-out>a</system-out>";
}

std::string Suite(const std::string& cases) {
  return "<?xml version=\"1.0\"?>\n<testsuite name=\"(empty)\">\n" + cases +
         "</testsuite>\n";
}

TEST(NightPropertiesTest, ThatAllPassedAreComplete) {
  const NightProperties properties = ParseNightProperties(
      Suite(Case("props.one", "run") + Case("props.two", "run")));
  EXPECT_EQ(properties.passed, 2);
  EXPECT_THAT(properties.failed, IsEmpty());
  EXPECT_TRUE(properties.are_complete);
  EXPECT_EQ(Describe(properties), "2 properties passed, 0 failed");
}

TEST(NightPropertiesTest, OneThatFailedIsNamed) {
  const NightProperties properties = ParseNightProperties(
      Suite(Case("props.one", "run") + Case("props.two", "fail")));
  EXPECT_THAT(properties.failed, ElementsAre("props.two"));
  EXPECT_EQ(Describe(properties), "1 properties passed, 1 failed: props.two");
}

TEST(NightPropertiesTest, OneThatWasNotRunHasNotPassed) {
  const NightProperties properties = ParseNightProperties(
      Suite(Case("props.one", "run") + Case("props.two", "notrun")));
  EXPECT_EQ(properties.passed, 1);
  EXPECT_FALSE(properties.are_complete);
}

TEST(NightPropertiesTest, NoneAndHalfAReportAreNotAll) {
  EXPECT_FALSE(ParseNightProperties(Suite("")).are_complete);
  EXPECT_FALSE(ParseNightProperties("").are_complete);
  EXPECT_FALSE(ParseNightProperties("<testsuite>" + Case("props.one", "run"))
                   .are_complete);
}

TEST(NightPropertiesTest, ADirectoryWithoutThemHasNone) {
  const Directory directory;
  EXPECT_FALSE(ReadNightProperties(directory.path()).has_value());
  directory.Put("properties.log", "cut off");
  const auto properties = ReadNightProperties(directory.path());
  ASSERT_TRUE(properties.has_value());
  EXPECT_FALSE(properties->are_complete);
}

TEST(NightPropertiesTest, AreCopied) {
  const Directory from;
  const Directory to;
  EXPECT_THAT(CopyNightProperties(from.path(), to.path()), IsOk());
  EXPECT_THAT(to.Names(), IsEmpty());
  from.Put("properties.xml", Suite(Case("props.one", "fail")));
  EXPECT_THAT(CopyNightProperties(from.path(), to.path()), IsOk());
  EXPECT_THAT(ReadNightProperties(to.path())->failed, ElementsAre("props.one"));
}

}  // namespace
}  // namespace lastcommit
