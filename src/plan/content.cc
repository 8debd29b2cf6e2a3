// All bytes come from splitmix64.

#include "plan/content.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "plan/splitmix64.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kGamma = SplitMix64::kGamma;

// A bijection, so that different seeds never become one.
constexpr std::uint64_t Mix(std::uint64_t z) { return SplitMix64::Mix(z); }

// A seed of its own for each use of a step's one seed.
constexpr std::uint64_t Derive(std::uint64_t seed, std::uint64_t use) {
  return Mix(seed + Mix(use + kGamma));
}
constexpr std::uint64_t kTypeUse = 1'000'000;  // above each entry of a batch
constexpr std::uint64_t kMetadataUse = kTypeUse + 1;
constexpr std::uint64_t kMetadataSizeUse = kTypeUse + 2;
constexpr std::uint64_t kFilterUse = kTypeUse + 3;
constexpr std::uint64_t kChannelUse = kTypeUse + 4;
constexpr std::uint64_t kWritesUse = 2 * kTypeUse;  // and above, one a write

class Words {
 public:
  explicit Words(std::uint64_t seed) : state_(Mix(seed)) {}
  std::uint64_t Next() { return Mix(state_ += kGamma); }

 private:
  std::uint64_t state_;
};

// Little-endian on every machine. memcpy because GCC 12 makes eight stores of
// a loop over the bytes, which is three times slower.
void PutWord(std::uint64_t word, char* to) {
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  std::memcpy(to, &word, sizeof(word));
}

std::size_t SizeOf(const Content& content) {
  return static_cast<std::size_t>(std::max<std::int64_t>(content.size, 0));
}

// "thread" and 7 give "thread-7". The odd ones still hold word and number, so
// all stay distinct.
std::string NameOf(std::string_view word, int number) {
  std::string plain = absl::StrCat(std::string(word), "-", number);
  if (number % 5 != 3) return plain;
  switch (number / 5 % 4) {
    case 0:
      return plain + " 'it''s' \"quoted\"; DROP TABLE checkpoints; --";
    case 1:
      return "\u00dcn\u00efc\u00f6d\u00e9 \u65e5\u672c \U0001f4be " + plain;
    case 2:
      return plain + "\nsecond line\t100%_?1:a@b$c";
    default:
      return " \x01\x1b[0m\\" + plain + "`[x]` ";
  }
}

constexpr std::size_t kSmallestObject = 16;

std::string TypeOf(std::uint64_t seed) {
  constexpr std::array<std::string_view, 4> kTypes = {"json", "pickle",
                                                      "msgpack", "bytes"};
  return std::string(kTypes[Derive(seed, kTypeUse) % kTypes.size()]);
}

// What JSON says in ways other than a plain letter.
constexpr std::array<std::string_view, 16> kPieces = {
    "\\n",    "\\\"",    "\\\\",       "\\t",
    "\\/",    "\\u0000", "\\u00e9",    "\\ud83d\\ude00",
    "\u00e9", "\u65e5",  "\U0001f600", "\u00df",
    "'",      "%s",      ";--",        "{[,:]}"};
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _";
static_assert(kLetters.size() == 64);

// `size` bytes for between the quotes of a JSON string. Each word gives eight
// letters, or now and then a piece if that still fits; the first word always
// letters, which are enough to tell seeds apart.
std::string JsonLetters(std::size_t size, std::uint64_t seed) {
  constexpr std::size_t kLettersPerWord = 8;
  Words words(seed);
  std::string text;
  text.reserve(size);
  while (text.size() < size) {
    const std::uint64_t word = words.Next();
    const std::size_t left = size - text.size();
    const std::string_view piece = kPieces[word >> 60];
    const bool is_piece = !text.empty() && (word >> 58) % 4 == 0;
    if (is_piece && piece.size() <= left) {
      text += piece;
      continue;
    }
    char letters[kLettersPerWord];
    for (std::size_t i = 0; i < kLettersPerWord; ++i) {
      letters[i] = kLetters[(word >> (6 * i)) % kLetters.size()];
    }
    text.append(letters, std::min(left, kLettersPerWord));
  }
  return text;
}

}  // namespace

std::string ThreadName(int thread) { return NameOf("thread", thread); }
std::string NamespaceName(int ns) { return ns == 0 ? "" : NameOf("ns", ns); }
std::string CheckpointName(int id) { return NameOf("checkpoint", id); }
std::string TaskName(int task) { return NameOf("task", task); }
std::string BlobName(int id) { return NameOf("blob", id); }

std::string ContentBytes(const Content& content) {
  constexpr std::size_t kWord = 8;
  std::string bytes(SizeOf(content), '\0');
  Words words(content.seed);
  std::size_t done = 0;
  for (; done + kWord <= bytes.size(); done += kWord) {
    PutWord(words.Next(), bytes.data() + done);
  }
  char last[kWord];
  PutWord(words.Next(), last);
  std::copy_n(last, bytes.size() - done, bytes.data() + done);
  return bytes;
}

std::string ContentJson(const Content& content, bool is_valid) {
  constexpr std::size_t kSmallest = 2;
  const std::size_t size = std::max(SizeOf(content), kSmallest);
  // Too short for a string of any letters: a number.
  if (is_valid && size == kSmallest) {
    return absl::StrCat(10 + Derive(content.seed, 0) % 90);
  }
  const bool is_object = size >= kSmallestObject;
  const std::string_view begin = is_object ? "{\"v\":\"" : "\"";
  // A text without its last quote is no JSON, wherever it was cut.
  const std::string_view end = !is_valid ? "" : is_object ? "\"}" : "\"";
  std::string text(begin);
  text += JsonLetters(size - begin.size() - end.size(), content.seed);
  text += end;
  return text;
}

CheckpointContent CheckpointOf(const Step& step) {
  constexpr std::uint64_t kMetadataSizes = 63;  // 2 to 64
  const std::uint64_t seed = step.content.seed;
  CheckpointContent content = {TypeOf(seed), ContentBytes(step.content), "",
                               std::nullopt};
  const auto filter =
      static_cast<int>(Derive(seed, kFilterUse) % (PlanLimits::kMaxFilter + 1));
  const std::string member = absl::StrCat("\"", kFilterKey, "\":", filter, ",");
  std::size_t size = 2 + Derive(seed, kMetadataSizeUse) % kMetadataSizes;
  if (size >= kSmallestObject + member.size()) {
    content.filter = filter;
    size -= member.size();
  }
  content.metadata =
      ContentJson({static_cast<std::int64_t>(size), Derive(seed, kMetadataUse)},
                  step.invalid_at < 0);
  if (content.filter.has_value()) content.metadata.insert(1, member);
  return content;
}

std::vector<PendingWrite> WritesOf(const Step& step) {
  constexpr std::array<std::string_view, 4> kChannels = {
      "messages", "__error__", "branch:to:'x'", "\u00e9tat"};
  const int count = step.kind == StepKind::kPutWrite ? 1 : step.count;
  std::vector<PendingWrite> writes;
  for (int i = 0; i < count; ++i) {
    const Content content = {
        step.content.size,
        Derive(step.content.seed, kWritesUse + static_cast<std::uint64_t>(i))};
    const std::size_t channel =
        Derive(content.seed, kChannelUse) % kChannels.size();
    writes.push_back({.task_id = TaskName(step.task),
                      .idx = std::int64_t{step.idx} + i,
                      .channel = std::string(kChannels[channel]),
                      .type = TypeOf(content.seed),
                      .bytes = ContentBytes(content),
                      .is_replaceable = step.replace != 0});
  }
  return writes;
}

std::vector<std::string> LogPayloadsOf(const Step& step) {
  const int count = step.kind == StepKind::kAppendLogs ? step.count : 1;
  std::vector<std::string> payloads;
  for (int i = 0; i < count; ++i) {
    const Content content = {
        step.content.size,
        Derive(step.content.seed, static_cast<std::uint64_t>(i))};
    payloads.push_back(ContentJson(content, i != step.invalid_at));
  }
  return payloads;
}

std::string TaskPayloadOf(const Step& step) {
  return ContentJson(step.content, step.invalid_at < 0);
}

}  // namespace lastcommit
