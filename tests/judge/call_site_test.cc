#include "judge/call_site.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

class CallSiteTest : public testing::Test {
 protected:
  // Of three calls: the second has that stack, the others have none.
  void Write(const RecordedStack& stack) {
    const auto writer =
        RecordingWriter::Create(directory_.Path("recording"), {{"a"}, "/d"});
    ASSERT_THAT(writer, IsOk());
    const auto number = (*writer)->AddStack(stack);
    ASSERT_THAT(number, IsOk());
    for (std::uint64_t call = 0; call < 3; ++call) {
      ASSERT_THAT(
          (*writer)->Add({call, 1, 2, "pwrite64", {}, call == 1 ? *number : 0}),
          IsOk());
    }
    ASSERT_THAT((*writer)->Finish({}), IsOk());
  }

  Directory directory_;
};

TEST_F(CallSiteTest, OnlyTheCallsThatAreAskedForAreFound) {
  const RecordedStack stack = {"/app", {{"main", "/app", 16, "app.c", 3}}};
  Write(stack);
  const auto sites = CallSitesOf(directory_.Path("recording"), {1, 2});
  ASSERT_THAT(sites, IsOk());
  ASSERT_THAT(*sites, ElementsAre(Key(1), Key(2)));
  EXPECT_EQ(sites->at(1).stack, stack);
  EXPECT_EQ(sites->at(2).stack, std::nullopt);
  EXPECT_EQ(InWords(sites->at(2)), "pwrite64 of process 1, thread 2");
  EXPECT_EQ(StackInWords(sites->at(2)), "");
  EXPECT_FALSE(JsonOf(sites->at(2)).contains("stack"));
}

TEST_F(CallSiteTest, AFrameHasAsMuchAsIsKnownOfIt) {
  const CallSite site = {"write", 1, 1,
                         RecordedStack{"/app",
                                       {{"main", "/app", 16, "app.c", 3},
                                        {"read", "/libc", 16, "", 0},
                                        {"", "/libc", 17, "", 0},
                                        {"", "", 0x7f00, "", 0}}}};
  EXPECT_EQ(StackInWords(site),
            "stack of /app:\n  main at app.c:3\n  read in /libc\n"
            "  0x11 in /libc\n  0x7f00\n");
}

TEST_F(CallSiteTest, WhatTheProgramIsCalledIsEscaped) {
  const std::string evil = "\x1b[2J\n\xff";
  Write({evil, {{evil, evil, 16, evil, 3}, {"", evil, 17, "", 0}}});
  const auto sites = CallSitesOf(directory_.Path("recording"), {1});
  ASSERT_THAT(sites, IsOk());
  const std::string shown = "\\x1b[2J\\n\\xff";
  EXPECT_EQ(StackInWords(sites->at(1)), "stack of " + shown + ":\n  " + shown +
                                            " at " + shown + ":3\n  0x11 in " +
                                            shown + "\n");
  const std::string json = JsonOf(sites->at(1)).dump();
  EXPECT_THAT(json, Not(HasSubstr("\x1b")));
  EXPECT_THAT(JsonOf(sites->at(1)).at("stack").at(0).at("source"), shown);
}

}  // namespace
}  // namespace lastcommit
