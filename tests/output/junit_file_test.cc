#include "output/junit_file.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(JUnitFileTest, WhatHeldPasses) {
  EXPECT_EQ(PrintJUnit("lastcommit.replay", {{"a.plan", ExitCode::kHeld, ""}}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuite name=\"lastcommit.replay\" tests=\"1\" failures=\"0\" "
            "errors=\"0\">\n"
            "  <testcase classname=\"lastcommit.replay\" name=\"a.plan\">\n"
            "  </testcase>\n"
            "</testsuite>\n");
}

TEST(JUnitFileTest, WhatWasViolatedFailsWithItsFirstLine) {
  EXPECT_THAT(PrintJUnit("s", {{"a", ExitCode::kViolated, "one\ntwo"}}),
              AllOf(HasSubstr("tests=\"1\" failures=\"1\" errors=\"0\""),
                    HasSubstr("<failure type=\"VIOLATED\" message=\"one\">one\n"
                              "two</failure>")));
}

TEST(JUnitFileTest, WhatNothingIsKnownOfIsNoPass) {
  for (const ExitCode code :
       {ExitCode::kUsage, ExitCode::kTesterFailed, ExitCode::kNotExercised}) {
    EXPECT_THAT(PrintJUnit("s", {{"a", code, "why"}}),
                AllOf(HasSubstr("failures=\"0\" errors=\"1\""),
                      HasSubstr("message=\"why\">why</error>"),
                      Not(HasSubstr("skipped"))));
  }
}

TEST(JUnitFileTest, TextOfOthersIsEscaped) {
  EXPECT_THAT(PrintJUnit("s", {{"<a & \"b\">\n", ExitCode::kHeld,
                                "\x1b]]>\xff\xef\xbf\xbf"}}),
              AllOf(HasSubstr("name=\"&lt;a &amp; &quot;b&quot;&gt;&#10;\""),
                    HasSubstr("]]&gt;"), Not(HasSubstr("\x1b")),
                    Not(HasSubstr("\xff")), Not(HasSubstr("\xef\xbf\xbf"))));
}

}  // namespace
}  // namespace lastcommit
