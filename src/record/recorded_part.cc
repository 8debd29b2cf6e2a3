#include "record/recorded_part.h"

#include <fcntl.h>

#include <utility>

#include "status/status.h"

namespace lastcommit {
namespace {

// What the name of a call is that was none: a store to a mapping.
constexpr char kMapping[] = "mapping";
constexpr char kExit[] = "exit";

RecordedCall CallOf(const ProgramThread& thread, std::string_view name) {
  RecordedCall call;
  call.process = thread.process_ordinal;
  call.thread = thread.ordinal;
  call.name = std::string(name);
  return call;
}

}  // namespace

RecordedPart::RecordedPart(const PartOptions& options, Outlets outlets,
                           RecordingWriter& writer, StackWalker* stacks)
    : options_(options),
      writer_(writer),
      stacks_(stacks),
      files_(options.directory),
      beginnings_(files_, std::move(outlets)),
      effects_(files_),
      disturber_(options.disturbance, files_) {}

absl::Status RecordedPart::TakeStock() {
  // A call for each effect, so that none is large.
  RETURN_IF_ERROR(effects_.Appeared("", [this](Effect effect) {
    RecordedCall call;
    call.effects.push_back(std::move(effect));
    return Emit(call);
  }));
  disturber_.BeginAt(calls_);
  return absl::OkStatus();
}

void RecordedPart::Number(ProgramThread& thread) {
  thread.ordinal = ++seen_threads_;
  const auto next = static_cast<std::int32_t>(processes_.size()) + 1;
  thread.process_ordinal =
      processes_.try_emplace(thread.process, next).first->second;
  AddProcess(thread.process);
}

absl::StatusOr<std::optional<BegunCall>> RecordedPart::Begin(
    const Tracee& tracee, WatchedCall call, const CallEntry& entry) {
  RETURN_IF_ERROR(TakeMappings(/*with_index=*/false));
  return beginnings_.Begin(tracee, call, entry);
}

std::optional<ConductedCall> RecordedPart::Conducted(
    const Tracee& tracee, const BegunCall& begun) const {
  ConductedCall call;
  call.call = begun.call;
  switch (begun.target) {
    case BegunCall::Target::kOutput:
    case BegunCall::Target::kAck:
    case BegunCall::Target::kOutside:
      return std::nullopt;
    case BegunCall::Target::kEverything:
      return call;
    case BegunCall::Target::kOpen:
    case BegunCall::Target::kPath:
      if (!begun.path.has_value() && !begun.to.has_value()) return std::nullopt;
      call.name = begun.path.has_value() ? *begun.path : *begun.to;
      return call;
    case BegunCall::Target::kFile:
      break;
  }
  call.name = files_.Below(tracee.NameOf(begun.descriptor)).value_or("");
  if (FamilyOf(begun.call) == CallFamily::kLock) {
    call.offset = begun.lock.l_start;
    call.amount = begun.lock.l_len;
    call.unlocks = begun.lock.l_type == F_UNLCK;
  } else if (begun.call == WatchedCall::kPwrite) {
    call.offset = begun.entry.Long(3);
    call.amount = begun.entry.Long(2);
  }
  return call;
}

absl::Status RecordedPart::End(const Tracee& tracee,
                               const ProgramThread& thread,
                               std::int64_t result) {
  const BegunCall& begun = *thread.begun;
  const bool promises = begun.target == BegunCall::Target::kOutput ||
                        begun.target == BegunCall::Target::kAck;
  if (promises) RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
  RecordedCall call = CallOf(thread, Name(begun.call));
  RETURN_IF_ERROR(effects_.Finish(tracee, begun, result, call.effects));
  if (stacks_ != nullptr && !call.effects.empty()) {
    ASSIGN_OR_RETURN(call.stack, writer_.AddStack(stacks_->Walk(thread.process,
                                                                tracee.tid())));
  }
  is_over_ = is_over_ || IsOver(call);
  return Emit(call);
}

bool RecordedPart::IsOver(const RecordedCall& call) const {
  if (!options_.ends) return false;
  bool is_over = false;
  for (const Effect& effect : call.effects) {
    if (effect.kind != EffectKind::kAck) continue;
    is_over = options_.ends(effect.bytes) || is_over;
  }
  return is_over;
}

absl::Status RecordedPart::Exit(const ProgramThread& thread,
                                std::int64_t status, bool is_first) {
  RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
  RecordedCall call = CallOf(thread, kExit);
  Effect effect;
  effect.kind = EffectKind::kExit;
  effect.offset = status;
  effect.exclusive = is_first;
  call.effects.push_back(std::move(effect));
  return Emit(call);
}

absl::Status RecordedPart::Finish(RecordingEnd& end) {
  RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
  end.calls = calls_;
  end.processes = static_cast<std::int64_t>(processes_.size());
  end.disturbance = disturber_.done();
  end.disturbed_at = disturber_.done_at();
  end.outside = effects_.outside().count;
  end.outside_paths = effects_.outside().paths;
  return writer_.Finish(end);
}

absl::Status RecordedPart::Emit(RecordedCall& call) {
  if (call.effects.empty()) return absl::OkStatus();
  call.number = calls_++;
  return writer_.Add(call);
}

absl::Status RecordedPart::TakeMappings(bool with_index) {
  RecordedCall call;
  call.name = kMapping;
  RETURN_IF_ERROR(effects_.LookAtMappings(with_index, call.effects));
  return Emit(call);
}

}  // namespace lastcommit
