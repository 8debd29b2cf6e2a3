#include "judge/joint_commits.h"

#include <utility>

namespace lastcommit {

void JointCommits::See(const RecordedCall& call,
                       const std::vector<std::size_t>& made) {
  std::erase_if(open_, [&](const Open& open) {
    return !followers_[open.part.database]->HasIndexLock(open.thread);
  });
  std::vector<JointCommit::Part> super;
  for (const std::size_t database : made) {
    const auto& commits = followers_[database]->line().commits;
    const JointCommit::Part part = {database, commits.size() - 1};
    if (commits.back().by == CommitBy::kSuperJournal) super.push_back(part);
    if (commits.back().by == CommitBy::kWal) SeeWal(call.thread, part);
  }
  if (super.size() > 1) timeline_.joint.push_back({std::move(super), true});
}

void JointCommits::SeeWal(std::int32_t thread, const JointCommit::Part& part) {
  if (!followers_[part.database]->HasIndexLock(thread)) return;
  JointCommit joint;
  for (const Open& open : open_) {
    if (open.thread != thread || open.part.database == part.database) continue;
    joint.parts.push_back(open.part);
    if (followers_[part.database]->counts()) {
      followers_[open.part.database]->ReportTorn(open.part.commit,
                                                 part.database);
    }
  }
  if (!joint.parts.empty()) {
    joint.parts.push_back(part);
    timeline_.joint.push_back(std::move(joint));
  }
  open_.push_back({part, thread});
}

}  // namespace lastcommit
