#include "threads/content.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace lastcommit::threads {
namespace {

// FNV-1a with the length in it, so that moved bytes are seen too.
std::uint64_t Digest(std::string_view bytes, std::uint64_t digest) {
  constexpr std::uint64_t kPrime = 0x100000001b3;
  for (const char c : bytes) {
    digest = (digest ^ static_cast<unsigned char>(c)) * kPrime;
  }
  return (digest ^ bytes.size()) * kPrime;
}

class JsonValidity {
 public:
  JsonValidity() {
    EXPECT_EQ(sqlite3_open(":memory:", &connection_), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(connection_, "SELECT json_valid(?)", -1,
                                 &statement_, nullptr),
              SQLITE_OK);
  }
  ~JsonValidity() {
    sqlite3_finalize(statement_);
    sqlite3_close(connection_);
  }

  bool Of(const std::string& text) {
    sqlite3_reset(statement_);
    sqlite3_bind_text(statement_, 1, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
    EXPECT_EQ(sqlite3_step(statement_), SQLITE_ROW);
    return sqlite3_column_int(statement_, 0) == 1;
  }

 private:
  sqlite3* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

struct Naming {
  std::string word;
  std::string (*name)(int);
};
const Naming kNamings[] = {{"thread", ThreadName},
                           {"ns", NamespaceName},
                           {"checkpoint", CheckpointName},
                           {"task", TaskName},
                           {"blob", BlobName}};

TEST(NameTest, DistinctNumbersHaveDistinctNames) {
  for (const Naming& naming : kNamings) {
    std::set<std::string> names;
    for (int i = 0; i <= kMaxName; ++i) {
      names.insert(naming.name(i));
    }
    EXPECT_EQ(names.size(), std::size_t{kMaxName} + 1);
  }
}

TEST(NameTest, MostArePlain) {
  for (const Naming& naming : kNamings) {
    EXPECT_EQ(naming.name(7), naming.word + "-7");
  }
}

TEST(NameTest, SomeNeedQuotingEscapingAndUtf8) {
  for (const Naming& naming : kNamings) {
    std::string all;
    for (int i = 0; i < 20; ++i) all += naming.name(i);
    for (const std::string_view odd :
         {"'", "\"", ";", "%", "\n", "\\", "\x01", "\u00e9", "\U0001f4be"}) {
      EXPECT_NE(all.find(odd), std::string::npos) << naming.word << odd;
    }
  }
}

TEST(NameTest, NoneHoldsANul) {
  for (const Naming& naming : kNamings) {
    for (int i = 0; i <= kMaxName; ++i) {
      EXPECT_EQ(naming.name(i).find('\0'), std::string::npos) << i;
    }
  }
}

TEST(NameTest, NamespaceZeroIsTheEmptyOne) { EXPECT_EQ(NamespaceName(0), ""); }

TEST(ContentTest, BytesHaveTheirSize) {
  for (std::int64_t size = 0; size < 100; ++size) {
    EXPECT_EQ(ContentBytes({size, 1}).size(), static_cast<std::size_t>(size));
  }
  EXPECT_EQ(ContentBytes({-1, 1}), "");
}

TEST(ContentTest, BytesHoldNulsAndInvalidUtf8) {
  const std::string bytes = ContentBytes({4096, 0});
  EXPECT_NE(bytes.find('\0'), std::string::npos);
  EXPECT_NE(bytes.find('\xff'), std::string::npos);
}

TEST(ContentTest, DistinctSeedsGiveDistinctBytes) {
  std::set<std::string> contents;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    contents.insert(ContentBytes({8, seed}));
    contents.insert(ContentBytes({8, ~seed}));
  }
  EXPECT_EQ(contents.size(), 20'000u);
}

TEST(ContentTest, JsonIsValidAndHasItsSize) {
  JsonValidity validity;
  for (std::int64_t size = 0; size < 300; ++size) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::string text = ContentJson({size, seed}, true);
      EXPECT_EQ(text.size(), size < 2 ? 2u : static_cast<std::size_t>(size));
      EXPECT_TRUE(validity.Of(text)) << text;
      EXPECT_EQ(text.find('\0'), std::string::npos);
    }
  }
}

TEST(ContentTest, InvalidJsonHasItsSizeAndIsRefusedBySqlite) {
  JsonValidity validity;
  for (std::int64_t size = 0; size < 300; ++size) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const std::string text = ContentJson({size, seed}, false);
      EXPECT_EQ(text.size(), size < 2 ? 2u : static_cast<std::size_t>(size));
      EXPECT_FALSE(validity.Of(text)) << text;
    }
  }
}

TEST(ContentTest, LargeJsonIsValidToo) {
  JsonValidity validity;
  const std::string text = ContentJson({kMaxContentBytes, 1}, true);
  EXPECT_EQ(text.size(), static_cast<std::size_t>(4 << 20));
  EXPECT_TRUE(validity.Of(text));
}

TEST(ContentTest, DistinctSeedsGiveDistinctJson) {
  for (const bool is_valid : {true, false}) {
    std::set<std::string> contents;
    for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
      contents.insert(ContentJson({32, seed}, is_valid));
    }
    EXPECT_EQ(contents.size(), 10'000u);
  }
}

TEST(ContentTest, LargeJsonHoldsEscapesAndNonAscii) {
  const std::string text = ContentJson({4096, 3}, true);
  for (const std::string_view piece :
       {"\\n", "\\\"", "\\u0000", "\\ud83d\\ude00", "\u00e9", "\u65e5"}) {
    EXPECT_NE(text.find(piece), std::string::npos) << piece;
  }
}

TEST(ContentTest, ABatchHasDistinctPayloadsAndOneInvalid) {
  JsonValidity validity;
  const std::vector<std::string> payloads =
      LogPayloadsOf({.content = {40, 7}, .count = 100, .invalid_at = 42});
  ASSERT_EQ(payloads.size(), 100u);
  EXPECT_EQ(std::set(payloads.begin(), payloads.end()).size(), 100u);
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    EXPECT_EQ(validity.Of(payloads[i]), i != 42) << i;
  }
}

TEST(ContentTest, OneEntryIsTheFirstOfItsBatch) {
  const Content content = {40, 7};
  const auto one = LogPayloadsOf({.content = content});
  const auto batch = LogPayloadsOf({.content = content, .count = 3});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0], batch[0]);
}

TEST(ContentTest, ACheckpointHasStateTypeAndJsonMetadata) {
  JsonValidity validity;
  std::set<std::string> types;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Content content = {300, seed};
    const CheckpointContent checkpoint = CheckpointOf({.content = content});
    types.insert(checkpoint.type);
    EXPECT_EQ(checkpoint.state, ContentBytes(content));
    EXPECT_TRUE(validity.Of(checkpoint.metadata)) << checkpoint.metadata;
    EXPECT_GE(checkpoint.metadata.size(), 2u);
    EXPECT_LE(checkpoint.metadata.size(), 64u);
  }
  EXPECT_EQ(types.size(), 4u);
}

TEST(ContentTest, MetadataOftenHasANumberToFilterBy) {
  const std::string begin = std::string("{\"") + kFilterKey + "\":";
  std::set<int> filters;
  int with_filter = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const CheckpointContent checkpoint = CheckpointOf({.content = {10, seed}});
    const bool has_filter = checkpoint.metadata.starts_with(begin);
    EXPECT_EQ(checkpoint.filter.has_value(), has_filter);
    if (!has_filter) continue;
    ++with_filter;
    filters.insert(*checkpoint.filter);
    EXPECT_EQ(checkpoint.metadata.substr(begin.size(), 2),
              std::to_string(*checkpoint.filter) + ",");
  }
  EXPECT_EQ(filters, (std::set<int>{0, 1, kMaxFilter}));
  EXPECT_GT(with_filter, 100);
  EXPECT_LT(with_filter, 300);
}

TEST(ContentTest, ABatchOfWritesHasConsecutiveNumbersAndDistinctBytes) {
  const Arguments step = {
      .task = 2, .idx = 5, .replace = 1, .content = {40, 7}, .count = 10};
  std::set<std::string> contents;
  std::int64_t idx = 5;
  for (const saver::PendingWrite& write : WritesOf(step)) {
    EXPECT_EQ(write.task_id, TaskName(2));
    EXPECT_EQ(write.idx, idx++);
    EXPECT_TRUE(write.is_replaceable);
    EXPECT_EQ(write.bytes.size(), 40u);
    contents.insert(write.bytes);
  }
  EXPECT_EQ(contents.size(), 10u);
}

TEST(ContentTest, OneWriteIsTheFirstOfItsBatch) {
  const std::vector<saver::PendingWrite> batch =
      WritesOf({.content = {40, 7}, .count = 3});
  const std::vector<saver::PendingWrite> one = WritesOf({.content = {40, 7}});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].bytes, batch[0].bytes);
  EXPECT_EQ(one[0].channel, batch[0].channel);
  EXPECT_EQ(one[0].type, batch[0].type);
  EXPECT_FALSE(one[0].is_replaceable);
}

TEST(ContentTest, APayloadOfATaskIsJsonUnlessItMustNotBe) {
  JsonValidity validity;
  Arguments step = {.content = {40, 7}};
  EXPECT_TRUE(validity.Of(TaskPayloadOf(step)));
  step.invalid_at = 0;
  EXPECT_FALSE(validity.Of(TaskPayloadOf(step)));
}

TEST(ContentTest, AnInvalidCheckpointDiffersInItsMetadataOnly) {
  JsonValidity validity;
  Arguments step = {.content = {300, 1}};
  const CheckpointContent valid = CheckpointOf(step);
  step.invalid_at = 0;
  const CheckpointContent invalid = CheckpointOf(step);
  EXPECT_EQ(invalid.state, valid.state);
  EXPECT_EQ(invalid.type, valid.type);
  EXPECT_FALSE(validity.Of(invalid.metadata)) << invalid.metadata;
}

// If one of these fails, stored plans no longer mean what they meant: undo the
// change, or make it a new version of the plan format.
TEST(ContentGoldenTest, NamesAreWhatTheyAlwaysWere) {
  std::uint64_t digest = 0;
  for (int i = 0; i < 1000; ++i) {
    digest = Digest(ThreadName(i), digest);
    digest = Digest(NamespaceName(i), digest);
    digest = Digest(CheckpointName(i), digest);
    digest = Digest(TaskName(i), digest);
    digest = Digest(BlobName(i), digest);
  }
  EXPECT_EQ(digest, 7020308894370337420u);
}

TEST(ContentGoldenTest, BytesAreWhatTheyAlwaysWere) {
  std::uint64_t digest = 0;
  for (std::int64_t size = 0; size < 1000; ++size) {
    digest = Digest(ContentBytes({size, ~std::uint64_t{0} / 7}), digest);
  }
  EXPECT_EQ(digest, 577532616666358435u);
}

TEST(ContentGoldenTest, JsonIsWhatItAlwaysWas) {
  std::uint64_t digest = 0;
  for (std::int64_t size = 0; size < 1000; ++size) {
    digest = Digest(ContentJson({size, ~std::uint64_t{0} / 7}, true), digest);
    digest = Digest(ContentJson({size, 5}, false), digest);
  }
  EXPECT_EQ(digest, 12631477630729851041u);
}

TEST(ContentGoldenTest, StepsHoldWhatTheyAlwaysHeld) {
  std::uint64_t digest = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto checkpoint =
        CheckpointOf({.content = {static_cast<std::int64_t>(seed % 50), seed}});
    digest = Digest(checkpoint.type, digest);
    digest = Digest(checkpoint.state, digest);
    digest = Digest(checkpoint.metadata, digest);
    const Arguments batch = {.content = {20, seed}, .count = 5};
    for (const std::string& payload : LogPayloadsOf(batch)) {
      digest = Digest(payload, digest);
    }
    const Arguments writes = {.content = {20, seed}, .count = 5};
    for (const saver::PendingWrite& write : WritesOf(writes)) {
      digest = Digest(write.channel, digest);
      digest = Digest(write.type, digest);
      digest = Digest(write.bytes, digest);
    }
  }
  EXPECT_EQ(digest, 15269366875615763609u);
}

}  // namespace
}  // namespace lastcommit::threads
