// UnfoundCommits: the commits that a crash has interrupted and that nobody has
// found since. What a WAL holds of one stays there until another transaction
// has written over it, and a later crash may leave the commit all the same:
// nobody was told of it, and nothing that was acknowledged is lost. Of all
// rounds; CrashHistory keeps it.

#ifndef LASTCOMMIT_ORACLE_UNFOUND_COMMITS_H_
#define LASTCOMMIT_ORACLE_UNFOUND_COMMITS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "model/contract.h"
#include "model/reference_model.h"
#include "oracle/replayed.h"

namespace lastcommit {

// How the round of the commit has ended.
enum class Interruption { kOneDied, kAllDied, kLostPower };

// A later crash.
struct LaterCrash {
  Fault fault = Fault::kNone;
  std::int64_t kept = 0;     // up to this cut nothing of the WAL may be gone
  bool has_written = false;  // frames, some transaction of its round
};

class UnfoundCommits {
 public:
  // `with` has it; the cut `found` was there instead.
  void Add(const ReferenceModel& with, std::int64_t found, Interruption how);

  // Those that the crash may leave.
  void AddTo(const LaterCrash& crash, Alternatives& alternatives) const;

  // A round is over that none of them has ended.
  void EndRound(bool lost_power, bool has_written);
  // What they had left is gone.
  void Clear() { commits_.clear(); }

 private:
  struct Commit {
    std::shared_ptr<const ReferenceModel> with;
    std::int64_t found;
    bool is_whole;         // perhaps: nobody has looked
    bool is_torn;          // frames may be gone that came before others
    bool is_written_over;  // in part
  };

  static bool MayComeBack(const Commit& commit, const LaterCrash& crash);
  static bool IsCompleted(const Commit& commit, const LaterCrash& crash);
  static bool IsJoined(const Commit& commit, const LaterCrash& crash);

  std::vector<Commit> commits_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_UNFOUND_COMMITS_H_
