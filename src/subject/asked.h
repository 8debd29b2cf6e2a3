// How the tester calls into a store, whose memory may run out in the call and
// nowhere else.

#ifndef LASTCOMMIT_SUBJECT_ASKED_H_
#define LASTCOMMIT_SUBJECT_ASKED_H_

#include <new>

#include "absl/status/status.h"
#include "disk/memory_faults.h"

namespace lastcommit {

// Runs `call`, code of the store. What it throws when memory runs out is an
// answer as any other.
template <typename Call>
auto Asked(const Call& call) -> decltype(call()) {
  try {
    const NewMayFail may_fail;
    return call();
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("the saver has thrown std::bad_alloc");
  }
}

// Calls a method of the store. The arguments are made before that, and so are
// not a part of it.
template <typename Class, typename Method, typename... Arguments>
auto Asked(Class& store, Method method, const Arguments&... arguments) {
  return Asked([&] { return (store.*method)(arguments...); });
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_ASKED_H_
