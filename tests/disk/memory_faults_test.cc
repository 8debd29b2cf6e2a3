#include "disk/memory_faults.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdint>
#include <new>

#include "disk/shim_vfs.h"

namespace lastcommit {
namespace {

// Before any test of this program uses SQLite.
const absl::Status kInstalled = InstallMemoryFaults();

class MemoryFaultsTest : public testing::Test {
 protected:
  ~MemoryFaultsTest() override { FailAllocations(Allocator::kNew, 0, 0); }

  // Whether there was memory.
  static bool New() {
    try {
      ::operator delete(::operator new(1));
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
  static bool NewNoThrow() {
    void* const memory = ::operator new[](1, std::nothrow);
    ::operator delete[](memory);
    return memory != nullptr;
  }
  static bool AlignedNew() {
    constexpr std::align_val_t kUnit{64};
    try {
      ::operator delete(::operator new(1, kUnit), kUnit);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
};

TEST_F(MemoryFaultsTest, OnlyWhatIsInsideNewMayFailCountsAndFails) {
  FailAllocations(Allocator::kNew, 2, 1);
  EXPECT_TRUE(New() && New());
  const NewMayFail may_fail;
  EXPECT_TRUE(New());
  {
    const NewMustNotFail must_not_fail;
    EXPECT_TRUE(New());
  }
  EXPECT_FALSE(New());
  EXPECT_TRUE(New());
  EXPECT_EQ(FailedAllocations(), 1);
}

TEST_F(MemoryFaultsTest, EveryFormOfNewFails) {
  FailAllocations(Allocator::kNew, 1, 0);
  const NewMayFail may_fail;
  EXPECT_FALSE(New());
  EXPECT_FALSE(NewNoThrow());
  EXPECT_FALSE(AlignedNew());
  EXPECT_EQ(FailedAllocations(), 3);
}

TEST_F(MemoryFaultsTest, NothingFailsWhileFaultsAreHeld) {
  FailAllocations(Allocator::kNew, 1, 0);
  const NewMayFail may_fail;
  HoldAllocationFaults(true);
  EXPECT_TRUE(New());
  HoldAllocationFaults(false);
  EXPECT_FALSE(New());
}

TEST_F(MemoryFaultsTest, TheOtherAllocatorGoesOn) {
  ASSERT_TRUE(RegisterShimVfs().ok());
  const NewMayFail may_fail;
  FailAllocations(Allocator::kSqlite, 1, 0);
  EXPECT_TRUE(New());
  EXPECT_EQ(sqlite3_malloc(1), nullptr);
  FailAllocations(Allocator::kNew, 1, 0);
  EXPECT_FALSE(New());
  void* const memory = sqlite3_malloc(1);
  EXPECT_NE(memory, nullptr);
  sqlite3_free(memory);
}

// It ends the child that `verify` checks in. A sanitizer has another end for
// what is more than any machine has.
#ifndef __SANITIZE_ADDRESS__
TEST_F(MemoryFaultsTest, MemoryThatIsReallyNotThereIsTheNewHandlers) {
  constexpr int kHandled = 7;
  const volatile std::size_t size = PTRDIFF_MAX;
  EXPECT_EXIT(
      {
        std::set_new_handler([] { _exit(kHandled); });
        ::operator delete(::operator new(size));
      },
      testing::ExitedWithCode(kHandled), "");
}
#endif

}  // namespace
}  // namespace lastcommit
