#include "record/feed.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace lastcommit {

void Feed::Write() {
  for (Rest& rest : rests_) {
    while (!rest.text.empty()) {
      const ssize_t size = write(rest.pipe, rest.text.data(), rest.text.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) break;
      rest.text.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  std::erase_if(rests_, [](const Rest& rest) { return rest.text.empty(); });
}

}  // namespace lastcommit
