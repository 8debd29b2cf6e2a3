// What leaves a program over sockets, through a terminal, or by acknowledging.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "judge/judge_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PromisesTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
  }
  ~PromisesTest() override {
    if (listener_ >= 0) close(listener_);
  }

  // A server outside of the recorded program, which need not even accept.
  template <typename Address>
  void Listen(int domain, const Address& address) {
    listener_ = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* const where = reinterpret_cast<const sockaddr*>(&address);
    ASSERT_EQ(bind(listener_, where, sizeof(address)), 0);
    ASSERT_EQ(listen(listener_, 5), 0);
  }

  std::vector<std::string> OutputsOf(const std::string& program,
                                     const std::string& argument = "") {
    const auto end = Record(
        {python_, std::string(PROGRAMS) + "disturbed.py", program, argument});
    EXPECT_TRUE(end.ok()) << end.status();
    EXPECT_TRUE(end.ok() && end->status == 0);
    std::vector<std::string> texts;
    for (const Effect& effect : Effects(EffectKind::kOutput)) {
      texts.push_back(effect.bytes);
    }
    return texts;
  }

  int listener_ = -1;
};

TEST_F(PromisesTest, WhatGoesToAUnixSocketOutsideIsOutput) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = directory_.Path("s");
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  Listen(AF_UNIX, address);
  EXPECT_THAT(OutputsOf("answers_over_unix", path),
              ElementsAre("sent", "sent as a message", "written"));
}

TEST_F(PromisesTest, WhatGoesToATcpSocketOutsideIsOutput) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Listen(AF_INET, address);
  socklen_t size = sizeof(address);
  ASSERT_EQ(
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_THAT(
      OutputsOf("answers_over_tcp", std::to_string(ntohs(address.sin_port))),
      ElementsAre("sent", "sent as a message", "written"));
}

TEST_F(PromisesTest, WhatGoesToASocketOfARecordedProcessIsNone) {
  EXPECT_THAT(OutputsOf("talks_to_itself"), IsEmpty());
}

TEST_F(PromisesTest, WithATerminalEachLineIsOnePromise) {
  RecordOptions options =
      OptionsFor({"/usr/bin/env", "-u", "PYTHONUNBUFFERED", python_, "-c",
                  "print('one'); print('two'); import os; os._exit(0)"});
  options.output = directory_.Path("output");
  ASSERT_TRUE(RecordWith(options).ok());
  EXPECT_THAT(Effects(EffectKind::kOutput), IsEmpty());  // never flushed
  std::filesystem::remove(Recording());
  std::filesystem::remove(options.ack);
  options.is_terminal = true;
  ASSERT_TRUE(RecordWith(options).ok());
  std::string all;
  const auto outputs = Effects(EffectKind::kOutput);
  for (const Effect& output : outputs) all += output.bytes;
  EXPECT_EQ(all, "one\ntwo\n");
  EXPECT_EQ(outputs.size(), 2u);
  EXPECT_EQ(directory_.Get("output"), "one\ntwo\n");
}

TEST_F(PromisesTest, LinesAreCountedWhoseCommitsAreLost) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "acknowledged_at_normal");
  ASSERT_EQ(judgement.power.findings.size(), 1U);
  const auto json = JsonOf(judgement).at("power").at(0);
  // The table, a commit for each of 4 lines, and 6 times 3 for two lines.
  EXPECT_EQ(json.at("promised"), 1 + 4 + 6 * 3);
  EXPECT_EQ(json.at("lost"), 6 * 3);
  EXPECT_EQ(json.at("acknowledged"), 4 + 6 * 2);
  EXPECT_EQ(json.at("acknowledged_lost"), 6 * 2);
  EXPECT_THAT(TextOf(judgement),
              HasSubstr("up to 18 of 23 acknowledged commits of a.db are lost, "
                        "and with them 12 of 16 acknowledgements; setting: "));
  EXPECT_THAT(TextOf(judgement), HasSubstr(", 16 acknowledgements, "));
}

TEST_F(PromisesTest, ALineThatComesInPartsIsOne) {
  const auto json = JsonOf(JudgeProgram("mistakes.py", "acknowledged_in_parts"))
                        .at("power")
                        .at(0);
  EXPECT_EQ(json.at("lost"), 6);
  EXPECT_EQ(json.at("acknowledged"), 5);
  EXPECT_EQ(json.at("acknowledged_lost"), 5);
}

TEST_F(PromisesTest, OutputIsNoAcknowledgement) {
  const auto json =
      JsonOf(JudgeProgram("mistakes.py", "wal_normal")).at("power").at(0);
  EXPECT_EQ(json.at("lost"), 21);
  EXPECT_FALSE(json.contains("acknowledged"));
}

}  // namespace
}  // namespace lastcommit
