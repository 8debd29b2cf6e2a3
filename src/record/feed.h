// Feed: what other processes are to read from pipes, written as they take it,
// so that nobody waits who has something else to do.

#ifndef LASTCOMMIT_RECORD_FEED_H_
#define LASTCOMMIT_RECORD_FEED_H_

#include <string_view>
#include <vector>

namespace lastcommit {

class Feed {
 public:
  Feed() = default;
  Feed(int pipe, std::string_view text) { Give(pipe, text); }

  // One text more. `pipe` does not block, and some process can read it; both
  // outlive it.
  void Give(int pipe, std::string_view text) { rests_.push_back({pipe, text}); }
  // As much as there is room for.
  void Write();
  // What to wait for until there is room again; -1: all is written.
  int waits() const { return rests_.empty() ? -1 : rests_.front().pipe; }

 private:
  struct Rest {
    int pipe = -1;
    std::string_view text;
  };
  std::vector<Rest> rests_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_FEED_H_
