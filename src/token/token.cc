#include "token/token.h"

#include <cstdint>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "generate/mix.h"
#include "plan/codec.h"
#include "status/status.h"
#include "token/plan_difference.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// The number is the format's.
constexpr std::string_view kPrefix = "lc1_";
constexpr std::size_t kHashBytes = 4;
constexpr std::size_t kChecksumBytes = 3;

std::uint64_t HashOf(std::string_view text) {
  return XXH3_64bits(text.data(), text.size()) & 0xffffffff;
}

// CRC-24 of RFC 4880: no change of up to four characters in a row escapes it.
std::uint32_t Checksum(std::string_view bytes) {
  std::uint32_t crc = 0xb704ce;
  for (const char byte : bytes) {
    crc ^= std::uint32_t{static_cast<unsigned char>(byte)} << 16;
    for (int i = 0; i < 8; ++i) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= 0x1864cfb;
    }
  }
  return crc;
}

// The lowest bytes, the lowest first.
void AppendBytes(std::uint64_t number, std::size_t count, std::string& bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(number >> (8 * i));
  }
}

// Seven bits a byte, the lowest first; the top bit says that there are more.
void AppendNumber(std::uint64_t number, std::string& bytes) {
  for (; number >= 0x80; number >>= 7) {
    bytes += static_cast<char>((number & 0x7f) | 0x80);
  }
  bytes += static_cast<char>(number);
}

// Takes from the front of bytes. Once something was not there, nothing is.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  std::optional<std::uint64_t> Bytes(std::size_t count) {
    std::uint64_t number = 0;
    if (bytes_.size() < count) {
      bytes_ = {};
      return std::nullopt;
    }
    for (std::size_t i = count; i-- > 0;) number = (number << 8) | At(i);
    bytes_.remove_prefix(count);
    return number;
  }

  std::optional<std::uint64_t> Number() {
    constexpr int kMaxShift = 63;
    std::uint64_t number = 0;
    for (int shift = 0; shift <= kMaxShift && !bytes_.empty(); shift += 7) {
      const std::uint64_t byte = At(0);
      bytes_.remove_prefix(1);
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    bytes_ = {};
    return std::nullopt;
  }

  std::string_view Rest() const { return bytes_; }

 private:
  std::uint64_t At(std::size_t i) const {
    return static_cast<unsigned char>(bytes_[i]);
  }

  std::string_view bytes_;
};

absl::Status Refused(std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the token is refused: ", std::string(why)));
}

absl::Status Mistyped() {
  return Refused("it is mistyped or cut off (its checksum does not match)");
}

// Of what the plan does, so that a token never stands for another plan.
std::uint64_t DigestOf(const Plan& plan) { return HashOf(PrintPlan(plan)); }

// The engine and the range of clients, as one number. One client is the least,
// so that its tokens stay short.
constexpr std::uint64_t kClientRanges = kMaxClients * kMaxClients;
std::uint64_t WhereOf(EngineChoice engine, const ClientRange& clients) {
  const int range =
      (clients.least - 1) * kMaxClients + clients.most - clients.least;
  return static_cast<std::uint64_t>(engine) +
         static_cast<std::uint64_t>(kEngineChoices * range);
}

// False if it is none.
bool ReadWhere(std::uint64_t number, GenerateOptions& options) {
  constexpr std::uint64_t kEngines = kEngineChoices;
  if (number >= kEngines * kClientRanges) return false;
  const int range = static_cast<int>(number / kEngines);
  options.engine = static_cast<EngineChoice>(number % kEngines);
  options.clients.least = range / kMaxClients + 1;
  options.clients.most = options.clients.least + range % kMaxClients;
  return options.clients.most <= kMaxClients;
}

// Everything but the checksum.
std::string Body(const CaseKey& key, const GenerateOptions& options,
                 const Plan& generated, const Plan& plan) {
  // Does not compile with another number of fields.
  const auto& [saver, engine, fault, clients, schedule] = options;
  CHECK(!schedule.has_value());
  std::string bytes;
  AppendNumber(kGeneratorVersion, bytes);
  AppendNumber(WhereOf(engine, clients), bytes);
  AppendNumber(static_cast<std::uint64_t>(fault), bytes);
  AppendNumber(key.seed, bytes);
  AppendNumber(key.index, bytes);
  AppendBytes(HashOf(saver), kHashBytes, bytes);
  AppendBytes(DigestOf(plan), kHashBytes, bytes);
  return bytes + EncodeDifference(generated, plan);
}

std::string TextOf(std::string bytes) {
  AppendBytes(Checksum(bytes), kChecksumBytes, bytes);
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return absl::StrCat(std::string(kPrefix), text);
}

// What stands before the checksum.
absl::StatusOr<std::string> BodyOf(std::string_view token) {
  if (token.size() > kMaxTokenSize) {
    return Refused(absl::StrCat(token.size(),
                                " characters are too many (allowed ",
                                kMaxTokenSize, ")"));
  }
  if (!LooksLikeToken(token)) return Refused("it does not begin like one");
  if (!token.starts_with(kPrefix)) {
    return Refused("it is of another format (this program knows lc1)");
  }
  const std::string_view text = token.substr(kPrefix.size());
  std::string bytes;
  if (!absl::WebSafeBase64Unescape({text.data(), text.size()}, &bytes) ||
      bytes.size() < kChecksumBytes) {
    return Mistyped();
  }
  bytes.resize(bytes.size() - kChecksumBytes);
  // Also of the bits of the last character that stand for nothing.
  if (TextOf(bytes) != token) return Mistyped();
  return bytes;
}

absl::Status CheckVersion(std::optional<std::uint64_t> version) {
  if (version == kGeneratorVersion) return absl::OkStatus();
  return Refused(absl::StrCat(
      "it is of generator version ", version.value_or(0), ", and this program ",
      "has version ", kGeneratorVersion,
      ", in which the seed means other plans; the plan file of the finding, or "
      "the program that printed the token, replays it"));
}

absl::StatusOr<std::string> SaverOf(std::uint64_t hash,
                                    const std::vector<std::string>& savers) {
  std::string names;
  for (const std::string& saver : savers) {
    if (HashOf(saver) == hash) return saver;
    absl::StrAppend(&names, " ", saver);
  }
  return Refused(absl::StrCat(
      "it is of a saver that this program does not have; there are:", names));
}

}  // namespace

absl::StatusOr<std::string> PrintToken(const CaseKey& key,
                                       const GenerateOptions& options,
                                       const Plan& plan) {
  const auto none = absl::InvalidArgumentError(
      "a plan of several clients has no token, only its file");
  if (options.schedule.has_value()) return none;
  const Plan generated = PlanAt(key, options);
  if (Clients(generated) > 1 || Clients(plan) > 1) return none;
  const Plan wanted = WithoutExpectation(plan);
  const std::string token = TextOf(Body(key, options, generated, wanted));
  if (token.size() > kMaxTokenSize) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the plan needs a token of ", token.size(),
                     " characters (allowed ", kMaxTokenSize, ")"));
  }
  ASSIGN_OR_RETURN(const Plan parsed, ParseToken(token, {options.saver}));
  if (parsed == wanted) return token;
  return absl::InvalidArgumentError("no token regenerates the plan");
}

absl::StatusOr<Plan> ParseToken(std::string_view token,
                                const std::vector<std::string>& savers) {
  ASSIGN_OR_RETURN(const std::string body, BodyOf(token));
  Reader reader(body);
  RETURN_IF_ERROR(CheckVersion(reader.Number()));
  const auto where = reader.Number();
  const auto fault = reader.Number();
  const auto seed = reader.Number();
  const auto index = reader.Number();
  const auto saver = reader.Bytes(kHashBytes);
  const auto digest = reader.Bytes(kHashBytes);
  GenerateOptions options;
  if (!digest.has_value() || !ReadWhere(*where, options) ||
      *fault >= kFaultChoices) {
    return Refused("its fields are not known");
  }
  ASSIGN_OR_RETURN(options.saver, SaverOf(*saver, savers));
  options.fault = static_cast<FaultChoice>(*fault);
  if (MixOf(options).empty()) return Refused("there are no such plans");
  const Plan generated = PlanAt({*seed, *index}, options);
  if (Clients(generated) > 1) return Refused("its plan has several clients");
  absl::StatusOr<Plan> plan = DecodeDifference(generated, reader.Rest());
  if (plan.ok() && DigestOf(*plan) == *digest) return plan;
  return Refused(
      "the plan it gives is not the one it was made of; it is of another "
      "generator that has the same version");
}

bool LooksLikeToken(std::string_view text) {
  if (!text.starts_with("lc")) return false;
  const std::size_t end = text.find_first_not_of("0123456789", 2);
  return end != std::string_view::npos && end > 2 && text[end] == '_' &&
         text.find_first_of("./") == std::string_view::npos;
}

}  // namespace lastcommit
