// A campaign as a page: the verdict first, then what was tested,
// what was found, and what was really exercised. Made from results.jsonl, and
// what was kept and not recorded; a campaign that runs can be reported on.

#ifndef LASTCOMMIT_RESULTS_REPORT_H_
#define LASTCOMMIT_RESULTS_REPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "page/document.h"

namespace lastcommit {

// Where a page is read.
struct PagePlace {
  std::string directory;  // it lies in there
  std::string program;    // how the reader calls this program
};

// `since`: the directory of an earlier campaign to compare it with; "": none.
// Findings that would make the page too long are links to their files.
// NotFound: there is no campaign.
absl::StatusOr<Document> ReportOn(const std::string& directory,
                                  const std::string& since,
                                  const PagePlace& where);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_REPORT_H_
