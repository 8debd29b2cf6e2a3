// How messages show what a caller has given: escaped, so that any bytes may be
// in it, and not longer than a line.

#ifndef LASTCOMMIT_SAVER_SHOWN_H_
#define LASTCOMMIT_SAVER_SHOWN_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "saver/records.h"

namespace lastcommit::saver {

// What is shown of one value, and of a path.
inline constexpr std::size_t kMaxShownBytes = 40;
inline constexpr std::size_t kMaxShownPath = 256;

// "abc\x00"; of a longer one the beginning: "abc..." (of 1000 bytes).
std::string Shown(std::string_view value, std::size_t most = kMaxShownBytes);
// An argument as the interface calls it, "metadata", or one of many.
struct ArgumentName {
  std::string_view name;
  std::ptrdiff_t index = -1;  // -1: it is one
};
// metadata, payloads[3]
std::string Shown(const ArgumentName& argument);
// thread_id "t", checkpoint_ns "", checkpoint_id "c"
std::string Shown(const CheckpointKey& key);
// thread_id "t", task_id "a"
std::string Shown(const TaskKey& key);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SHOWN_H_
