#include "token/number_code.h"

#include <bit>

namespace lastcommit {

bool NumberCode::Bit(About about, int number, int which, BitModel belief,
                     bool bit) {
  const auto [model, is_new] = models_.try_emplace(
      std::tuple(static_cast<int>(about), number, which), belief);
  return coder_.Code(model->second, bit);
}

std::uint64_t NumberCode::Number(About about, int number, BitModel longer,
                                 std::uint64_t value) {
  constexpr int kMaxBits = 64;
  constexpr int kFirstBit = 1000;  // beyond the numbers of other models
  int bits = 0;
  while (bits < kMaxBits &&
         Bit(about, number, kFirstBit + bits, longer,
             bits < static_cast<int>(std::bit_width(value)))) {
    ++bits;
  }
  std::uint64_t coded = bits == 0 ? 0 : 1;
  for (int i = bits - 2; i >= 0; --i) {
    BitModel even = kEven;
    const bool bit = coder_.Code(even, ((value >> i) & 1) != 0);
    coded = (coded << 1) | (bit ? 1 : 0);
  }
  return coded;
}

std::uint64_t NumberCode::Value(About about, int number, std::uint64_t value,
                                std::uint64_t before, std::uint64_t simplest) {
  const bool was_simplest = before == simplest;
  if (Bit(about, number, was_simplest ? 0 : 1,
          was_simplest ? BitModel{1, 15} : kMostly, value == simplest)) {
    return simplest;
  }
  if (!was_simplest && Bit(about, number, 2, kEven, value == before)) {
    return before;
  }
  const auto distance = static_cast<std::int64_t>(value - simplest);
  const bool is_below = Bit(about, number, 3, kRarely, distance < 0);
  const std::uint64_t size = is_below ? simplest - value : value - simplest;
  const std::uint64_t coded = Number(about, number, kMostly, size);
  return is_below ? simplest - coded : simplest + coded;
}

}  // namespace lastcommit
