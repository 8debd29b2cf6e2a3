// A campaign for programs: as JSON, and as test cases for continuous
// integration. What ReportOn says to people.

#ifndef LASTCOMMIT_RESULTS_REPORT_JSON_H_
#define LASTCOMMIT_RESULTS_REPORT_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "output/junit_file.h"
#include "results/loaded_campaign.h"

namespace lastcommit {

// schema lastcommit-report-1 (docs/results-format.md).
nlohmann::json JsonOf(const LoadedCampaign& campaign);

// "campaign" with the verdict over all, and each kind of finding.
std::vector<JUnitCase> CasesOf(const LoadedCampaign& campaign);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_REPORT_JSON_H_
