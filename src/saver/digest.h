// The digest that is stored beside a blob and in a checkpoint: XXH3, 128 bits,
// in canonical (big endian) order. It notices bytes that changed by accident,
// on the disk or by a wrong offset; it does not protect against anyone who
// means it.

#ifndef LASTCOMMIT_SAVER_DIGEST_H_
#define LASTCOMMIT_SAVER_DIGEST_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lastcommit::saver {

inline constexpr std::size_t kDigestBytes = 16;

std::string DigestOf(std::string_view bytes);

// What the digest of a checkpoint is of.
struct CheckpointParts {
  std::optional<std::string_view> parent_id;
  std::string_view type;
  std::string_view state;
  std::string_view metadata;
};

// Of the parts in that order, each after its length in 64 bits, big endian; a
// parent that is not there has the length -1, and no bytes.
std::string DigestOf(const CheckpointParts& parts);

// The same for bytes that come in pieces.
class DigestBuilder {
 public:
  DigestBuilder();
  ~DigestBuilder();
  DigestBuilder(const DigestBuilder&) = delete;
  DigestBuilder& operator=(const DigestBuilder&) = delete;

  void Add(std::string_view bytes);
  std::string Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_DIGEST_H_
