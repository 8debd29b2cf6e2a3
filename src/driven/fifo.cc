#include "driven/fifo.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "output/shown.h"

namespace lastcommit::driven {

absl::StatusOr<Fifo> Fifo::Make(std::string path) {
  const bool is_made = mkfifo(path.c_str(), 0600) == 0;
  const int descriptor =
      is_made ? open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
  if (descriptor >= 0) return Fifo(std::move(path), descriptor);
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", Shown(path)));
}

Fifo::Fifo(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

Fifo::Fifo(Fifo&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Fifo::~Fifo() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(path_.c_str());
}

}  // namespace lastcommit::driven
