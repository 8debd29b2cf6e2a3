// The bytes of the calls and stacks of a recording (docs/recording-format.md).
// Only src/record/recording.cc includes it.

#ifndef LASTCOMMIT_RECORD_RECORDING_CODEC_H_
#define LASTCOMMIT_RECORD_RECORDING_CODEC_H_

#include <string>
#include <string_view>

#include "record/recording.h"

namespace lastcommit {

// At the end of `bytes`.
void PutCall(const RecordedCall& call, std::string& bytes);
void PutStack(const RecordedStack& stack, std::string& bytes);

// To what the limits allow.
void Shorten(RecordedStack& stack);

// False: these bytes are no such thing, or go beyond the limits. `call` is
// reused, `stack` is empty before.
bool TakeCall(std::string_view bytes, RecordedCall& call);
bool TakeStack(std::string_view bytes, RecordedStack& stack);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_RECORDING_CODEC_H_
