// RefuseCall: a system call that this kernel, or the file system, does not
// have. The kernel itself refuses it (seccomp(2)), so that it can be neither
// missed nor made in another way.

#ifndef LASTCOMMIT_TESTS_REFUSED_CALL_H_
#define LASTCOMMIT_TESTS_REFUSED_CALL_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace lastcommit {

// From now on `number` fails with `error`, in this process and in all that it
// starts; there is no way back. False: nothing can be refused here.
inline bool RefuseCall(long number, int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0,
               1),
      BPF_STMT(BPF_RET | BPF_K,
               SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program = {std::size(code), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_REFUSED_CALL_H_
