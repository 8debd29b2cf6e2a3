#include "saver/digest.h"

// The whole of xxHash from its header, so that programs which link the
// installed library need no other.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>

namespace lastcommit::saver {
namespace {

std::string Canonical(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  static_assert(sizeof(canonical.digest) == kDigestBytes);
  return std::string(reinterpret_cast<const char*>(canonical.digest),
                     sizeof(canonical.digest));
}

void AddPart(XXH3_state_t& state, std::optional<std::string_view> part) {
  constexpr int kBytes = 8;
  constexpr int kBits = 8;
  const auto size = part.has_value() ? static_cast<std::int64_t>(part->size())
                                     : std::int64_t{-1};
  unsigned char length[kBytes];
  for (int i = 0; i < kBytes; ++i) {
    length[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(size) >>
                                           ((kBytes - 1 - i) * kBits));
  }
  XXH3_128bits_update(&state, length, sizeof(length));
  if (part.has_value()) XXH3_128bits_update(&state, part->data(), part->size());
}

}  // namespace

struct DigestBuilder::State {
  XXH3_state_t xxh;
};

std::string DigestOf(std::string_view bytes) {
  return Canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string DigestOf(const CheckpointParts& parts) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  AddPart(state, parts.parent_id);
  AddPart(state, parts.type);
  AddPart(state, parts.state);
  AddPart(state, parts.metadata);
  return Canonical(XXH3_128bits_digest(&state));
}

DigestBuilder::DigestBuilder() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->xxh);
}

DigestBuilder::~DigestBuilder() = default;

void DigestBuilder::Add(std::string_view bytes) {
  XXH3_128bits_update(&state_->xxh, bytes.data(), bytes.size());
}

std::string DigestBuilder::Finish() const {
  return Canonical(XXH3_128bits_digest(&state_->xxh));
}

}  // namespace lastcommit::saver
