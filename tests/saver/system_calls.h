// Sees the system calls by which this process changes files: system_calls.cc
// defines open(), write(), unlink(), ... in the test executable, where they
// take precedence over libc's for SQLite and the saver alike.

#ifndef LASTCOMMIT_TESTS_SAVER_SYSTEM_CALLS_H_
#define LASTCOMMIT_TESTS_SAVER_SYSTEM_CALLS_H_

#include <set>
#include <string>

namespace lastcommit::saver {

// Forgets what was recorded and records until StopRecording().
void StartRecording();
// The paths that were opened or unlinked.
std::set<std::string> StopRecording();

// Kills this process before its n-th call (1, 2, ...) that changes a file.
void KillBeforeCall(int n);
// From now on, until they are told otherwise: each call that syncs, writes or
// unlinks fails with EIO.
void FailSyncs(bool fail);
void FailWrites(bool fail);
void FailUnlinks(bool fail);
// The same of each pread().
void FailReads(bool fail);
// The same of each call that opens a file, with EMFILE.
void FailOpens(bool fail);

// Every such call from now on fails with ENOSPC if it needs space; for a
// child process, there is no way back.
void FillDisk();

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_TESTS_SAVER_SYSTEM_CALLS_H_
