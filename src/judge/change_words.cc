#include "judge/change_words.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "judge/file_format.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kJournalHeader = 28;  // but for what pads its sector

// "page 3", "frames 2 to 5".
std::string Numbered(std::string_view what, std::int64_t first,
                     std::int64_t last) {
  const std::string name(what);
  return first == last ? absl::StrCat(name, " ", first)
                       : absl::StrCat(name, "s ", first, " to ", last);
}

std::string OfWal(const PendingChange& write, const Storage& storage) {
  if (write.offset + write.amount <= kWalHeader) return "of its header";
  const std::string header = BytesAt(storage, write.inode, 0, kWalHeader);
  const std::int64_t page = BigEndian(header, 8);
  if (write.offset < kWalHeader || !IsPageSize(page)) return "";
  const std::int64_t frame = page + kFrameHeader;
  const std::int64_t begin = write.offset - kWalHeader;
  const std::int64_t end = begin + write.amount;
  const std::int64_t first = begin / frame + 1;
  const std::int64_t last = (end - 1) / frame + 1;
  std::string frames = Numbered("frame", first, last);
  if (first != last || write.amount == frame) return frames;
  const bool is_header = end - (first - 1) * frame <= kFrameHeader;
  return absl::StrCat(is_header ? "of the header of " : "of the page of ",
                      frames);
}

std::string OfDatabase(const PendingChange& write, const Storage& storage) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr std::int64_t kHead = 20;
  const std::string head = BytesAt(storage, write.inode, 0, kHead);
  if (!absl::StartsWith(head,
                        absl::string_view(kMagic.data(), kMagic.size()))) {
    return "";
  }
  // Two bytes; 1 is 65536.
  const std::int64_t said = BigEndian(head, 16) >> 16U;
  const std::int64_t page = said == 1 ? kLargestPage : said;
  if (!IsPageSize(page)) return "";
  const std::int64_t last = (write.offset + write.amount - 1) / page + 1;
  return absl::StrCat(write.amount < page ? "of " : "",
                      Numbered("page", write.offset / page + 1, last));
}

// What of a file of SQLite's it is; "" if that is not known.
std::string PartOf(const PendingChange& write, const Storage& storage) {
  if (write.amount <= 0 || !storage.Exists(write.inode)) return "";
  if (absl::EndsWith(write.path, "-wal")) return OfWal(write, storage);
  if (absl::EndsWith(write.path, "-journal")) {
    return write.offset < kJournalHeader ? "of its header" : "";
  }
  return OfDatabase(write, storage);
}

}  // namespace

std::string InWords(const PendingChange& change, const Storage& storage,
                    const std::string& root) {
  const auto below = [&root](const std::string& path) {
    return Shown(absl::StartsWith(path, root + "/")
                     ? path.substr(root.size() + 1)
                     : path);
  };
  switch (change.kind) {
    case PendingChange::Kind::kWrite: {
      const std::string part = PartOf(change, storage);
      return absl::StrCat(change.amount, " bytes at ", change.offset, " of ",
                          below(change.path), part.empty() ? "" : ": ", part);
    }
    case PendingChange::Kind::kTruncate:
      return absl::StrCat(below(change.path), " with a size of ",
                          change.offset);
    case PendingChange::Kind::kLink:
      return absl::StrCat("the name ", below(change.path));
    case PendingChange::Kind::kUnlink:
      return absl::StrCat("the removal of the name ", below(change.path));
    case PendingChange::Kind::kRename:
      break;
  }
  return absl::StrCat("the rename of ", below(change.path), " to ",
                      below(change.to));
}

}  // namespace lastcommit
