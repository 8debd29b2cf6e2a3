#include "trial/system_call_errors.h"

#include <cerrno>
#include <cstdint>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

// Hears of the calls that are made, and answers nothing.
class Kernel : public SystemCallObserver {
 public:
  SystemCallAnswer BeforeCall(const SystemCall& /*call*/) override {
    ++calls;
    return {};
  }
  void AfterCall(const SystemCall& /*call*/, std::int64_t /*result*/) override {
  }

  int calls = 0;
};

class FailedWriteTest : public testing::Test {
 protected:
  // A write of so many bytes to the database file.
  SystemCallAnswer Write(std::int64_t amount) {
    SystemCall call;
    call.kind = SystemCallKind::kWrite;
    call.path = "/trial/state.db";
    call.amount = amount;
    return errors_.BeforeCall(call);
  }

  Kernel kernel_;
  SystemCallErrors errors_{"/trial", kernel_};
};

TEST_F(FailedWriteTest, IsShortAndTheRestFails) {
  errors_.Arm({ErrorKind::kWrite, /*at=*/1, /*count=*/1});
  const SystemCallAnswer first = Write(512);
  EXPECT_EQ(first.error, 0);
  EXPECT_EQ(first.most, 256);
  EXPECT_EQ(kernel_.calls, 1);
  EXPECT_EQ(Write(256).error, EIO);
  EXPECT_EQ(kernel_.calls, 1);
  EXPECT_EQ(errors_.errors(), 1);
  const SystemCallAnswer next = Write(512);
  EXPECT_EQ(next.error, 0);
  EXPECT_EQ(next.most, -1);
}

TEST_F(FailedWriteTest, IsUndoneAsAWholeEveryOtherTime) {
  errors_.Arm({ErrorKind::kWrite, /*at=*/1, /*count=*/2});
  Write(512);
  Write(256);
  EXPECT_EQ(Write(512).error, EIO);
  EXPECT_EQ(kernel_.calls, 1);
  EXPECT_EQ(errors_.errors(), 2);
}

TEST_F(FailedWriteTest, OfOneByteIsNotDivided) {
  errors_.Arm({ErrorKind::kWrite, /*at=*/1, /*count=*/1});
  EXPECT_EQ(Write(1).error, EIO);
}

}  // namespace
}  // namespace lastcommit
