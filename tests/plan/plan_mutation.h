// Texts that are nearly plans: one that is, changed in a few places. Random
// bytes alone hardly ever get past the header.

#ifndef LASTCOMMIT_TESTS_PLAN_PLAN_MUTATION_H_
#define LASTCOMMIT_TESTS_PLAN_PLAN_MUTATION_H_

#include <cstdint>
#include <string>
#include <vector>

namespace lastcommit {

// A function of its arguments alone. Lines are repeated, moved and taken from
// `other`, values replaced by other ones, bytes changed.
std::string MutatedPlanText(const std::string& text, const std::string& other,
                            std::uint64_t seed);

// Plans as they are generated, which use what the generator knows: every kind
// of step and its fields. Those of corpus/ are too small for that.
std::vector<std::string> GeneratedPlanTexts(int count);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_PLAN_PLAN_MUTATION_H_
