#include "threads/content.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace lastcommit::threads {
namespace {

// What an operation's one seed is used for.
constexpr std::uint64_t kTypeUse = 1'000'000;  // above each entry of a batch
constexpr std::uint64_t kMetadataUse = kTypeUse + 1;
constexpr std::uint64_t kMetadataSizeUse = kTypeUse + 2;
constexpr std::uint64_t kFilterUse = kTypeUse + 3;
constexpr std::uint64_t kChannelUse = kTypeUse + 4;
constexpr std::uint64_t kWritesUse = 2 * kTypeUse;  // and above, one a write

std::string TypeOf(std::uint64_t seed) {
  constexpr std::array<std::string_view, 4> kTypes = {"json", "pickle",
                                                      "msgpack", "bytes"};
  return std::string(kTypes[Derive(seed, kTypeUse) % kTypes.size()]);
}

}  // namespace

std::string ThreadName(int thread) { return NameOf("thread", thread); }
std::string NamespaceName(int ns) { return ns == 0 ? "" : NameOf("ns", ns); }
std::string CheckpointName(int id) { return NameOf("checkpoint", id); }
std::string TaskName(int task) { return NameOf("task", task); }
std::string BlobName(int id) { return NameOf("blob", id); }

CheckpointContent CheckpointOf(const Arguments& arguments) {
  constexpr std::uint64_t kMetadataSizes = 63;  // 2 to 64
  const std::uint64_t seed = arguments.content.seed;
  CheckpointContent content = {TypeOf(seed), ContentBytes(arguments.content),
                               "", std::nullopt};
  const auto filter =
      static_cast<int>(Derive(seed, kFilterUse) % (kMaxFilter + 1));
  const std::string member = absl::StrCat("\"", kFilterKey, "\":", filter, ",");
  std::size_t size = 2 + Derive(seed, kMetadataSizeUse) % kMetadataSizes;
  if (size >= kSmallestJsonObject + member.size()) {
    content.filter = filter;
    size -= member.size();
  }
  content.metadata =
      ContentJson({static_cast<std::int64_t>(size), Derive(seed, kMetadataUse)},
                  arguments.invalid_at < 0);
  if (content.filter.has_value()) content.metadata.insert(1, member);
  return content;
}

std::vector<saver::PendingWrite> WritesOf(const Arguments& arguments) {
  constexpr std::array<std::string_view, 4> kChannels = {
      "messages", "__error__", "branch:to:'x'", "\u00e9tat"};
  const int count = arguments.count;
  std::vector<saver::PendingWrite> writes;
  for (int i = 0; i < count; ++i) {
    const Content content = {
        arguments.content.size,
        Derive(arguments.content.seed,
               kWritesUse + static_cast<std::uint64_t>(i))};
    const std::size_t channel =
        Derive(content.seed, kChannelUse) % kChannels.size();
    writes.push_back({.task_id = TaskName(arguments.task),
                      .idx = std::int64_t{arguments.idx} + i,
                      .channel = std::string(kChannels[channel]),
                      .type = TypeOf(content.seed),
                      .bytes = ContentBytes(content),
                      .is_replaceable = arguments.replace != 0});
  }
  return writes;
}

std::vector<std::string> LogPayloadsOf(const Arguments& arguments) {
  const int count = arguments.count;
  std::vector<std::string> payloads;
  for (int i = 0; i < count; ++i) {
    const Content content = {
        arguments.content.size,
        Derive(arguments.content.seed, static_cast<std::uint64_t>(i))};
    payloads.push_back(ContentJson(content, i != arguments.invalid_at));
  }
  return payloads;
}

std::string TaskPayloadOf(const Arguments& arguments) {
  return ContentJson(arguments.content, arguments.invalid_at < 0);
}

}  // namespace lastcommit::threads
