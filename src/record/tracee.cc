#include "record/tracee.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};
struct CloseStream {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Stream = std::unique_ptr<std::FILE, CloseStream>;

std::string LinkAt(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  return size < 0 ? "" : std::string(target, static_cast<std::size_t>(size));
}

std::optional<__ptrace_syscall_info> InfoOf(pid_t tid) {
  __ptrace_syscall_info info = {};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the size is passed so
  void* const size = reinterpret_cast<void*>(sizeof(info));
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, size, &info) <= 0) {
    return std::nullopt;
  }
  return info;
}

#if defined(__x86_64__)
using Registers = user_regs_struct;

auto& ArgumentIn(Registers& registers, int argument) {
  switch (argument) {
    case 0:
      return registers.rdi;
    case 1:
      return registers.rsi;
    case 2:
      return registers.rdx;
    case 3:
      return registers.r10;
    case 4:
      return registers.r8;
    default:
      return registers.r9;
  }
}

auto& ResultIn(Registers& registers) { return registers.rax; }
#else
using Registers = user_regs_struct;

auto& ArgumentIn(Registers& registers, int argument) {
  return registers.regs[argument];
}

auto& ResultIn(Registers& registers) { return registers.regs[0]; }
#endif

// NOLINTBEGIN(performance-no-int-to-ptr): the kind of a set is passed so
template <typename Set>
bool GetSet(pid_t tid, std::uintptr_t kind, Set& set) {
  iovec where = {&set, sizeof(set)};
  return ptrace(PTRACE_GETREGSET, tid, reinterpret_cast<void*>(kind), &where) ==
         0;
}

template <typename Set>
bool PutSet(pid_t tid, std::uintptr_t kind, Set set) {
  iovec where = {&set, sizeof(set)};
  return ptrace(PTRACE_SETREGSET, tid, reinterpret_cast<void*>(kind), &where) ==
         0;
}
// NOLINTEND(performance-no-int-to-ptr)

}  // namespace

bool Tracee::SkipCall() const {
#if defined(__x86_64__)
  Registers registers = {};
  if (!GetSet(tid_, NT_PRSTATUS, registers)) return false;
  registers.orig_rax = ~decltype(registers.orig_rax){0};
  return PutSet(tid_, NT_PRSTATUS, registers);
#else
  return PutSet(tid_, NT_ARM_SYSTEM_CALL, -1);
#endif
}

bool Tracee::SetArgument(int argument, std::uint64_t value) const {
  Registers registers = {};
  if (!GetSet(tid_, NT_PRSTATUS, registers)) return false;
  ArgumentIn(registers, argument) = value;
  return PutSet(tid_, NT_PRSTATUS, registers);
}

bool Tracee::SetResult(std::int64_t result) const {
  Registers registers = {};
  if (!GetSet(tid_, NT_PRSTATUS, registers)) return false;
  ResultIn(registers) = static_cast<std::uint64_t>(result);
  return PutSet(tid_, NT_PRSTATUS, registers);
}

std::optional<CallEntry> Tracee::Entry() const {
  const auto info = InfoOf(tid_);
  if (!info.has_value() || info->op != PTRACE_SYSCALL_INFO_SECCOMP) {
    return std::nullopt;
  }
  CallEntry entry;
  // NOLINTNEXTLINE(google-runtime-int): the type of syscall()
  entry.number = static_cast<long>(info->seccomp.nr);
  std::copy(std::begin(info->seccomp.args), std::end(info->seccomp.args),
            entry.arguments.begin());
  return entry;
}

std::optional<std::int64_t> Tracee::Result() const {
  const auto info = InfoOf(tid_);
  if (!info.has_value() || info->op != PTRACE_SYSCALL_INFO_EXIT) {
    return std::nullopt;
  }
  return info->exit.rval;
}

std::string Tracee::Memory(std::uint64_t address, std::size_t size) const {
  std::string bytes(size, '\0');
  const iovec here = {bytes.data(), size};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of the program
  const iovec there = {reinterpret_cast<void*>(address), size};
  const ssize_t read = process_vm_readv(tid_, &here, 1, &there, 1, 0);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
  return bytes;
}

std::optional<std::string> Tracee::Text(std::uint64_t address) const {
  constexpr std::uint64_t kPage = 4096;
  std::string text;
  while (text.size() < PATH_MAX) {
    const std::uint64_t at = address + text.size();
    const std::string part =
        Memory(at, static_cast<std::size_t>(kPage - at % kPage));
    if (part.empty()) return std::nullopt;
    const std::size_t end = part.find('\0');
    text += part.substr(0, end);
    if (end != std::string::npos) return text;
  }
  return std::nullopt;
}

std::string Tracee::ProcPath(int descriptor) const {
  return absl::StrCat("/proc/", tid_, "/fd/", descriptor);
}

std::string Tracee::WithoutSelf(const std::string& path) const {
  for (const std::string_view self : {"/proc/self/", "/proc/thread-self/"}) {
    if (path.compare(0, self.size(), self) == 0) {
      return absl::StrCat("/proc/", tid_, "/", path.substr(self.size()));
    }
  }
  return path;
}

std::optional<struct stat> Tracee::StatPath(int directory,
                                            const std::string& path) const {
  const auto resolved = Resolve(directory, path);
  struct stat found = {};
  if (!resolved.has_value() || stat(resolved->c_str(), &found) != 0) {
    return std::nullopt;
  }
  return found;
}

std::optional<struct stat> Tracee::Stat(int descriptor) const {
  struct stat found = {};
  if (descriptor < 0 || stat(ProcPath(descriptor).c_str(), &found) != 0) {
    return std::nullopt;
  }
  return found;
}

std::string Tracee::NameOf(int descriptor) const {
  return LinkAt(ProcPath(descriptor));
}

std::optional<Tracee::Position> Tracee::PositionOf(int descriptor) const {
  const Stream file(std::fopen(
      absl::StrCat("/proc/", tid_, "/fdinfo/", descriptor).c_str(), "re"));
  Position position;
  long long offset = 0;  // NOLINT(google-runtime-int): the type of %lld
  unsigned flags = 0;
  if (file == nullptr ||
      std::fscanf(file.get(), "pos: %lld flags: %o", &offset, &flags) != 2) {
    return std::nullopt;
  }
  position.offset = offset;
  position.flags = static_cast<int>(flags);
  return position;
}

std::optional<std::string> Tracee::MappedFile(std::uint64_t address) const {
  const Stream maps(
      std::fopen(absl::StrCat("/proc/", tid_, "/maps").c_str(), "re"));
  if (maps == nullptr) return std::nullopt;
  char* line = nullptr;
  std::size_t capacity = 0;
  std::optional<std::string> name;
  while (!name.has_value() && getline(&line, &capacity, maps.get()) > 0) {
    // NOLINTBEGIN(google-runtime-int): the type of %lx
    unsigned long begin = 0;
    unsigned long end = 0;
    // NOLINTEND(google-runtime-int)
    int at = 0;
    if (std::sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &at) ==
            2 &&
        address >= begin && address < end) {
      name = std::string(line + at);
      while (!name->empty() && name->back() == '\n') name->pop_back();
    }
  }
  const std::unique_ptr<char, FreeText> freed(line);
  return name;
}

std::optional<std::string> Tracee::Resolve(int directory,
                                           const std::string& path) const {
  const std::string of_thread = WithoutSelf(path);
  std::string_view rest(of_thread);
  while (rest.size() > 1 && rest.back() == '/') rest.remove_suffix(1);
  const std::size_t slash = rest.rfind('/');
  std::string last(slash == std::string_view::npos ? rest
                                                   : rest.substr(slash + 1));
  std::string parent(
      slash == std::string_view::npos ? "" : rest.substr(0, slash + 1));
  if (last.empty() || last == "." || last == "..") {
    parent = std::string(rest);
    last.clear();
  }
  const std::string base = !rest.empty() && rest.front() == '/'
                               ? absl::StrCat("/proc/", tid_, "/root")
                           : directory == AT_FDCWD
                               ? absl::StrCat("/proc/", tid_, "/cwd/")
                               : ProcPath(directory) + "/";
  const std::unique_ptr<char, FreeText> real(
      realpath((base + parent).c_str(), nullptr));
  if (real == nullptr) return std::nullopt;
  std::string resolved(real.get());
  if (last.empty()) return resolved;
  if (resolved != "/") resolved += '/';
  return resolved + last;
}

pid_t Tracee::Process() const { return StatusOf("Tgid: %d").value_or(tid_); }

pid_t Tracee::Parent() const { return StatusOf("PPid: %d").value_or(0); }

std::optional<pid_t> Tracee::StatusOf(const char* format) const {
  const Stream status(
      std::fopen(absl::StrCat("/proc/", tid_, "/status").c_str(), "re"));
  if (status == nullptr) return std::nullopt;
  char* line = nullptr;
  std::size_t capacity = 0;
  std::optional<pid_t> found;
  while (!found.has_value() && getline(&line, &capacity, status.get()) > 0) {
    pid_t process = 0;
    // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): one of the two above
    if (std::sscanf(line, format, &process) == 1) found = process;
  }
  const std::unique_ptr<char, FreeText> freed(line);
  return found;
}

}  // namespace lastcommit
