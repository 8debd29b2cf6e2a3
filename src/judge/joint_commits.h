// JointCommits: which commits of several databases are one transaction. With a
// super-journal they come about by one call. In WAL mode one thread writes a
// frame with a commit mark into each WAL, and has the locks of all until the
// last one is written (vdbeaux.c, vdbeCommit); a transaction of its own on each
// database would give back the first lock before.

#ifndef LASTCOMMIT_JUDGE_JOINT_COMMITS_H_
#define LASTCOMMIT_JUDGE_JOINT_COMMITS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "judge/follower.h"
#include "judge/timeline.h"
#include "record/recording.h"

namespace lastcommit {

class JointCommits {
 public:
  JointCommits(const Followers& followers, Timeline& timeline)
      : followers_(followers), timeline_(timeline) {}

  // After a call that made a commit point of each of these databases.
  void See(const RecordedCall& call, const std::vector<std::size_t>& made);

 private:
  // A commit whose lock is still there.
  struct Open {
    JointCommit::Part part;
    std::int32_t thread = 0;
  };

  void SeeWal(std::int32_t thread, const JointCommit::Part& part);

  const Followers& followers_;
  Timeline& timeline_;
  std::vector<Open> open_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_JOINT_COMMITS_H_
