// The bug: a stream that commits what it has so far, "so that the transaction
// stays small". A kill on the way leaves the beginning of a blob in the place
// of the one that was there, with a digest that fits it.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatCommitsEachChunk : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override {
    if (in_transaction()) {
      return SqliteSubject::StreamBlob(thread_id, name, bytes, chunk);
    }
    // Each commit writes the blob anew; a few chunks at once keep a big one
    // from taking forever.
    constexpr std::size_t kMostCommits = 8;
    const std::size_t step =
        std::max(static_cast<std::size_t>(chunk), bytes.size() / kMostCommits);
    for (std::size_t end = step; end < bytes.size(); end += step) {
      RETURN_IF_ERROR(Uncounted([&] {
        return SqliteSubject::PutBlob(thread_id, name, bytes.substr(0, end));
      }));
    }
    return SqliteSubject::StreamBlob(thread_id, name, bytes, chunk);
  }
};

}  // namespace

SaverEntry PlantedChunksOneByOne() {
  return {"planted-chunks-one-by-one",
          "commits the chunks of a streamed blob one by one",
          ViolationClass::kNotACut, OpenPlanted<SaverThatCommitsEachChunk>,
          ReadStateBySql};
}

}  // namespace lastcommit
