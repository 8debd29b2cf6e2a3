// Tokens with a right checksum over any text, made without the dictionary,
// which a decoder need not be referred to.

#ifndef LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_
#define LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_

#include <string>

namespace lastcommit {

// `behind` stands between the compressed text and its checksum.
std::string ForgedToken(const std::string& text,
                        const std::string& behind = "");

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TOKEN_FORGED_TOKEN_H_
