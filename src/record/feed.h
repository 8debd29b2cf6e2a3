// Feed: what another process is to read from a pipe, written as it takes it, so
// that nobody waits who has something else to do.

#ifndef LASTCOMMIT_RECORD_FEED_H_
#define LASTCOMMIT_RECORD_FEED_H_

#include <string_view>

namespace lastcommit {

class Feed {
 public:
  // `pipe` does not block, and some process can read it; both outlive it.
  Feed(int pipe, std::string_view text) : pipe_(pipe), rest_(text) {}

  // As much as there is room for.
  void Write();
  // What to wait for until there is room again; -1: all is written.
  int waits() const { return rest_.empty() ? -1 : pipe_; }

 private:
  const int pipe_;
  std::string_view rest_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_FEED_H_
