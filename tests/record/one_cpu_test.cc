#include "record/one_cpu.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

cpu_set_t SetOf(pid_t tid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  EXPECT_EQ(sched_getaffinity(tid, sizeof(set), &set), 0);
  return set;
}

bool IsSame(const cpu_set_t& one, const cpu_set_t& other) {
  return CPU_EQUAL(&one, &other) != 0;
}

TEST(OneCpuTest, AThreadThatIsBroughtStaysWhereTheOwnerIs) {
  const cpu_set_t before = SetOf(0);
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  {
    const OneCpu cpu;
    const cpu_set_t own = SetOf(0);
    EXPECT_EQ(CPU_COUNT(&own), 1);
    EXPECT_TRUE(IsSame(SetOf(child), before));
    cpu.Bring(child);
    EXPECT_TRUE(IsSame(SetOf(child), own));
  }
  EXPECT_TRUE(IsSame(SetOf(0), before));
  EXPECT_EQ(CPU_COUNT(&before) == 1, IsSame(SetOf(child), before));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace lastcommit
