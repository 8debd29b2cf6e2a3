// The nights of a directory: each campaign in it, by name, and what was new in
// it since the one before.

#ifndef LASTCOMMIT_RESULTS_NIGHTS_H_
#define LASTCOMMIT_RESULTS_NIGHTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "page/document.h"

namespace lastcommit {

// Numbers in their names count as numbers, so that dates are in order. Two
// campaigns at a time are in memory. What cannot be read is said in its row;
// what is no campaign, and symbolic links, are left out. The verdict is that of
// the last one. A report.html in one of them is linked. NotFound: there is
// none.
absl::StatusOr<Document> NightsOf(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_NIGHTS_H_
