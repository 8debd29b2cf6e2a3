#include "record/recording_codec.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

// Numbers in seven bits a byte, the lowest first.
void PutNumber(std::uint64_t number, std::string& bytes) {
  while (number >= 0x80) {
    bytes.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  bytes.push_back(static_cast<char>(number));
}

void PutText(std::string_view text, std::string& bytes) {
  PutNumber(text.size(), bytes);
  bytes.append(text);
}

void PutEffect(const Effect& effect, std::string& bytes) {
  bytes.push_back(static_cast<char>(effect.kind));
  PutNumber(static_cast<std::uint64_t>(effect.file), bytes);
  PutNumber(static_cast<std::uint64_t>(effect.offset), bytes);
  PutNumber(static_cast<std::uint64_t>(effect.amount), bytes);
  PutNumber(effect.exclusive ? 1 : 0, bytes);
  PutText(effect.path, bytes);
  PutText(effect.to, bytes);
  PutText(effect.bytes, bytes);
}

}  // namespace

void PutCall(const RecordedCall& call, std::string& bytes) {
  PutNumber(call.number, bytes);
  PutNumber(static_cast<std::uint64_t>(call.process), bytes);
  PutNumber(static_cast<std::uint64_t>(call.thread), bytes);
  PutText(call.name, bytes);
  PutNumber(static_cast<std::uint64_t>(call.stack), bytes);
  PutNumber(call.effects.size(), bytes);
  for (const Effect& effect : call.effects) PutEffect(effect, bytes);
}

void PutStack(const RecordedStack& stack, std::string& bytes) {
  PutText(stack.program, bytes);
  PutNumber(stack.frames.size(), bytes);
  for (const StackFrame& frame : stack.frames) {
    PutText(frame.function, bytes);
    PutText(frame.module, bytes);
    PutNumber(frame.offset, bytes);
    PutText(frame.source, bytes);
    PutNumber(static_cast<std::uint64_t>(frame.line), bytes);
  }
}

void Shorten(RecordedStack& stack) {
  const auto shorten = [](std::string& text) {
    text.resize(std::min(text.size(), RecordingLimits::kMaxPath));
  };
  shorten(stack.program);
  stack.frames.resize(
      std::min(stack.frames.size(), RecordingLimits::kMaxFrames));
  for (StackFrame& frame : stack.frames) {
    shorten(frame.function);
    shorten(frame.module);
    shorten(frame.source);
  }
}

namespace {

// Takes values off the front of bytes; once something was not there all that
// follows is empty.
class Taker {
 public:
  explicit Taker(std::string_view bytes) : left_(bytes) {}

  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      number |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80) == 0) return number;
    }
    is_bad_ = true;
    return 0;
  }
  // Not negative.
  std::int64_t Amount() {
    const std::uint64_t number = Number();
    if (number > std::uint64_t{INT64_MAX}) is_bad_ = true;
    return is_bad_ ? 0 : static_cast<std::int64_t>(number);
  }
  std::int32_t Ordinal() {
    const std::uint64_t number = Number();
    if (number > std::uint64_t{INT32_MAX}) is_bad_ = true;
    return is_bad_ ? 0 : static_cast<std::int32_t>(number);
  }
  std::string Text(std::size_t most) {
    const std::uint64_t size = Number();
    if (is_bad_ || size > most || size > left_.size()) {
      is_bad_ = true;
      return "";
    }
    std::string text(left_.substr(0, size));
    left_.remove_prefix(size);
    return text;
  }
  // A name below the directory, or the directory itself.
  std::string Path() {
    std::string path = Text(RecordingLimits::kMaxPath);
    const std::string framed = absl::StrCat("/", path, "/");
    if (!path.empty() && (framed.find("//") != std::string::npos ||
                          framed.find("/./") != std::string::npos ||
                          framed.find("/../") != std::string::npos ||
                          path.find('\0') != std::string::npos)) {
      is_bad_ = true;
    }
    return path;
  }

  bool is_bad() const { return is_bad_; }
  bool is_empty() const { return left_.empty(); }
  void Refuse() { is_bad_ = true; }

 private:
  std::string_view left_;
  bool is_bad_ = false;
};

Effect TakeEffect(Taker& taker) {
  Effect effect;
  const std::uint64_t kind = taker.Number();
  if (kind >= kEffectKinds) taker.Refuse();
  effect.kind = static_cast<EffectKind>(kind);
  effect.file = taker.Amount();
  effect.offset = taker.Amount();
  effect.amount = taker.Amount();
  effect.exclusive = taker.Number() != 0;
  effect.path = taker.Path();
  effect.to = effect.kind == EffectKind::kSymlink
                  ? taker.Text(RecordingLimits::kMaxPath)
                  : taker.Path();
  effect.bytes = taker.Text(RecordingLimits::kMaxWrite);
  return effect;
}

}  // namespace

bool TakeCall(std::string_view bytes, RecordedCall& call) {
  Taker taker(bytes);
  call.number = taker.Number();
  call.process = taker.Ordinal();
  call.thread = taker.Ordinal();
  call.name = taker.Text(RecordingLimits::kMaxPath);
  call.stack = taker.Ordinal();
  const std::uint64_t count = taker.Number();
  call.effects.clear();
  if (count > RecordingLimits::kMaxEffects) return false;
  for (std::uint64_t i = 0; i < count && !taker.is_bad(); ++i) {
    call.effects.push_back(TakeEffect(taker));
  }
  return !taker.is_bad() && taker.is_empty();
}

bool TakeStack(std::string_view bytes, RecordedStack& stack) {
  Taker taker(bytes);
  stack.program = taker.Text(RecordingLimits::kMaxPath);
  const std::uint64_t count = taker.Number();
  if (count > RecordingLimits::kMaxFrames) return false;
  for (std::uint64_t i = 0; i < count && !taker.is_bad(); ++i) {
    StackFrame& frame = stack.frames.emplace_back();
    frame.function = taker.Text(RecordingLimits::kMaxPath);
    frame.module = taker.Text(RecordingLimits::kMaxPath);
    frame.offset = taker.Number();
    frame.source = taker.Text(RecordingLimits::kMaxPath);
    frame.line = taker.Ordinal();
  }
  return !taker.is_bad() && taker.is_empty();
}

}  // namespace lastcommit
