// How many processes the kernel has killed for lack of memory. The kernel
// counts before it kills (oom_kill_process() in mm/oom_kill.c of Linux), so
// that a SIGKILL from somewhere else can be told apart.

#ifndef LASTCOMMIT_TRIAL_MEMORY_KILLS_H_
#define LASTCOMMIT_TRIAL_MEMORY_KILLS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace lastcommit {

// Of this machine since it was started; nullopt if the kernel does not say
// (before Linux 4.13, or without /proc).
std::optional<std::int64_t> CountOutOfMemoryKills();

// The same in the text of /proc/vmstat.
std::optional<std::int64_t> OutOfMemoryKillsIn(std::string_view vmstat);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_MEMORY_KILLS_H_
