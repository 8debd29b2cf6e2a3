#include "store/state.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

std::string Escaped(const std::string& text) {
  constexpr std::size_t kShown = 60;
  if (text.size() <= kShown) return absl::CHexEscape(text);
  return absl::StrCat(absl::CHexEscape(text.substr(0, kShown)), "...");
}

std::string Describe(const Fingerprint& row) {
  return absl::StrFormat("%d bytes (%08x)", row.bytes,
                         static_cast<std::uint32_t>(row.low));
}

std::uint64_t Hash(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace

void RowHasher::Column(char type, std::string_view bytes) {
  // Hashing the size keeps ("a", "bc") apart from ("ab", "c").
  const std::uint64_t shape =
      static_cast<std::uint64_t>(bytes.size()) * 256 +
      static_cast<std::uint64_t>(static_cast<unsigned char>(type));
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(bytes.data(), bytes.size(), low_ ^ shape);
  low_ = hash.low64 + 3 * high_;
  high_ = hash.high64 ^ shape;
  bytes_ += static_cast<std::int64_t>(bytes.size());
}

RowHasher& RowHasher::Text(std::string_view text) {
  Column('t', text);
  return *this;
}
RowHasher& RowHasher::Blob(std::string_view bytes) {
  Column('b', bytes);
  return *this;
}
RowHasher& RowHasher::Integer(std::int64_t value) {
  Column('i', absl::StrCat(value));
  return *this;
}
RowHasher& RowHasher::Null() {
  Column('n', "");
  return *this;
}

Fingerprint RowHasher::Finish() const { return {low_, high_, bytes_}; }

std::uint64_t RowDigest(const RowKey& key, const Fingerprint& row) {
  std::uint64_t digest = 0;
  for (const std::string& name : key.names) digest = Hash(name, digest);
  const std::uint64_t numbers[] = {
      static_cast<std::uint64_t>(key.table.spec().number),
      static_cast<std::uint64_t>(key.number), row.low, row.high};
  return XXH3_64bits_withSeed(numbers, sizeof(numbers), digest);
}

std::uint64_t StateDigest(std::int64_t cut, std::uint64_t row_digests) {
  const std::uint64_t numbers[] = {static_cast<std::uint64_t>(cut),
                                   row_digests};
  return XXH3_64bits(numbers, sizeof(numbers));
}

std::uint64_t Digest(const State& state) {
  std::uint64_t rows = 0;
  for (const auto& [key, row] : state.rows) rows += RowDigest(key, row);
  return StateDigest(state.cut, rows);
}

std::string Describe(const RowKey& key) {
  const TableSpec& table = key.table.spec();
  std::string words(table.word);
  for (std::size_t i = 0; i < table.names; ++i) {
    absl::StrAppend(&words, i == 0 ? " " : " / ", Escaped(key.names[i]));
  }
  if (table.has_number) absl::StrAppend(&words, " #", key.number);
  return words;
}

std::vector<std::string> Difference(const State& expected, const State& found,
                                    std::size_t max_lines) {
  std::vector<std::string> lines;
  std::size_t more = 0;
  const auto add = [&](const RowKey& key, const std::string& what) {
    if (lines.size() < max_lines) {
      lines.push_back(absl::StrCat(Describe(key), ": ", what));
    } else {
      ++more;
    }
  };
  auto e = expected.rows.begin();
  auto f = found.rows.begin();
  while (e != expected.rows.end() || f != found.rows.end()) {
    if (f == found.rows.end() ||
        (e != expected.rows.end() && e->first < f->first)) {
      add(e->first,
          absl::StrCat("expected ", Describe(e->second), ", found nothing"));
      ++e;
    } else if (e == expected.rows.end() || f->first < e->first) {
      add(f->first,
          absl::StrCat("expected nothing, found ", Describe(f->second)));
      ++f;
    } else {
      if (e->second != f->second) {
        add(e->first, absl::StrCat("expected ", Describe(e->second), ", found ",
                                   Describe(f->second)));
      }
      ++e;
      ++f;
    }
  }
  if (more > 0) lines.push_back(absl::StrCat("and ", more, " more rows"));
  return lines;
}

}  // namespace lastcommit
