#include "disk/storage.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "store/splitmix64.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kChunkBytes = 4096;

struct Chunk {
  std::array<char, kChunkBytes> bytes;
  // Of the bytes, once somebody has asked: most chunks of an image are those of
  // the one before it.
  mutable std::optional<std::uint64_t> hash;

  std::uint64_t Hash() const {
    if (!hash.has_value()) hash = XXH3_64bits(bytes.data(), bytes.size());
    return *hash;
  }
};

std::int64_t ChunksFor(std::int64_t size) {
  return (size + kChunkBytes - 1) / kChunkBytes;
}

std::string Garbage(std::int64_t size, std::uint64_t seed) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t word = SplitMix64(seed + i).Next();
    std::memcpy(bytes.data() + i, &word,
                std::min(sizeof(word), bytes.size() - i));
  }
  return bytes;
}

// The content of a file. Copies share the table of its chunks, and then the
// chunks, until one of them writes; where there is no chunk are zeros. Beyond
// the end all bytes of a chunk are zeros.
class Content {
 public:
  std::int64_t size() const { return size_; }

  std::int64_t Read(std::int64_t offset, char* bytes,
                    std::int64_t amount) const {
    const std::int64_t there =
        std::clamp<std::int64_t>(size_ - offset, 0, amount);
    for (std::int64_t done = 0; done < there;) {
      const std::int64_t at = offset + done;
      const std::int64_t part =
          std::min(there - done, kChunkBytes - at % kChunkBytes);
      CopyOut(at, bytes + done, part);
      done += part;
    }
    std::memset(bytes + there, 0, static_cast<std::size_t>(amount - there));
    return there;
  }

  void Write(std::int64_t offset, std::string_view bytes) {
    const auto amount = static_cast<std::int64_t>(bytes.size());
    if (offset + amount > size_) Resize(offset + amount);
    for (std::int64_t done = 0; done < amount;) {
      const std::int64_t at = offset + done;
      const std::int64_t part =
          std::min(amount - done, kChunkBytes - at % kChunkBytes);
      Chunk& chunk = part == kChunkBytes ? NewChunk(at / kChunkBytes)
                                         : MutableChunk(at / kChunkBytes);
      std::memcpy(chunk.bytes.data() + at % kChunkBytes, bytes.data() + done,
                  static_cast<std::size_t>(part));
      done += part;
    }
  }

  void Resize(std::int64_t size) {
    const std::int64_t tail = size % kChunkBytes;
    Chunks& chunks = MutableChunks();
    chunks.resize(static_cast<std::size_t>(ChunksFor(size)));
    if (size < size_ && tail != 0 && chunks.back() != nullptr) {
      Chunk& last = MutableChunk(size / kChunkBytes);
      std::memset(last.bytes.data() + tail, 0,
                  static_cast<std::size_t>(kChunkBytes - tail));
    }
    size_ = size;
  }

  std::int64_t CountChunks() const {
    return std::count_if(chunks().begin(), chunks().end(),
                         [](const auto& chunk) { return chunk != nullptr; });
  }
  std::int64_t MissingChunks(std::int64_t offset, std::int64_t amount) const {
    std::int64_t missing = 0;
    for (std::int64_t i = offset / kChunkBytes; i < ChunksFor(offset + amount);
         ++i) {
      const auto index = static_cast<std::size_t>(i);
      if (index >= chunks().size() || chunks()[index] == nullptr) ++missing;
    }
    return missing;
  }

  // Takes over what `other` has from `offset` on; nothing else differs.
  void TakeRange(const Content& other, std::int64_t offset,
                 std::int64_t amount) {
    const Chunks& others = other.chunks();
    const auto end = std::min<std::int64_t>(
        ChunksFor(offset + amount), static_cast<std::int64_t>(others.size()));
    Chunks& chunks = MutableChunks();
    if (static_cast<std::int64_t>(chunks.size()) < end) {
      chunks.resize(static_cast<std::size_t>(end));
    }
    for (std::int64_t i = offset / kChunkBytes; i < end; ++i) {
      chunks[static_cast<std::size_t>(i)] = others[static_cast<std::size_t>(i)];
    }
    size_ = std::max(size_, std::min(offset + amount, other.size_));
  }

  std::uint64_t Hash() const {
    static const std::uint64_t kZeros = Chunk{}.Hash();
    if (table_->hash.has_value()) return *table_->hash;
    std::vector<std::uint64_t> hashes = {static_cast<std::uint64_t>(size_)};
    hashes.reserve(chunks().size() + 1);
    for (const auto& chunk : chunks()) {
      hashes.push_back(chunk == nullptr ? kZeros : chunk->Hash());
    }
    table_->hash =
        XXH3_64bits(hashes.data(), hashes.size() * sizeof(hashes[0]));
    return *table_->hash;
  }

 private:
  using Chunks = std::vector<std::shared_ptr<Chunk>>;
  struct Table {
    Chunks chunks;
    // Of the content, once somebody has asked.
    std::optional<std::uint64_t> hash = {};
  };

  const Chunks& chunks() const { return table_->chunks; }

  // To be changed, as the size may be: nobody else has them.
  Chunks& MutableChunks() {
    if (table_.use_count() > 1) {
      table_ = std::make_shared<Table>(Table{table_->chunks});
    }
    table_->hash.reset();
    return table_->chunks;
  }

  void CopyOut(std::int64_t at, char* bytes, std::int64_t part) const {
    const auto& chunk = chunks()[static_cast<std::size_t>(at / kChunkBytes)];
    if (chunk == nullptr) {
      std::memset(bytes, 0, static_cast<std::size_t>(part));
    } else {
      std::memcpy(bytes, chunk->bytes.data() + at % kChunkBytes,
                  static_cast<std::size_t>(part));
    }
  }

  // To be changed: nobody else has it.
  Chunk& MutableChunk(std::int64_t index) {
    auto& chunk = MutableChunks()[static_cast<std::size_t>(index)];
    if (chunk == nullptr) {
      chunk = std::make_shared<Chunk>();
    } else if (chunk.use_count() > 1) {
      chunk = std::make_shared<Chunk>(*chunk);
    }
    chunk->hash.reset();
    return *chunk;
  }

  // To be overwritten as a whole.
  Chunk& NewChunk(std::int64_t index) {
    auto& chunk = MutableChunks()[static_cast<std::size_t>(index)];
    if (chunk == nullptr || chunk.use_count() > 1) {
      chunk = std::make_shared_for_overwrite<Chunk>();
    }
    chunk->hash.reset();
    return *chunk;
  }

  std::shared_ptr<Table> table_ = std::make_shared<Table>();
  std::int64_t size_ = 0;
};

// A change of a file's content.
struct FileChange {
  std::uint64_t id = 0;
  bool is_truncate = false;
  std::int64_t offset = 0;  // or the new size
  std::shared_ptr<const std::string> bytes;

  std::int64_t amount() const {
    return bytes == nullptr ? 0 : static_cast<std::int64_t>(bytes->size());
  }
};

struct DirectoryChange {
  enum class Kind { kLink, kUnlink, kRename, kExchange };
  std::uint64_t id = 0;
  Kind kind = Kind::kLink;
  std::string path;
  InodeId inode = kNoInode;
  std::string to = {};  // of a rename
};

using Entries = std::map<std::string, InodeId, std::less<>>;

// The directory of an entry, "" at the top.
std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

bool IsIn(const DirectoryChange& change, std::string_view directory) {
  return ParentOf(change.path) == directory ||
         (!change.to.empty() && ParentOf(change.to) == directory);
}

// What has this name, and what lies below it, without that part of the name.
std::vector<std::pair<std::string, InodeId>> TakeOut(const std::string& path,
                                                     Entries& entries) {
  std::vector<std::pair<std::string, InodeId>> taken;
  const auto found = entries.find(path);
  if (found != entries.end()) {
    taken.emplace_back("", found->second);
    entries.erase(found);
  }
  const std::string below = path + "/";
  for (auto it = entries.lower_bound(below);
       it != entries.end() && it->first.compare(0, below.size(), below) == 0;
       it = entries.erase(it)) {
    taken.emplace_back(it->first.substr(path.size()), it->second);
  }
  return taken;
}

// `change` is a rename. The old name may be missing: it was of a directory that
// was not synced, and the new one is of one that was.
void Move(const DirectoryChange& change, Entries& entries) {
  const auto moved = TakeOut(change.path, entries);
  TakeOut(change.to, entries);
  for (const auto& [rest, inode] : moved) entries[change.to + rest] = inode;
  entries[change.to] = change.inode;
}

void Swap(const std::string& path, const std::string& other, Entries& entries) {
  const auto first = TakeOut(path, entries);
  const auto second = TakeOut(other, entries);
  for (const auto& [rest, inode] : first) entries[other + rest] = inode;
  for (const auto& [rest, inode] : second) entries[path + rest] = inode;
}

void Apply(const DirectoryChange& change, Entries& entries) {
  switch (change.kind) {
    case DirectoryChange::Kind::kLink:
      entries[change.path] = change.inode;
      break;
    case DirectoryChange::Kind::kUnlink:
      entries.erase(change.path);
      break;
    case DirectoryChange::Kind::kRename:
      Move(change, entries);
      break;
    case DirectoryChange::Kind::kExchange:
      Swap(change.path, change.to, entries);
      break;
  }
}

PendingChange::Kind KindOf(const DirectoryChange& change) {
  switch (change.kind) {
    case DirectoryChange::Kind::kLink:
      return PendingChange::Kind::kLink;
    case DirectoryChange::Kind::kUnlink:
      return PendingChange::Kind::kUnlink;
    case DirectoryChange::Kind::kRename:
    case DirectoryChange::Kind::kExchange:
      break;
  }
  return PendingChange::Kind::kRename;
}

// What a write that did not survive whole left.
void ApplyFate(const FileChange& change, const Fate& fate,
               const Storage::Options& options, std::uint64_t garbage_seed,
               Content& content) {
  const std::int64_t amount = change.amount();
  const std::int64_t kept = std::clamp<std::int64_t>(fate.bytes, 0, amount);
  const std::string_view bytes = *change.bytes;
  switch (fate.kind) {
    case FateKind::kLost:
      break;
    case FateKind::kHead:
      content.Write(change.offset,
                    bytes.substr(0, static_cast<std::size_t>(kept)));
      break;
    case FateKind::kTail:
      content.Write(change.offset + amount - kept,
                    bytes.substr(static_cast<std::size_t>(amount - kept)));
      break;
    case FateKind::kHeadGarbage: {
      content.Write(change.offset,
                    bytes.substr(0, static_cast<std::size_t>(kept)));
      std::int64_t begin = change.offset + kept;
      std::int64_t end = change.offset + amount;
      if (!options.powersafe_overwrite) {
        const std::int64_t sector = options.sector_size;
        if (kept == 0) begin = begin / sector * sector;
        end = std::min((end + sector - 1) / sector * sector,
                       std::max(end, content.size()));
      }
      content.Write(begin, Garbage(end - begin, garbage_seed ^ change.id));
      break;
    }
    case FateKind::kZeros:
      content.Resize(std::max(content.size(), change.offset + amount));
      break;
  }
}

void Apply(const FileChange& change, Content& content) {
  if (change.is_truncate) {
    content.Resize(change.offset);
  } else {
    content.Write(change.offset, *change.bytes);
  }
}

}  // namespace

struct Storage::Inode {
  Content now;
  Content durable;
  std::vector<FileChange> pending;
  std::string path;  // empty: anonymous
  bool is_directory = false;

  // What is left of it before changes that were pending are made, or where
  // `all_survive` with all of them.
  static std::shared_ptr<Inode> AfterCrash(const std::shared_ptr<Inode>& before,
                                           const std::string& path,
                                           bool all_survive) {
    // A file of which nothing is pending is durable as it is.
    if (before->pending.empty() && before->path == path) return before;
    auto inode = std::make_shared<Inode>();
    inode->path = path;
    inode->is_directory = before->is_directory;
    inode->durable = all_survive ? before->now : before->durable;
    return inode;
  }
};

struct Storage::Data {
  std::map<InodeId, std::shared_ptr<Inode>> inodes;
  Entries entries;
  Entries durable_entries;
  std::vector<DirectoryChange> pending;
  std::set<InodeId> unused;  // unlinked, and nobody has them open
  InodeId next_inode = 0;
  std::uint64_t next_change = 0;
  bool loses_power = true;

  bool IsNamed(InodeId inode) const {
    const auto names_it = [inode](const auto& entry) {
      return entry.second == inode;
    };
    return std::any_of(entries.begin(), entries.end(), names_it) ||
           std::any_of(durable_entries.begin(), durable_entries.end(),
                       names_it) ||
           std::any_of(pending.begin(), pending.end(),
                       [inode](const DirectoryChange& change) {
                         return change.inode == inode;
                       });
  }

  // Changes names, now or when a crash lets it.
  void Change(DirectoryChange change) {
    Apply(change, entries);
    if (!loses_power) return;
    change.id = next_change++;
    pending.push_back(std::move(change));
  }

  // What no crash can bring back any more.
  void Collect() {
    for (auto it = unused.begin(); it != unused.end();) {
      if (IsNamed(*it)) {
        ++it;
      } else {
        inodes.erase(*it);
        it = unused.erase(it);
      }
    }
  }

  // The changes of named files with their inodes, in order.
  std::vector<std::pair<InodeId, const FileChange*>> FileChanges() const {
    std::vector<std::pair<InodeId, const FileChange*>> changes;
    for (const auto& [id, inode] : inodes) {
      if (inode->path.empty()) continue;
      for (const FileChange& change : inode->pending) {
        changes.emplace_back(id, &change);
      }
    }
    std::sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
      return a.second->id < b.second->id;
    });
    return changes;
  }

  // In what is left after a crash: those of the files that are there, as the
  // fates have them.
  void MakeChanges(const Fates& fates, const Options& options,
                   Data& left) const {
    auto fate = fates.files.begin();
    std::int64_t number = 0;
    for (const auto& [id, change] : FileChanges()) {
      std::optional<Fate> its;
      if (fate != fates.files.end() && fate->change == number) its = *fate++;
      ++number;
      const auto found = left.inodes.find(id);
      if (found == left.inodes.end()) continue;
      Content& content = found->second->durable;
      if (!its.has_value()) {
        Apply(*change, content);
      } else if (!change->is_truncate) {
        ApplyFate(*change, *its, options, fates.garbage_seed, content);
      }
    }
  }
};

Storage::Storage(const Options& options)
    : options_(options), data_(std::make_unique<Data>()) {}
Storage::Storage(const Storage& other)
    : options_(other.options_), data_(std::make_unique<Data>(*other.data_)) {}
Storage& Storage::operator=(const Storage& other) {
  if (this != &other) {
    options_ = other.options_;
    *data_ = *other.data_;
  }
  return *this;
}
Storage::Storage(Storage&&) noexcept = default;
Storage& Storage::operator=(Storage&&) noexcept = default;
Storage::~Storage() = default;

Storage::Inode& Storage::Mutable(InodeId inode) {
  std::shared_ptr<Inode>& found = data_->inodes.at(inode);
  if (found.use_count() > 1) found = std::make_shared<Inode>(*found);
  return *found;
}

const Storage::Inode& Storage::Get(InodeId inode) const {
  return *data_->inodes.at(inode);
}

InodeId Storage::Find(const std::string& path) const {
  const auto found = data_->entries.find(path);
  return found == data_->entries.end() ? kNoInode : found->second;
}

InodeId Storage::Create(const std::string& path) {
  const InodeId inode = CreateNameless(path);
  Link(path, inode);
  return inode;
}

void Storage::CreateDirectory(const std::string& path) {
  const InodeId inode = CreateNameless(path);
  Mutable(inode).is_directory = true;
  Link(path, inode);
}

void Storage::Link(const std::string& path, InodeId inode) {
  if (Get(inode).path != path && !data_->IsNamed(inode)) {
    Mutable(inode).path = path;
  }
  data_->Change({0, DirectoryChange::Kind::kLink, path, inode});
}

void Storage::Unlink(const std::string& path) {
  data_->Change({0, DirectoryChange::Kind::kUnlink, path, Find(path)});
}

void Storage::Rename(const std::string& from, const std::string& to) {
  data_->Change({0, DirectoryChange::Kind::kRename, from, Find(from), to});
}

void Storage::Exchange(const std::string& path, const std::string& other) {
  data_->Change({0, DirectoryChange::Kind::kExchange, path, Find(path), other});
}

void Storage::SyncDirectory() {
  for (const DirectoryChange& change : data_->pending) {
    Apply(change, data_->durable_entries);
  }
  data_->pending.clear();
  data_->Collect();
}

void Storage::SyncDirectory(const std::string& directory) {
  std::vector<DirectoryChange> others;
  for (DirectoryChange& change : data_->pending) {
    if (IsIn(change, directory)) {
      Apply(change, data_->durable_entries);
    } else {
      others.push_back(std::move(change));
    }
  }
  data_->pending = std::move(others);
  data_->Collect();
}

void Storage::SyncEverything() {
  std::vector<InodeId> inodes;
  for (const auto& [id, inode] : data_->inodes) inodes.push_back(id);
  for (const InodeId inode : inodes) Sync(inode);
  SyncDirectory();
}

bool Storage::IsDirectory(InodeId inode) const {
  return Get(inode).is_directory;
}

bool Storage::Exists(InodeId inode) const {
  return data_->inodes.contains(inode);
}

void Storage::DropUnreachable(const std::string& root) {
  Entries& entries = data_->entries;
  bool has_dropped = false;
  for (auto it = entries.begin(); it != entries.end();) {
    const std::string_view parent = ParentOf(it->first);
    // Parents come before what lies below them.
    if (parent == root || entries.contains(parent)) {
      ++it;
    } else {
      it = entries.erase(it);
      has_dropped = true;
    }
  }
  if (has_dropped) data_->durable_entries = entries;
}

std::vector<std::string> Storage::Paths() const {
  std::vector<std::string> paths;
  ForEachPath([&paths](const std::string& path) { paths.push_back(path); });
  return paths;
}

void Storage::ForEachPath(
    const std::function<void(const std::string& path)>& take) const {
  for (const auto& [path, inode] : data_->entries) take(path);
}

Storage Storage::Alone(const std::vector<std::string>& paths) const {
  Storage alone(options_);
  Data& data = *alone.data_;
  data.next_inode = data_->next_inode;
  data.loses_power = false;
  for (const std::string& path : paths) {
    const InodeId inode = Find(path);
    if (inode == kNoInode) continue;
    data.entries[path] = inode;
    data.inodes[inode] = data_->inodes.at(inode);
  }
  return alone;
}

InodeId Storage::CreateAnonymous() {
  const InodeId inode = data_->next_inode++;
  data_->inodes[inode] = std::make_shared<Inode>();
  return inode;
}

InodeId Storage::CreateNameless(const std::string& called) {
  const InodeId inode = CreateAnonymous();
  Mutable(inode).path = called;
  return inode;
}

void Storage::Forget(InodeId inode) {
  data_->unused.insert(inode);
  data_->Collect();
}

std::int64_t Storage::Size(InodeId inode) const {
  return Get(inode).now.size();
}

std::int64_t Storage::Read(InodeId inode, std::int64_t offset, char* bytes,
                           std::int64_t amount) const {
  return Get(inode).now.Read(offset, bytes, amount);
}

void Storage::Write(InodeId inode, std::int64_t offset,
                    std::string_view bytes) {
  Inode& file = Mutable(inode);
  file.now.Write(offset, bytes);
  if (file.path.empty() || !data_->loses_power) return;
  file.pending.push_back({data_->next_change++, false, offset,
                          std::make_shared<const std::string>(bytes)});
}

void Storage::Truncate(InodeId inode, std::int64_t size) {
  Inode& file = Mutable(inode);
  file.now.Resize(size);
  if (file.path.empty() || !data_->loses_power) return;
  file.pending.push_back({data_->next_change++, true, size, nullptr});
}

void Storage::NeverLosesPower() { data_->loses_power = false; }

void Storage::Sync(InodeId inode) {
  if (Get(inode).pending.empty()) return;
  Inode& file = Mutable(inode);
  const bool was_truncated =
      std::any_of(file.pending.begin(), file.pending.end(),
                  [](const FileChange& change) { return change.is_truncate; });
  if (was_truncated) {
    file.durable = file.now;
  } else {
    for (const FileChange& change : file.pending) {
      file.durable.TakeRange(file.now, change.offset, change.amount());
    }
  }
  file.pending.clear();
}

std::int64_t Storage::AllocatedSectors() const {
  std::int64_t chunks = 0;
  for (const auto& [id, inode] : data_->inodes)
    chunks += inode->now.CountChunks();
  return chunks;
}

std::int64_t Storage::NewSectors(InodeId inode, std::int64_t offset,
                                 std::int64_t amount) const {
  return Get(inode).now.MissingChunks(offset, amount);
}

std::vector<PendingChange> Storage::PendingChanges() const {
  std::vector<PendingChange> changes;
  for (const auto& [id, change] : data_->FileChanges()) {
    changes.push_back({change->id,
                       change->is_truncate ? PendingChange::Kind::kTruncate
                                           : PendingChange::Kind::kWrite,
                       id, Get(id).path, "", change->offset, change->amount()});
  }
  for (const DirectoryChange& change : data_->pending) {
    changes.push_back({change.id, KindOf(change), change.inode, change.path,
                       change.to, 0, 0});
  }
  std::sort(changes.begin(), changes.end(),
            [](const PendingChange& a, const PendingChange& b) {
              return a.id < b.id;
            });
  return changes;
}

std::size_t Storage::CountPendingChanges() const {
  std::size_t count = data_->pending.size();
  for (const auto& [id, inode] : data_->inodes) {
    if (!inode->path.empty()) count += inode->pending.size();
  }
  return count;
}

bool Storage::HasPendingChanges(InodeId inode) const {
  return !Get(inode).pending.empty();
}

bool Storage::HasPendingName(const std::string& path) const {
  return std::any_of(data_->pending.begin(), data_->pending.end(),
                     [&path](const DirectoryChange& change) {
                       return change.path == path || change.to == path;
                     });
}

Storage Storage::AfterCrash(const Fates& fates) const {
  Storage image(options_);
  Data& data = *image.data_;
  data.next_inode = data_->next_inode;
  data.next_change = data_->next_change;
  data.entries = data_->durable_entries;
  std::int64_t left = fates.directory;
  for (const DirectoryChange& change : data_->pending) {
    if (left-- == 0) break;
    Apply(change, data.entries);
  }
  const bool all_survive = fates.files.empty();
  for (const auto& [path, id] : data.entries) {
    data.inodes[id] =
        Inode::AfterCrash(data_->inodes.at(id), path, all_survive);
  }
  if (!all_survive) data_->MakeChanges(fates, options_, data);
  for (const auto& [id, inode] : data.inodes) {
    if (inode.use_count() == 1) inode->now = inode->durable;
  }
  data.durable_entries = data.entries;
  return image;
}

std::uint64_t Storage::DigestOf(InodeId inode) const {
  return Get(inode).now.Hash();
}

std::uint64_t Storage::Digest() const {
  std::uint64_t hash = 0;
  for (const auto& [path, id] : data_->entries) {
    const Inode& inode = *data_->inodes.at(id);
    hash = XXH3_64bits_withSeed(path.data(), path.size(), hash);
    hash = SplitMix64(hash ^ inode.now.Hash()).Next();
  }
  return hash;
}

}  // namespace lastcommit
