// Evidence: why an image of a loss of power can be what it is. What the syncs
// of a database allow: a lapse (lapses.h) can be missed for as long as
// something that was unsynced then still is.

#ifndef LASTCOMMIT_JUDGE_EVIDENCE_H_
#define LASTCOMMIT_JUDGE_EVIDENCE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "disk/storage.h"
#include "disk/survival.h"
#include "judge/cause.h"
#include "judge/database_files.h"
#include "judge/timeline.h"

namespace lastcommit {

using Changes = std::vector<PendingChange>;

// What of the pending changes such an image has not, or not whole.
Changes MissingOf(const Changes& pending, const Survival& survival);

class Evidence {
 public:
  // `line` must outlive it.
  Evidence(DatabaseNames names, const DatabaseTimeline& line)
      : line_(line), names_(std::move(names)) {}

  // After the call is applied; `newest` is the last change of all.
  void Learn(std::uint64_t call, const Touch& touch, std::uint64_t newest);

  // Why something that is half or damaged can be.
  Cause OfDamage(std::uint64_t call, const Changes& pending,
                 const Changes& missing, const Storage& storage) const;
  // Why a commit can be lost.
  Cause OfLoss(std::uint64_t call, const Changes& missing,
               const Storage& storage) const;

 private:
  bool IsVacuumUndone(const Changes& pending, const Changes& missing,
                      const Storage& storage) const;
  Cause FirstOf(std::initializer_list<Cause> causes, const Changes& missing,
                const Storage& storage) const;
  Cause OfBug(std::uint64_t call, const Changes& missing,
              const Storage& storage) const;
  bool MayBe(Cause cause, const Changes& missing, const Storage& storage) const;
  bool IsOfFolder(const PendingChange& change) const;
  bool IsOwn(const PendingChange& change, const Storage& storage) const;

  const DatabaseTimeline& line_;
  const DatabaseNames names_;
  std::size_t next_ = 0;  // of the lapses
  // The newest change that was made until the newest lapse of each kind.
  std::map<Cause, std::uint64_t> until_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_EVIDENCE_H_
