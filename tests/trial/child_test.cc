#include "trial/child.h"

#include <unistd.h>

#include <memory>

#include "absl/time/time.h"
#include "disk/child_memory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

TEST(ChildTest, WhatItAllocatesIsInPagesOfItsOwn) {
  auto children = ChildRunner::Create();
  ASSERT_THAT(children, IsOk());
  const auto report = children->Run(
      [] {
        const auto own = std::make_unique<int>(1);
        if (!internal::IsOfChild(own.get())) _exit(1);
      },
      absl::Minutes(1));
  ASSERT_THAT(report, IsOk());
  const ChildEnd expected =
      internal::kHasSanitizer ? ChildEnd::kCrashed : ChildEnd::kReturned;
  EXPECT_EQ(report->end, expected);
}

}  // namespace
}  // namespace lastcommit
