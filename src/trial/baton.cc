#include "trial/baton.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace lastcommit {
namespace {

static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// Not std::atomic::wait, whose futexes are of one process only.
void Futex(std::atomic<std::uint32_t>& word, int operation, int value) {
  syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

}  // namespace

void Withdraw(Baton& baton) {
  for (std::atomic<std::uint32_t>& given : baton.given) given = 0;
}

void GiveTo(int client, Baton& baton) {
  std::atomic<std::uint32_t>& given =
      baton.given[static_cast<std::size_t>(client)];
  given.store(1, std::memory_order_release);
  Futex(given, FUTEX_WAKE, 1);
}

void Await(int client, Baton& baton) {
  std::atomic<std::uint32_t>& given =
      baton.given[static_cast<std::size_t>(client)];
  // The call may return although nobody has woken this process.
  while (given.exchange(0, std::memory_order_acquire) == 0) {
    Futex(given, FUTEX_WAIT, 0);
  }
}

}  // namespace lastcommit
