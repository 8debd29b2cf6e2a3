#include "record/feed.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace lastcommit {

void Feed::Write() {
  while (!rest_.empty()) {
    const ssize_t size = write(pipe_, rest_.data(), rest_.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    rest_.remove_prefix(static_cast<std::size_t>(size));
  }
}

}  // namespace lastcommit
