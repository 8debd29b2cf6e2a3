// Tokens with a right checksum around whatever a test puts into them, made
// without the code under test.

#ifndef LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_
#define LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_

#include <string>

namespace lastcommit {

// What stands in a token before its checksum.
std::string BodyOf(const std::string& token);
std::string ForgedToken(std::string body);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_
