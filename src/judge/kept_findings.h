// Keeps what a judgement found: for each finding the files that its crash
// leaves, what happened in words, the same as JSON, and the command that shows
// it again.
//
//   DIR/1/recording
//         kill-half/files/...
//                   story.txt
//                   finding.json
//         power-lost-wal_not_synced/...
//   DIR/2/...                     of the next judgement that found something
//
// Nothing that is there is ever changed or removed.

#ifndef LASTCOMMIT_JUDGE_KEPT_FINDINGS_H_
#define LASTCOMMIT_JUDGE_KEPT_FINDINGS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "judge/finding_view.h"
#include "judge/judgement.h"
#include "record/rebuild.h"

namespace lastcommit {

// Makes it if it is not there. FailedPrecondition: it has something in it that
// is not from here.
absl::Status PrepareKeeping(const std::string& directory);

// Its findings, each with the name of the directory that keeps it.
std::vector<FindingView> NamedFindings(const Judgement& judgement);

struct KeepOptions {
  std::string directory;  // prepared
  DiskModel model = DiskModel::kPosix;
  // The command that judges the crash at that call of a recording again.
  std::function<std::string(const std::string& recording, std::uint64_t call)>
      again;
};

// Returns the directory of this judgement, or "" if nothing was found.
absl::StatusOr<std::string> KeepFindings(const std::string& recording,
                                         const Judgement& judgement,
                                         const KeepOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_KEPT_FINDINGS_H_
