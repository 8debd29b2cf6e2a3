// Fifo: a pipe with a name, which another process opens by it. This process has
// both its ends, so that nobody waits for the other one to be opened.

#ifndef LASTCOMMIT_DRIVEN_FIFO_H_
#define LASTCOMMIT_DRIVEN_FIFO_H_

#include <string>

#include "absl/status/statusor.h"

namespace lastcommit::driven {

class Fifo {
 public:
  // Makes it. AlreadyExists, ResourceExhausted, ...
  static absl::StatusOr<Fifo> Make(std::string path);
  // Closes it and removes its name.
  ~Fifo();
  Fifo(Fifo&& other) noexcept;
  Fifo& operator=(Fifo&&) = delete;

  const std::string& path() const { return path_; }
  // To read and to write; it does not block.
  int descriptor() const { return descriptor_; }

 private:
  Fifo(std::string path, int descriptor);
  std::string path_;
  int descriptor_;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_FIFO_H_
