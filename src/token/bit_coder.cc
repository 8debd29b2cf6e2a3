#include "token/bit_coder.h"

namespace lastcommit {

// One bit seen weighs as much as two of the numbers a model begins with, so
// that beliefs give way quickly.
constexpr std::uint32_t kStep = 2;

std::uint32_t BitCoder::Interval::LastOne(const BitModel& model) const {
  const std::uint64_t width = high - low;
  const std::uint64_t all = std::uint64_t{model.zeros} + model.ones;
  // Below `high`, since ones < all: each bit keeps at least one number.
  return low + static_cast<std::uint32_t>(width * model.ones / all);
}

void BitCoder::Interval::Take(BitModel& model, std::uint32_t last_one,
                              bool bit) {
  if (bit) {
    high = last_one;
    model.ones += kStep;
  } else {
    low = last_one + 1;
    model.zeros += kStep;
  }
}

void BitCoder::Interval::DropByte() {
  low <<= 8;
  high = (high << 8) | 0xff;
}

bool BitEncoder::Code(BitModel& model, bool bit) {
  interval_.Take(model, interval_.LastOne(model), bit);
  for (; interval_.HasByte(); interval_.DropByte()) {
    bytes_ += static_cast<char>(interval_.low >> 24);
  }
  return bit;
}

std::string BitEncoder::Finish() {
  // The ends differ in their first byte, so the next higher one is inside.
  if (interval_.low > 0) {
    bytes_ += static_cast<char>((interval_.low >> 24) + 1);
  }
  while (!bytes_.empty() && bytes_.back() == '\0') bytes_.pop_back();
  return bytes_;
}

BitDecoder::BitDecoder(std::string_view bytes) : bytes_(bytes) {
  for (int i = 0; i < 4; ++i) number_ = (number_ << 8) | NextByte();
}

bool BitDecoder::Code(BitModel& model, bool /*bit*/) {
  const std::uint32_t last_one = interval_.LastOne(model);
  const bool bit = number_ <= last_one;
  interval_.Take(model, last_one, bit);
  for (; interval_.HasByte(); interval_.DropByte()) {
    number_ = (number_ << 8) | NextByte();
  }
  return bit;
}

std::uint32_t BitDecoder::NextByte() {
  if (next_ >= bytes_.size()) return 0;
  return static_cast<unsigned char>(bytes_[next_++]);
}

}  // namespace lastcommit
