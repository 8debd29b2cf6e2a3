#include "token/bit_coder.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "token/walks.h"

namespace lastcommit {
namespace {

std::string Encoded(const std::vector<bool>& bits, BitModel model) {
  BitEncoder encoder;
  for (const bool bit : bits) encoder.Code(model, bit);
  return encoder.Finish();
}

std::vector<bool> Decoded(const std::string& bytes, std::size_t count,
                          BitModel model) {
  BitDecoder decoder(bytes);
  std::vector<bool> bits;
  for (std::size_t i = 0; i < count; ++i) {
    bits.push_back(decoder.Code(model, false));
  }
  return bits;
}

// 1 once in `one_in`.
std::vector<bool> BitsOf(std::uint64_t seed, std::size_t count,
                         std::size_t one_in) {
  Dice dice(seed);
  std::vector<bool> bits;
  while (bits.size() < count) bits.push_back(dice.Below(one_in) == 0);
  return bits;
}

TEST(BitCoderTest, AnyBitsWithAnyBeliefAreDecodedUnchanged) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const std::size_t one_in : {1, 2, 3, 50}) {
      for (const BitModel model : {BitModel{1, 1}, {1000, 1}, {1, 1000}}) {
        const std::vector<bool> bits = BitsOf(seed, seed, one_in);
        ASSERT_EQ(Decoded(Encoded(bits, model), bits.size(), model), bits);
      }
    }
  }
}

TEST(BitCoderTest, WhatIsForeseenCostsLittle) {
  EXPECT_LE(Encoded(BitsOf(1, 1000, 1), {1, 1}).size(), 2u);
  EXPECT_LE(Encoded(BitsOf(1, 1000, 50), {1, 1}).size(), 25u);
}

TEST(BitCoderTest, WhatIsNotForeseenCostsABit) {
  EXPECT_LE(Encoded(BitsOf(1, 1000, 2), {1, 1}).size(), 1000u / 8 + 3);
}

TEST(BitCoderTest, NoBytesAreOnesWithoutEnd) {
  EXPECT_EQ(Encoded(std::vector<bool>(100, true), {1, 1}), "");
  EXPECT_EQ(Decoded("", 100, {1, 1}), std::vector<bool>(100, true));
}

TEST(BitCoderTest, AfterTheBytesTheDecoderGoesOn) {
  EXPECT_EQ(Decoded("\x80\xff", 100'000, {1, 1}).size(), 100'000u);
}

}  // namespace
}  // namespace lastcommit
