// A thread of the recorded program while it is stopped: its call, its memory,
// its descriptors and what its paths name. All of it is the kernel's word
// (ptrace, /proc), and may be gone at any moment: then there is no answer.

#ifndef LASTCOMMIT_RECORD_TRACEE_H_
#define LASTCOMMIT_RECORD_TRACEE_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lastcommit {

struct CallEntry {
  long number = 0;  // NOLINT(google-runtime-int): as syscall() has it
  std::array<std::uint64_t, 6> arguments = {};

  int Int(int argument) const {
    return static_cast<int>(arguments[static_cast<std::size_t>(argument)]);
  }
  std::int64_t Long(int argument) const {
    return static_cast<std::int64_t>(
        arguments[static_cast<std::size_t>(argument)]);
  }
  std::uint64_t Address(int argument) const {
    return arguments[static_cast<std::size_t>(argument)];
  }
};

class Tracee {
 public:
  explicit Tracee(pid_t tid) : tid_(tid) {}

  pid_t tid() const { return tid_; }
  // At a stop of the filter.
  std::optional<CallEntry> Entry() const;
  // At the end of the call: what it returned, -errno if it failed.
  std::optional<std::int64_t> Result() const;

  // At a stop of the filter: the call is not executed. At its end it is the
  // caller that says what it has returned.
  bool SkipCall() const;
  // Another argument for the call, or at its end the one that the program gave.
  bool SetArgument(int argument, std::uint64_t value) const;
  bool SetResult(std::int64_t result) const;

  // As much as can be read.
  std::string Memory(std::uint64_t address, std::size_t size) const;
  template <typename Value>
  std::optional<Value> ValueAt(std::uint64_t address) const {
    const std::string bytes = Memory(address, sizeof(Value));
    if (bytes.size() != sizeof(Value)) return std::nullopt;
    Value value;
    __builtin_memcpy(&value, bytes.data(), sizeof(Value));
    return value;
  }
  // Up to its end; nullopt: it is longer than a path may be.
  std::optional<std::string> Text(std::uint64_t address) const;

  std::optional<struct stat> Stat(int descriptor) const;
  // What the kernel calls it: a path, "pipe:[5]", "/a (deleted)".
  std::string NameOf(int descriptor) const;
  struct Position {
    std::int64_t offset = 0;
    int flags = 0;  // of open
  };
  std::optional<Position> PositionOf(int descriptor) const;
  // Where the tracer can open it; for whoever has the descriptor's rights.
  std::string ProcPath(int descriptor) const;
  // The mapping at the address: what file it is of.
  std::optional<std::string> MappedFile(std::uint64_t address) const;

  // The absolute path of an argument of a call, all but its last component
  // without symbolic links. nullopt: there is no such directory.
  std::optional<std::string> Resolve(int directory,
                                     const std::string& path) const;
  // What the path names, through all symbolic links.
  std::optional<struct stat> StatPath(int directory,
                                      const std::string& path) const;
  // The process of the thread, and the parent of that.
  pid_t Process() const;
  pid_t Parent() const;

 private:
  // A line of /proc/TID/status.
  std::optional<pid_t> StatusOf(const char* format) const;
  // /proc/self as others see it.
  std::string WithoutSelf(const std::string& path) const;

  pid_t tid_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_TRACEE_H_
