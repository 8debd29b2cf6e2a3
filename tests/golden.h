// Golden files: text that is compared with a file of the repository. With
// LASTCOMMIT_REFRESH_GOLDEN=1 in the environment the files are written instead;
// the difference is then for `git diff` and its reader.

#ifndef LASTCOMMIT_TESTS_GOLDEN_H_
#define LASTCOMMIT_TESTS_GOLDEN_H_

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace lastcommit {

inline void ExpectGolden(const std::string& path, const std::string& text) {
  if (std::getenv("LASTCOMMIT_REFRESH_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, golden) << "differs from " << path
                          << "\nif this is what you want, run the test with "
                             "LASTCOMMIT_REFRESH_GOLDEN=1 and look at git diff";
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_GOLDEN_H_
