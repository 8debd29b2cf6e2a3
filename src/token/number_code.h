// Numbers as bits of adaptive arithmetic coding, each bit with a model of its
// own. Only plan_difference.cc and fault_difference.cc call it. As in BitCoder,
// encoding and decoding are the same calls.

#ifndef LASTCOMMIT_TOKEN_NUMBER_CODE_H_
#define LASTCOMMIT_TOKEN_NUMBER_CODE_H_

#include <cstdint>
#include <map>
#include <tuple>

#include "token/bit_coder.h"

namespace lastcommit {

// What a bit is about. Each, with two numbers more, has a model of its own.
enum class About {
  kIsUnchanged,
  kProfile,
  kRounds,
  kIsNewRound,
  kSkippedRounds,
  kHasAllSteps,
  kSteps,
  kSkippedSteps,
  kKind,
  kField,
  kHasCrash,
  kCrashStep,
  kIsSameCrash,
  kCrashIo,
  kCrashMoment,
  kHasTimedKill,
  kTimedKillStep,
  kTimedKillDelay,
  kImages,
  kIsSameSurvival,
  kSurvival,
  kSurvivalNumber,
  kIsLastFate,
  kFateChange,
  kFateKind,
  kFateBytes,
  kFateDirectory,
  kHasError,
  kErrorStep,
  kIsSameError,
  kErrorKind,
  kErrorAt,
  kErrorCount,
};

// What is believed of a bit before the first one.
inline constexpr BitModel kEven = {1, 1};
inline constexpr BitModel kRarely = {15, 1};
inline constexpr BitModel kMostly = {1, 3};

class NumberCode {
 public:
  // `coder` must outlive it.
  explicit NumberCode(BitCoder& coder) : coder_(coder) {}

  bool Bit(About about, int number, int which, BitModel belief, bool bit);

  // How many bits it has, in unary, and then all of them but the first.
  std::uint64_t Number(About about, int number, BitModel longer,
                       std::uint64_t value);

  // A field: its simplest value, or what it was, or else how far it is from
  // the simplest value. Each as 64 bits, modulo 2^64.
  std::uint64_t Value(About about, int number, std::uint64_t value,
                      std::uint64_t before, std::uint64_t simplest);

 private:
  BitCoder& coder_;
  std::map<std::tuple<int, int, int>, BitModel> models_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_NUMBER_CODE_H_
