// A file of the project as text.

#ifndef LASTCOMMIT_TESTS_DOCS_PAGE_H_
#define LASTCOMMIT_TESTS_DOCS_PAGE_H_

#include <fstream>
#include <iterator>
#include <string>

namespace lastcommit {

inline std::string Page(const std::string& path) {
  std::ifstream file(PROJECT + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_DOCS_PAGE_H_
