// What the text of most plans is made of, for deflate to refer to. A part of
// the format of tokens: with another dictionary their bytes mean other texts,
// so that a change of it needs another number in their prefix.

#ifndef LASTCOMMIT_TOKEN_DICTIONARY_H_
#define LASTCOMMIT_TOKEN_DICTIONARY_H_

#include <string_view>

namespace lastcommit {

std::string_view Dictionary();

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_DICTIONARY_H_
