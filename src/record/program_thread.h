// A thread of the program that is recorded, as its tracer knows it.

#ifndef LASTCOMMIT_RECORD_PROGRAM_THREAD_H_
#define LASTCOMMIT_RECORD_PROGRAM_THREAD_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>

#include "record/begun_call.h"
#include "record/conductor.h"
#include "record/fault.h"

namespace lastcommit {

struct ProgramThread {
  std::int32_t ordinal = 0;  // 1 is the first, over all processes
  pid_t process = 0;
  std::int32_t process_ordinal = 0;  // 1 is the first
  int instance = 0;                  // of the program
  std::optional<BegunCall> begun;
  std::optional<Fault> fault;  // of the call
  // The conductor was asked about the call at which it waits for its turn.
  bool is_conducted = false;
  bool is_at_end = false;  // it waits behind its call
  // What it is told of the call until that is done, and it has the turn.
  std::optional<ConductedCall> conducted;
  // Since it slept last it has made a call that the conductor knows: it sleeps
  // because of what came of that.
  bool may_wait_for_others = false;
};

using ProgramThreads = std::map<pid_t, ProgramThread>;

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_PROGRAM_THREAD_H_
