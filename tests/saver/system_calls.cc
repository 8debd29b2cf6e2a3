#include "saver/system_calls.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>

namespace lastcommit::saver {
namespace {

bool is_recording = false;
bool is_disk_full = false;
bool do_syncs_fail = false;
bool do_writes_fail = false;
bool do_unlinks_fail = false;
bool do_reads_fail = false;
bool do_opens_fail = false;
int calls_until_kill = 0;  // 0 = never
std::set<std::string>& Paths() {
  static auto* paths = new std::set<std::string>;
  return *paths;
}

void CountCall() {
  if (calls_until_kill > 0 && --calls_until_kill == 0) raise(SIGKILL);
}

// False, with errno set, when the call must fail.
bool TakeSpace() {
  CountCall();
  if (is_disk_full) errno = ENOSPC;
  if (do_writes_fail) errno = EIO;
  return !is_disk_full && !do_writes_fail;
}

// False, with errno set, when the call must fail.
bool MayGoOn(bool does_fail) {
  CountCall();
  if (does_fail) errno = EIO;
  return !does_fail;
}

void Note(const char* path) {
  if (is_recording) Paths().insert(path);
}

int Open(int directory, const char* path, int flags, unsigned mode) {
  if ((flags & O_CREAT) != 0) CountCall();
  Note(path);
  if (do_opens_fail) {
    errno = EMFILE;
    return -1;
  }
  return static_cast<int>(syscall(SYS_openat, directory, path, flags, mode));
}

}  // namespace

void StartRecording() {
  Paths().clear();
  is_recording = true;
}

std::set<std::string> StopRecording() {
  is_recording = false;
  return Paths();
}

void KillBeforeCall(int n) { calls_until_kill = n; }
void FailSyncs(bool fail) { do_syncs_fail = fail; }
void FailWrites(bool fail) { do_writes_fail = fail; }
void FailUnlinks(bool fail) { do_unlinks_fail = fail; }
void FailReads(bool fail) { do_reads_fail = fail; }
void FailOpens(bool fail) { do_opens_fail = fail; }
void FillDisk() { is_disk_full = true; }

}  // namespace lastcommit::saver

using lastcommit::saver::CountCall;
using lastcommit::saver::MayGoOn;
using lastcommit::saver::Note;
using lastcommit::saver::Open;
using lastcommit::saver::TakeSpace;

// With optimisation the headers of libc would turn these names into others.
extern "C" {

#define OPEN_FUNCTION(name)                            \
  int name(const char* path, int flags, ...) {         \
    va_list arguments;                                 \
    va_start(arguments, flags);                        \
    const unsigned mode = va_arg(arguments, unsigned); \
    va_end(arguments);                                 \
    return Open(AT_FDCWD, path, flags, mode);          \
  }
OPEN_FUNCTION(open)
OPEN_FUNCTION(open64)
#undef OPEN_FUNCTION

ssize_t write(int file, const void* bytes, size_t size) {
  if (file > 2 && !TakeSpace()) return -1;
  return syscall(SYS_write, file, bytes, size);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (!TakeSpace()) return -1;
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  return pwrite(file, bytes, size, offset);
}
ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  if (lastcommit::saver::do_reads_fail) {
    errno = EIO;
    return -1;
  }
  return syscall(SYS_pread64, file, bytes, size, offset);
}
ssize_t pread64(int file, void* bytes, size_t size, off64_t offset) {
  return pread(file, bytes, size, offset);
}
int ftruncate(int file, off_t size) noexcept {
  CountCall();
  return static_cast<int>(syscall(SYS_ftruncate, file, size));
}
int ftruncate64(int file, off64_t size) noexcept {
  return ftruncate(file, size);
}
int unlink(const char* path) noexcept {
  if (!MayGoOn(lastcommit::saver::do_unlinks_fail)) return -1;
  Note(path);
  return static_cast<int>(syscall(SYS_unlink, path));
}
int fsync(int file) {
  if (!MayGoOn(lastcommit::saver::do_syncs_fail)) return -1;
  return static_cast<int>(syscall(SYS_fsync, file));
}
int fdatasync(int file) {
  if (!MayGoOn(lastcommit::saver::do_syncs_fail)) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

}  // extern "C"
