#include "oracle/unfound_commits.h"

namespace lastcommit {

void UnfoundCommits::Add(const ReferenceModel& with, std::int64_t found,
                         Interruption how) {
  commits_.push_back({std::make_shared<const ReferenceModel>(with), found,
                      /*is_whole=*/how == Interruption::kOneDied,
                      /*is_torn=*/how == Interruption::kLostPower,
                      /*is_written_over=*/false});
}

void UnfoundCommits::AddTo(const LaterCrash& crash,
                           Alternatives& alternatives) const {
  for (const Commit& commit : commits_) {
    // The commit that has the next number was written over this one.
    if (crash.kept > commit.found) continue;
    if (MayComeBack(commit, crash) || IsCompleted(commit, crash) ||
        IsJoined(commit, crash)) {
      alternatives.push_back(commit.with);
    }
  }
}

void UnfoundCommits::EndRound(bool lost_power, bool has_written) {
  for (Commit& commit : commits_) {
    commit.is_written_over |= has_written;
    if (!lost_power) continue;
    commit.is_whole = false;
    commit.is_torn = true;
  }
}

// Excuse: MayComeBack.
// Those who lived on do not read the frames of the dead client, and the WAL
// that they delete comes back with a loss of power. After a crash of all
// everybody recovers, and reads those frames.
bool UnfoundCommits::MayComeBack(const Commit& commit,
                                 const LaterCrash& crash) {
  return commit.is_whole && crash.fault == Fault::kPowerLoss;
}

// Excuse: IsCompleted.
// A frame is written in two calls, header and page (walWriteOneFrame() in
// wal.c), and is valid if the salts and the checksum over both fit
// (walDecodeFrame()). The next transaction writes to the same place, the same
// page first; a loss of power takes its header and leaves the old one, with the
// commit mark, before the new page.
bool UnfoundCommits::IsCompleted(const Commit& commit,
                                 const LaterCrash& crash) {
  return crash.fault == Fault::kPowerLoss &&
         (crash.has_written || commit.is_written_over);
}

// Excuse: IsJoined.
// A loss of power has taken a frame of the commit and left those behind it. The
// next transaction begins with the same frame, and dies behind it.
bool UnfoundCommits::IsJoined(const Commit& commit, const LaterCrash& crash) {
  return commit.is_torn && crash.fault == Fault::kKill && crash.has_written;
}

}  // namespace lastcommit
