// What the numbers of a plan stand for: bytes and names. Different seeds give
// different bytes, or JSON, where there is room for that (16 bytes and more).
// The same on every machine, today and later: a change here changes what every
// plan means and needs a new version of the plan format.

#ifndef LASTCOMMIT_STORE_CONTENT_H_
#define LASTCOMMIT_STORE_CONTENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lastcommit {

// The most that one content may have.
inline constexpr std::int64_t kMaxContentBytes = 4 << 20;

// Bytes made from two numbers.
struct Content {
  std::int64_t size = 0;
  std::uint64_t seed = 0;

  bool operator==(const Content&) const = default;
};

// "thread" and 7 give "thread-7". Distinct numbers give distinct names. Some
// have quotes, non-ASCII letters or control characters, so that a store that
// builds SQL from text is seen.
std::string NameOf(std::string_view word, int number);

// A seed of its own for each use of an operation's one seed.
std::uint64_t Derive(std::uint64_t seed, std::uint64_t use);

// `content.size` pseudo-random bytes, NULs and invalid UTF-8 among them. The
// bytes of a smaller size are the beginning of those of a larger one.
std::string ContentBytes(const Content& content);

// From this size on ContentJson gives an object.
inline constexpr std::size_t kSmallestJsonObject = 16;

// A JSON text of `content.size` bytes, but at least 2, or, if `is_valid` is
// false, as many bytes of one that lacks its end, which no parser accepts. A
// number, a string or an object, with escapes and non-ASCII letters when there
// is room. Never a NUL byte.
std::string ContentJson(const Content& content, bool is_valid);

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_CONTENT_H_
