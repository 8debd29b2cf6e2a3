// How many of something, for people.

#ifndef LASTCOMMIT_OUTPUT_PLURAL_H_
#define LASTCOMMIT_OUTPUT_PLURAL_H_

#include <cstdint>
#include <string>

namespace lastcommit {

// "1 page", "2 pages".
std::string Plural(std::int64_t count, const std::string& noun);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_PLURAL_H_
