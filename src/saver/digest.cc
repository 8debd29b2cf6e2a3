#include "saver/digest.h"

// The whole of xxHash from its header, so that programs which link the
// installed library need no other.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace lastcommit {
namespace {

std::string Canonical(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  static_assert(sizeof(canonical.digest) == kDigestBytes);
  return std::string(reinterpret_cast<const char*>(canonical.digest),
                     sizeof(canonical.digest));
}

}  // namespace

struct DigestBuilder::State {
  XXH3_state_t xxh;
};

std::string DigestOf(std::string_view bytes) {
  return Canonical(XXH3_128bits(bytes.data(), bytes.size()));
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

}  // namespace lastcommit
