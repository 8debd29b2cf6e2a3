// The memory of `operator new`, of which an allocation can be made to fail, as
// that of SQLite in memory_faults.h. Whoever links this has an operator new
// that asks here first; it is always the same code, with faults or without.
//
// Only what is done inside NewMayFail fails and counts: the code under test. It
// calls back into the tester (the VFS, an acknowledgement), which steps out of
// it with NewMustNotFail.

#ifndef LASTCOMMIT_DISK_NEW_FAULTS_H_
#define LASTCOMMIT_DISK_NEW_FAULTS_H_

#include <cstdint>

namespace lastcommit {

// The `at`-th allocation (1, 2, ...) from now on throws std::bad_alloc, and
// those after it until `count` have; 0 = all. An `at` of 0 ends it.
void FailNew(std::int64_t at, std::int64_t count);

// While they are held nothing fails, and nothing counts.
void HoldNewFaults(bool held);

// How many have failed since FailNew was called.
std::int64_t FailedNews();

namespace internal {
// Of this thread.
bool SetNewMayFail(bool may_fail);
}  // namespace internal

class NewMayFail {
 public:
  NewMayFail() : before_(internal::SetNewMayFail(true)) {}
  ~NewMayFail() { internal::SetNewMayFail(before_); }
  NewMayFail(const NewMayFail&) = delete;
  NewMayFail& operator=(const NewMayFail&) = delete;

 private:
  const bool before_;
};

class NewMustNotFail {
 public:
  NewMustNotFail() : before_(internal::SetNewMayFail(false)) {}
  ~NewMustNotFail() { internal::SetNewMayFail(before_); }
  NewMustNotFail(const NewMustNotFail&) = delete;
  NewMustNotFail& operator=(const NewMustNotFail&) = delete;

 private:
  const bool before_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_NEW_FAULTS_H_
