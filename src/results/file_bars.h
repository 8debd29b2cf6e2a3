// The disk after a loss of power as bars for a page.

#ifndef LASTCOMMIT_RESULTS_FILE_BARS_H_
#define LASTCOMMIT_RESULTS_FILE_BARS_H_

#include "explain/disk_map.h"
#include "page/document.h"

namespace lastcommit {

FileBars FileBarsOf(const DiskMap& map);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_FILE_BARS_H_
