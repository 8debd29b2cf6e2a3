// What became of the properties that ran in the same night as a campaign
// (scripts/nightly): ctest's report in the campaign's directory. A night is not
// held if one of them failed, whatever the campaign found.

#ifndef LASTCOMMIT_RESULTS_NIGHT_PROPERTIES_H_
#define LASTCOMMIT_RESULTS_NIGHT_PROPERTIES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace lastcommit {

struct NightProperties {
  int passed = 0;
  std::vector<std::string> failed;  // their names
  // Each was run to its end, and there was one.
  bool are_complete = false;
};

// Of the text of DIR/properties.xml, JUnit's XML as ctest writes it.
NightProperties ParseNightProperties(std::string_view xml);

// nullopt: the night had none. A log without a report is a night whose
// properties were cut off.
std::optional<NightProperties> ReadNightProperties(
    const std::string& directory);

// Makes the properties of one directory those of another, if it has some.
absl::Status CopyNightProperties(const std::string& from,
                                 const std::string& to);

// "5 properties passed, 1 failed: props.one"; with a note if not all were run.
std::string Describe(const NightProperties& properties);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_NIGHT_PROPERTIES_H_
