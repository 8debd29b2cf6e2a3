// RecordedPart: a recording while it is made. What each call of the program did
// becomes a call of it.

#ifndef LASTCOMMIT_RECORD_RECORDED_PART_H_
#define LASTCOMMIT_RECORD_RECORDED_PART_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "record/begun_call.h"
#include "record/call_effects.h"
#include "record/disturber.h"
#include "record/file_table.h"
#include "record/program_thread.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/stack_walker.h"
#include "record/tracee.h"
#include "record/watched_calls.h"

namespace lastcommit {

class RecordedPart {
 public:
  // All but the outlets must outlive it. `stacks`: none if it is null.
  RecordedPart(const PartOptions& options, Outlets outlets,
               RecordingWriter& writer, StackWalker* stacks);

  const PartOptions& options() const { return options_; }
  Disturber& disturber() { return disturber_; }
  std::uint64_t calls() const { return calls_; }
  RecordProgress progress() const {
    return {calls_, static_cast<std::int64_t>(processes_.size())};
  }
  // PartOptions::ends said so, or the conductor.
  bool is_over() const {
    return is_over_ ||
           (options_.conductor != nullptr && options_.conductor->is_over());
  }

  // What is there before the program begins, or goes on.
  absl::Status TakeStock();
  // One that is recorded.
  void AddProcess(pid_t process) { beginnings_.AddProcess(process); }
  // Gives a thread, which has a process, its numbers in this recording.
  void Number(ProgramThread& thread);

  // What is about to be done; nullopt: nothing that is recorded.
  absl::StatusOr<std::optional<BegunCall>> Begin(const Tracee& tracee,
                                                 WatchedCall call,
                                                 const CallEntry& entry);
  // What a conductor is told of it; nullopt: it is on no file that is watched,
  // or an acknowledgement.
  std::optional<ConductedCall> Conducted(const Tracee& tracee,
                                         const BegunCall& begun) const;
  // The thread's call, which has begun, has returned `result`.
  absl::Status End(const Tracee& tracee, const ProgramThread& thread,
                   std::int64_t result);
  // Its process ends. `status`: as wait() has it.
  absl::Status Exit(const ProgramThread& thread, std::int64_t status,
                    bool is_first);
  // How it ended, of which the rest is filled in.
  absl::Status Finish(RecordingEnd& end);

 private:
  absl::Status Emit(RecordedCall& call);
  absl::Status TakeMappings(bool with_index);
  bool IsOver(const RecordedCall& call) const;

  const PartOptions& options_;
  RecordingWriter& writer_;
  StackWalker* const stacks_;
  FileTable files_;
  CallBeginnings beginnings_;
  CallEffects effects_;
  Disturber disturber_;
  std::map<pid_t, std::int32_t> processes_;
  std::int32_t seen_threads_ = 0;
  std::uint64_t calls_ = 0;
  bool is_over_ = false;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_RECORDED_PART_H_
