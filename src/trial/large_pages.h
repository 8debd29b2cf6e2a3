// A process that forks a child for each trial writes to pages of its heap that
// are write-protected since the fork, and each of them is a page fault: some
// 1,400 a trial whose system calls are recorded. Large pages are fewer.

#ifndef LASTCOMMIT_TRIAL_LARGE_PAGES_H_
#define LASTCOMMIT_TRIAL_LARGE_PAGES_H_

namespace lastcommit {

// What this process allocates from now on lies in large pages, as far as the
// kernel has them; up to 64 MiB that it frees stay its own. Of glibc's malloc;
// nothing if a sanitizer looks after memory itself. A second time it does
// nothing. Of a process with a single thread.
void UseLargePages();

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_LARGE_PAGES_H_
