// References: what a store makes of copies of what it held at some moments of a
// recorded run, as if it had been closed well there. Where there is no model,
// that is what has to come back after a crash.

#ifndef LASTCOMMIT_DRIVEN_REFERENCES_H_
#define LASTCOMMIT_DRIVEN_REFERENCES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "disk/storage.h"
#include "driven/recoveries.h"
#include "judge/timeline.h"
#include "plan/plan.h"
#include "record/rebuild.h"

namespace lastcommit::driven {

struct Reference {
  Recovery recovery;
  bool is_known = false;  // the driver was asked
  // "<123>": what values of the plan begin with, of those that are in a table.
  std::set<std::string> tokens;
  std::string directory;  // with the files as they were closed
  bool is_renewed = false;
};

class References {
 public:
  // `root`: what was recorded. `scratch` is a directory that is there, and the
  // references' own. All must outlive it.
  References(const std::string& recording, std::string root,
             const Timeline& timeline, const Vocabulary& dialect,
             std::string scratch, Recoverer& recoverer);

  // After each of these calls of the recording; the one before number 0 is the
  // beginning, as StatesToExpect() has it. Two moments at which the files
  // hold the same are one. Errors of the recording, and of the driver's
  // protocol.
  absl::Status Learn(const std::set<std::uint64_t>& calls);
  // Makes that of the call anew, by a process of its own with the files in
  // `place`, whose content goes; once.
  absl::Status Renew(std::uint64_t call, const std::string& place);
  // nullptr: it was not asked for, is behind the end, or the driver hung
  // before.
  const Reference* After(std::uint64_t call) const;
  // The first one after a call, or before one, of which it holds; nullptr:
  // there is none that is known.
  const Reference* FirstAfter(
      std::uint64_t call,
      const std::function<bool(const Reference&)>& holds) const;
  const Reference* LastBefore(
      std::uint64_t call,
      const std::function<bool(const Reference&)>& holds) const;
  std::size_t size() const { return references_.size(); }

 private:
  // What the databases hold, and the digest of what is beside them.
  using Moment = std::pair<std::vector<StateId>, std::uint64_t>;

  Moment MomentOf(std::uint64_t done, const Rebuild& files) const;
  // The next one, as files; in `databases` where.
  absl::Status Add(const Rebuild& files, std::vector<std::string>& databases);

  const std::string& recording_;
  const std::string root_;
  const Timeline& timeline_;
  const Vocabulary& dialect_;
  const std::string scratch_;
  Recoverer& recoverer_;
  std::map<Moment, std::size_t> by_moment_;
  std::map<std::uint64_t, std::size_t> by_done_;  // calls
  bool is_hung_ = false;  // over one of them; then no more are made
  std::vector<Reference> references_;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_REFERENCES_H_
