// The examination of what a round left on disk: by plain SQL on a copy before
// the saver opens it, then, after the last round, through the saver, with a new
// transaction and another reopen. Runs in a child of its own, because a damaged
// file may crash SQLite.

#ifndef LASTCOMMIT_TRIAL_EXAMINE_H_
#define LASTCOMMIT_TRIAL_EXAMINE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "model/contract.h"
#include "model/reference_model.h"
#include "model/verdict.h"
#include "plan/plan.h"
#include "subject/registry.h"

namespace lastcommit {

struct ExamineTask {
  const SaverEntry* entry = nullptr;
  const Profile* profile = nullptr;
  std::string database_directory;
  std::string copy_directory;  // made and overwritten
  LegalCuts legal;
  bool closed = false;  // the round ended by a close, not by a crash
  bool is_last_round = false;
  // With the commit that is in doubt, if there is one; no open transaction.
  const ReferenceModel* model = nullptr;
  bool has_candidate = false;
};

struct Examination {
  Verdict verdict;
  std::int64_t cut = -1;  // found in the copy
  std::int64_t wal_frames_recovered = 0;
  bool hot_journal = false;
};

// An error is one of the tester (no space for the copy), not of the saver.
absl::StatusOr<Examination> Examine(const ExamineTask& task);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_EXAMINE_H_
