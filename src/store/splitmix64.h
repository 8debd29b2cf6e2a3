// splitmix64: numbers that look random, out of a seed, the same ones everywhere
// (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014;
// https://prng.di.unimi.it/splitmix64.c). Written out because the distributions
// of <random> differ between standard libraries.

#ifndef LASTCOMMIT_STORE_SPLITMIX64_H_
#define LASTCOMMIT_STORE_SPLITMIX64_H_

#include <cstdint>

namespace lastcommit {

class SplitMix64 {
 public:
  static constexpr std::uint64_t kGamma = 0x9e3779b97f4a7c15;

  // A bijection, so that different numbers never become one.
  static constexpr std::uint64_t Mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  constexpr explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t Next() { return Mix(state_ += kGamma); }

 private:
  std::uint64_t state_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_SPLITMIX64_H_
