// A process that forks a child for each trial writes to pages of its heap that
// are write-protected since the fork, and each of them is a page fault: some
// 1,400 a trial whose system calls are recorded. Large pages are fewer.

#ifndef LASTCOMMIT_TRIAL_LARGE_PAGES_H_
#define LASTCOMMIT_TRIAL_LARGE_PAGES_H_

namespace lastcommit {

// Some 64 MiB of what this process allocates from now on lie in large pages, as
// far as the kernel has them, and stay its own when it frees them; what is
// beyond that lies in small ones, as before. Of glibc's malloc; nothing if a
// sanitizer looks after memory itself. A second time it does nothing. Of a
// process with a single thread.
void UseLargePages();

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_LARGE_PAGES_H_
