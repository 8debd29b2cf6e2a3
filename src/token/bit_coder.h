// Adaptive arithmetic coding of bits: a bit that could be foreseen costs much
// less than one. Only plan_difference.cc calls it.
//
// Encoder and decoder are called in the same way, so that a format is one
// function for both directions and they cannot drift apart.

#ifndef LASTCOMMIT_TOKEN_BIT_CODER_H_
#define LASTCOMMIT_TOKEN_BIT_CODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lastcommit {

// How often a bit was 0 and 1. What it begins with is what is believed before
// the first one, and must not be 0.
struct BitModel {
  std::uint32_t zeros = 1;
  std::uint32_t ones = 1;
};

class BitCoder {
 public:
  virtual ~BitCoder() = default;
  // Encoding: takes `bit` and gives it back. Decoding: gives the bit that was
  // encoded; `bit` does not matter. The model learns.
  virtual bool Code(BitModel& model, bool bit) = 0;

 protected:
  // The numbers that are still possible, both ends included.
  struct Interval {
    std::uint32_t low = 0;
    std::uint32_t high = 0xffffffff;

    // The last number that stands for 1; those after it stand for 0.
    std::uint32_t LastOne(const BitModel& model) const;
    void Take(BitModel& model, std::uint32_t last_one, bool bit);
    // Both ends begin with the same byte, which is then decided.
    bool HasByte() const { return (low ^ high) < (1U << 24); }
    void DropByte();
  };
  Interval interval_;
};

class BitEncoder : public BitCoder {
 public:
  bool Code(BitModel& model, bool bit) override;
  // The shortest bytes that decode to what was encoded. Ends the encoding.
  std::string Finish();

 private:
  std::string bytes_;
};

// Any bytes decode to something; behind the last one are zeros without end.
class BitDecoder : public BitCoder {
 public:
  explicit BitDecoder(std::string_view bytes);
  bool Code(BitModel& model, bool bit) override;

 private:
  std::uint32_t NextByte();

  std::string_view bytes_;
  std::size_t next_ = 0;
  std::uint32_t number_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_BIT_CODER_H_
