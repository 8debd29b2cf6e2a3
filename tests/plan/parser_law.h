// What must hold for the parser of plans and any text whatever: for the test
// with a fixed number of mutations and for the fuzzer without an end.

#ifndef LASTCOMMIT_TESTS_PLAN_PARSER_LAW_H_
#define LASTCOMMIT_TESTS_PLAN_PARSER_LAW_H_

#include <string>
#include <string_view>

namespace lastcommit {

struct Parsing {
  bool is_plan = false;
  std::string broken_law;  // empty: what must hold holds
};

// A text that is a plan prints to one that parses to the same plan and prints
// to the same text. One that is none is refused in a line of printable ASCII
// with the name of the file and the number of a line.
Parsing ParseByLaw(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_PLAN_PARSER_LAW_H_
