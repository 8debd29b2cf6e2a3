// Golden files of what the generator makes, under its version: they may only
// change together with it, or seeds would silently mean other plans.

#ifndef LASTCOMMIT_TESTS_GENERATOR_GOLDEN_H_
#define LASTCOMMIT_TESTS_GENERATOR_GOLDEN_H_

#include <fstream>
#include <iterator>
#include <string>

#include "generate/arbitrary_plan.h"
#include "golden.h"
#include "gtest/gtest.h"

namespace lastcommit {

inline std::string WithGeneratorVersion(const std::string& lines) {
  return "generator version " + std::to_string(kGeneratorVersion) + "\n" +
         lines;
}

// Whether `text` says something else than `golden` under the same version.
inline bool NeedsNewVersion(const std::string& golden,
                            const std::string& text) {
  return golden != text &&
         golden.substr(0, golden.find('\n')) == text.substr(0, text.find('\n'));
}

// As ExpectGolden, but what stands under a version is never written again.
inline void ExpectGoldenOfGenerator(const std::string& path,
                                    const std::string& lines) {
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  const std::string text = WithGeneratorVersion(lines);
  ASSERT_FALSE(NeedsNewVersion(golden, text))
      << "a seed means other plans than in " << path
      << ": bump kGeneratorVersion (src/generate/arbitrary_plan.h), then run "
         "the test with LASTCOMMIT_REFRESH_GOLDEN=1. Under the same version "
         "nothing is refreshed: seeds that people have would silently give "
         "other plans.";
  ExpectGolden(path, text);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_GENERATOR_GOLDEN_H_
