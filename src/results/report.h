// A campaign as a page: the verdict first, then what was tested,
// what was found, and what was really exercised. Made from results.jsonl, and
// what was kept and not recorded; a campaign that runs can be reported on.

#ifndef LASTCOMMIT_RESULTS_REPORT_H_
#define LASTCOMMIT_RESULTS_REPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "page/document.h"

namespace lastcommit {

// `since`: the directory of an earlier campaign to compare it with; "": none.
// `program` is how the reader calls this program. NotFound: there is no
// campaign.
absl::StatusOr<Document> ReportOn(const std::string& directory,
                                  const std::string& since,
                                  const std::string& program);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_REPORT_H_
