#include "saver/out_of_memory.h"

namespace lastcommit::saver {

absl::Status OutOfMemory() noexcept {
  return StatusWith(absl::StatusCode::kResourceExhausted, "out of memory");
}

// A status without a message needs no memory.
absl::Status StatusWith(absl::StatusCode code,
                        std::string_view message) noexcept {
  return StatusOf(code, [message] {
    return absl::string_view(message.data(), message.size());
  });
}

}  // namespace lastcommit::saver
