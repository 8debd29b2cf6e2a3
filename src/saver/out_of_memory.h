// Where std::bad_alloc ends: no call of the saver throws. Whoever keeps a state
// over several steps (TransactionStack, the blob streams) runs each step in
// CatchBadAlloc, so that a step without memory is one that failed, and undoes
// what was done with what needs no memory; the interface runs every call in it.

#ifndef LASTCOMMIT_SAVER_OUT_OF_MEMORY_H_
#define LASTCOMMIT_SAVER_OUT_OF_MEMORY_H_

#include <new>
#include <string_view>

#include "absl/status/status.h"

namespace lastcommit::saver {

// ResourceExhausted.
absl::Status OutOfMemory() noexcept;

// A status with that code, without its message if there is no memory for it.
absl::Status StatusWith(absl::StatusCode code,
                        std::string_view message) noexcept;

// The same; `message` makes a text.
template <typename Message>
absl::Status StatusOf(absl::StatusCode code, const Message& message) noexcept {
  try {
    return absl::Status(code, message());
  } catch (const std::bad_alloc&) {
    return absl::Status(code, "");
  }
}

// Runs `work`, which returns an absl::Status or StatusOr.
template <typename Work>
auto CatchBadAlloc(const Work& work) noexcept -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_OUT_OF_MEMORY_H_
