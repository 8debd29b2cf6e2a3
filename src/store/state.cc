#include "store/state.h"

#include <map>
#include <memory>
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

// Of rows that were hashed, by both halves of the fingerprint.
struct Remembered {
  static constexpr std::size_t kMost = 100'000;

  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> words;
};
std::unique_ptr<Remembered> remembered;  // NOLINT: while there are ShownValues

// "'abc'", or "'abc'... (1000 bytes)" of one that is longer than `most`.
template <typename Write>
std::string Quoted(std::string_view bytes, std::size_t most, Write write) {
  return absl::StrCat("'", write(std::string(bytes.substr(0, most))), "'",
                      bytes.size() > most
                          ? absl::StrCat("... (", bytes.size(), " bytes)")
                          : "");
}

std::string InWords(char type, std::string_view bytes) {
  switch (type) {
    case 't':
      return Quoted(bytes, 40, [](const std::string& text) {
        return absl::CHexEscape(text);
      });
    case 'b':
      return absl::StrCat("x", Quoted(bytes, 8, [](const std::string& blob) {
                            return absl::BytesToHexString(blob);
                          }));
    case 'n':
      return "NULL";
    default:
      return std::string(bytes);
  }
}

std::string Describe(const Fingerprint& row) {
  if (remembered != nullptr) {
    const auto words = remembered->words.find({row.low, row.high});
    if (words != remembered->words.end()) {
      return absl::StrCat("(", words->second, ")");
    }
  }
  return absl::StrFormat("%d bytes (%08x)", row.bytes,
                         static_cast<std::uint32_t>(row.low));
}

// Values that are cut short may look alike.
RowDifference DifferenceOf(const RowKey& key, const Fingerprint* expected,
                           const Fingerprint* found) {
  const auto describe = [](const Fingerprint* row) {
    return row == nullptr ? "nothing" : Describe(*row);
  };
  RowDifference difference = {Describe(key), describe(expected),
                              describe(found)};
  if (difference.expected == difference.found) {
    absl::StrAppendFormat(&difference.expected, " %016x", expected->low);
    absl::StrAppendFormat(&difference.found, " %016x", found->low);
  }
  return difference;
}

std::uint64_t Hash(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace

ShownValues::ShownValues() : is_first_(remembered == nullptr) {
  if (is_first_) remembered = std::make_unique<Remembered>();
}
ShownValues::~ShownValues() {
  if (is_first_) remembered.reset();
}

void RowHasher::Column(char type, std::string_view bytes) {
  if (remembered != nullptr) {
    absl::StrAppend(&words_, words_.empty() ? "" : ", ", InWords(type, bytes));
  }
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

Fingerprint RowHasher::Finish() const {
  if (remembered != nullptr && remembered->words.size() < Remembered::kMost) {
    remembered->words[{low_, high_}] = words_;
  }
  return {low_, high_, bytes_};
}

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

std::uint64_t RowDigestsOf(int database, const State& state) {
  std::uint64_t sum = 0;
  for (const auto& [key, row] : state.rows) {
    if (key.table.spec().database == database) sum += RowDigest(key, row);
  }
  return sum;
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

DifferingRows DifferingRowsOf(const State& expected, const State& found,
                              std::size_t max_rows) {
  DifferingRows differences;
  const auto add = [&](const RowKey& key, const Fingerprint* of_expected,
                       const Fingerprint* of_found) {
    if (differences.rows.size() < max_rows) {
      differences.rows.push_back(DifferenceOf(key, of_expected, of_found));
    } else {
      ++differences.more;
    }
  };
  auto e = expected.rows.begin();
  auto f = found.rows.begin();
  while (e != expected.rows.end() || f != found.rows.end()) {
    if (f == found.rows.end() ||
        (e != expected.rows.end() && e->first < f->first)) {
      add(e->first, &e->second, nullptr);
      ++e;
    } else if (e == expected.rows.end() || f->first < e->first) {
      add(f->first, nullptr, &f->second);
      ++f;
    } else {
      if (e->second != f->second) add(e->first, &e->second, &f->second);
      ++e;
      ++f;
    }
  }
  return differences;
}

std::vector<std::string> InLines(const DifferingRows& differences) {
  std::vector<std::string> lines;
  for (const RowDifference& one : differences.rows) {
    lines.push_back(absl::StrCat(one.row, ": expected ", one.expected,
                                 ", found ", one.found));
  }
  if (differences.more > 0) {
    lines.push_back(absl::StrCat("and ", differences.more, " more rows"));
  }
  return lines;
}

std::vector<std::string> Difference(const State& expected, const State& found,
                                    std::size_t max_lines) {
  return InLines(DifferingRowsOf(expected, found, max_lines));
}

}  // namespace lastcommit
