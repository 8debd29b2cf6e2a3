// JUnit's XML, as continuous integration reads it
// (https://github.com/testmoapp/junitxml): each thing that was judged is a test
// case. One that violated fails; one of which nothing is known, be it that the
// tester failed or that too little was exercised, is an error, since who counts
// only failures would take a skipped one for good.

#ifndef LASTCOMMIT_OUTPUT_JUNIT_FILE_H_
#define LASTCOMMIT_OUTPUT_JUNIT_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "output/exit_code.h"

namespace lastcommit {

struct JUnitCase {
  std::string name = {};
  ExitCode code = ExitCode::kHeld;
  std::string text = {};  // what was said of it; the first line stands for all
};

// `suite`: who judged, "lastcommit.replay".
std::string PrintJUnit(const std::string& suite,
                       const std::vector<JUnitCase>& cases);

// Before the work: a file that is replaced at its end says until then that it
// did not come to it. A file of yesterday would say what was true then.
absl::Status PrepareJUnitFile(const std::string& path, const std::string& suite,
                              const std::string& name);

// With an empty path nothing; else as WriteOutput.
absl::Status WriteJUnitFile(const std::string& path, const std::string& suite,
                            const std::vector<JUnitCase>& cases);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_JUNIT_FILE_H_
