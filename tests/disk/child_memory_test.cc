#include "disk/child_memory.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "disk/memory_faults.h"
#include "disk/shim_vfs.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

class ChildMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    if (internal::kHasSanitizer) {
      GTEST_SKIP() << "a sanitizer looks after memory itself";
    }
    ASSERT_THAT(RegisterShimVfs(), IsOk());
  }

  // How it ended, as waitpid has it.
  static int StatusOfChild(absl::FunctionRef<void()> work) {
    const pid_t child = fork();
    if (child == 0) {
      UseChildMemory();
      work();
      _exit(HasFailure() ? 1 : 0);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }
  static void InChild(absl::FunctionRef<void()> work) {
    EXPECT_EQ(StatusOfChild(work), 0);
  }
};

TEST_F(ChildMemoryTest, OnlyAChildThatAsksForItHasIt) {
  const auto before = std::make_unique<int>(1);
  EXPECT_FALSE(internal::IsOfChild(before.get()));
  InChild([] {
    const auto own = std::make_unique<int>(1);
    EXPECT_TRUE(internal::IsOfChild(own.get()));
    void* const of_sqlite = sqlite3_malloc(100);
    EXPECT_TRUE(internal::IsOfChild(of_sqlite));
    sqlite3_free(of_sqlite);
  });
}

// Each size is there as a whole, apart from the others, and comes again.
TEST_F(ChildMemoryTest, PiecesOfEverySizeAreTheirOwns) {
  InChild([] {
    std::vector<std::pair<char*, std::size_t>> pieces;
    for (std::size_t size = 1; size < 70'000; size += size / 7 + 1) {
      for (int i = 0; i < 3; ++i) {
        auto* const memory = static_cast<char*>(::operator new(size));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 16, 0u);
        std::memset(memory, static_cast<int>(pieces.size() % 251), size);
        pieces.emplace_back(memory, size);
      }
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto [memory, size] = pieces[i];
      EXPECT_EQ(std::string(memory, size),
                std::string(size, static_cast<char>(i % 251)));
      ::operator delete(memory);
      void* const again = ::operator new(size);
      EXPECT_EQ(again, memory);
      ::operator delete(again);
    }
  });
}

TEST_F(ChildMemoryTest, WhatIsOfTheParentGoesBackToIt) {
  auto of_parent =
      std::make_unique<std::vector<std::string>>(10, std::string(1000, 'a'));
  void* const of_sqlite = sqlite3_malloc(50);
  InChild([&] {
    of_parent->push_back("b");
    of_parent.reset();
    void* const larger = sqlite3_realloc(of_sqlite, 5000);
    EXPECT_NE(larger, nullptr);
    sqlite3_free(larger);
  });
  EXPECT_EQ(of_parent->size(), 10u);
  sqlite3_free(of_sqlite);
}

TEST_F(ChildMemoryTest, ReallocKeepsWhatIsThere) {
  InChild([] {
    auto* memory = static_cast<char*>(sqlite3_malloc(20));
    std::strcpy(memory, "lastcommit");
    for (int size = 40; size < 3'000'000; size *= 3) {
      memory = static_cast<char*>(sqlite3_realloc(memory, size));
      EXPECT_STREQ(memory, "lastcommit");
    }
    memory = static_cast<char*>(sqlite3_realloc(memory, 30));
    EXPECT_STREQ(memory, "lastcommit");
    sqlite3_free(memory);
  });
}

// As the heap does.
TEST_F(ChildMemoryTest, WhatIsFreedTwiceEndsTheProcess) {
  const int status = StatusOfChild([] {
    void* const memory = sqlite3_malloc(100);
    sqlite3_free(memory);
    sqlite3_free(memory);
  });
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
}

// What SQLite decides by a size must not depend on whose memory it is: which
// allocation is the n-th one that fails.
TEST_F(ChildMemoryTest, SQLiteSeesTheSameSizes) {
  void* const smallest = sqlite3_malloc(1);
  const bool is_what_was_asked_for = sqlite3_msize(smallest) <= 8;
  sqlite3_free(smallest);
  if (!is_what_was_asked_for) {
    GTEST_SKIP() << "this SQLite takes its sizes from malloc_usable_size";
  }
  std::vector<sqlite3_uint64> sizes;
  for (int size = 1; size < 20'000; size += size / 5 + 1) {
    void* const memory = sqlite3_malloc(size);
    sizes.push_back(sqlite3_msize(memory));
    sqlite3_free(memory);
  }
  InChild([&] {
    std::size_t at = 0;
    for (int size = 1; size < 20'000; size += size / 5 + 1) {
      void* const memory = sqlite3_malloc(size);
      EXPECT_EQ(sqlite3_msize(memory), sizes[at++]) << size;
      sqlite3_free(memory);
    }
  });
}

// Then it is the heap's.
TEST_F(ChildMemoryTest, WhatDoesNotFitComesFromElsewhere) {
  InChild([] {
    const auto large = std::make_unique<std::string>(2 << 20, 'a');
    EXPECT_FALSE(internal::IsOfChild(large->data()));
    std::vector<std::unique_ptr<char[]>> pieces;
    do {
      pieces.push_back(std::make_unique_for_overwrite<char[]>(500'000));
    } while (internal::IsOfChild(pieces.back().get()));
    EXPECT_GT(pieces.size(), 100u);
  });
}

}  // namespace
}  // namespace lastcommit
