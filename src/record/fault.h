// Errors that a call of the recorded program is made to fail with instead of
// being executed: those that the call may legally give on a file system that is
// full, broken or over its quota, and a write that writes less than asked for.

#ifndef LASTCOMMIT_RECORD_FAULT_H_
#define LASTCOMMIT_RECORD_FAULT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "record/begun_call.h"

namespace lastcommit {

struct Fault {
  // The argument of write and pwrite64 that says how much.
  static constexpr int kSizeArgument = 2;

  int error = 0;           // an errno; 0: it writes less
  std::uint64_t size = 0;  // then so many bytes, at least 1

  std::string InWords() const;  // "fails with EIO", "writes 5 bytes"
};

// The error number `choice` of those of the call, counted round; nullopt: it is
// not made to fail.
std::optional<Fault> FaultOf(const BegunCall& begun, std::uint64_t choice);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_FAULT_H_
