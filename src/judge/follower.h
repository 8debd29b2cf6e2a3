// Follower: one database through a recording, call by call. It writes that
// database's line of a Timeline, and what a kill leaves of it that no
// transaction explains.

#ifndef LASTCOMMIT_JUDGE_FOLLOWER_H_
#define LASTCOMMIT_JUDGE_FOLLOWER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "judge/database_files.h"
#include "judge/lapses.h"
#include "judge/states.h"
#include "judge/timeline.h"
#include "record/rebuild.h"

namespace lastcommit {

class Follower {
 public:
  // The database `number` of the timeline, which has its line; `files` is what
  // the calls are applied to.
  Follower(std::size_t number, const Rebuild& files, Timeline& timeline,
           const TimelineOptions& options, States& states);

  DatabaseTimeline& line() { return timeline_.databases[number_]; }
  // Something is demanded of it.
  bool counts() const { return counts_; }

  // What is there when the program begins.
  void Begin(const Rebuild& files);
  // Before the call is applied: what it will touch, and what a kill in the
  // middle of it leaves.
  void Before(const RecordedCall& call, const Rebuild& files);
  void After(const RecordedCall& call, const Rebuild& files);
  void End(std::uint64_t call);

  // A call was made to fail, or a process was killed and others go on. Whoever
  // had written a commit to the WAL and not yet seen it through may say that it
  // failed: it is there after a kill, the living do not see it, and the next
  // one that writes takes its place.
  void Disturb();

  // That thread promises something: the newest commit that it can know of.
  std::size_t Promised(std::uint64_t call, std::int32_t thread,
                       const Rebuild& files);

  // Whether what an acknowledgement asks is so after a kill; nullopt: it cannot
  // be answered here.
  std::optional<bool> Ask(const Rebuild& files, const std::string& query);

  // The thread has the lock with which a WAL is written.
  bool HasIndexLock(std::int32_t thread) const {
    return thread != 0 && index_lock_.thread == thread;
  }

  void ReportNotYet(std::uint64_t call);
  // Commit points between two promises, the newer one of them left out.
  void ReportBetween(std::size_t before, std::size_t now);
  // This one's part of a transaction is there before that of `other`.
  void ReportTorn(std::size_t commit, std::size_t other);

 private:
  // An image that was seen while the database was written without protection.
  struct Seen {
    std::uint64_t call = 0;
    std::int64_t written = -1;
    StateId state = 0;
  };
  struct Open {
    std::uint64_t first_call = 0;
    StateId before = 0;
    std::vector<Seen> seen;
    bool has_lock = false;
    std::int32_t process = 0;  // whose call was the first
  };
  // Who has a lock; 0: nobody.
  struct Holder {
    std::int32_t process = 0;
    std::int32_t thread = 0;
  };

  StateId Look(const Rebuild& files);
  bool IsWhole(StateId state) const;
  bool HasContent() const;
  bool is_locked() const { return lock_.process != 0; }

  void SeeLock(const RecordedCall& call, const Effect& effect,
               const Rebuild& files);
  void SeeWal(const RecordedCall& call, const Effect& effect,
              const Rebuild& files);
  void LookAtFrames(std::uint64_t call, const Rebuild& files);

  void Count(std::uint64_t call);
  std::uint64_t DigestOfLive(const Storage& storage) const;
  void CompareLiveView(std::uint64_t call, const Rebuild& files);
  void Changed(std::uint64_t call, StateId before);
  void Odd(const Seen& seen, StateId before);
  void CloseInterval(std::uint64_t call);
  void Report(KillFinding finding);
  void Put(const KillFinding& finding);

  const std::size_t number_;
  const DatabaseNames names_;
  const std::optional<std::uint64_t> only_call_;
  Timeline& timeline_;
  States& states_;
  LapseWatch lapses_;
  StateId state_ = 0;
  Touch touch_;
  bool counts_ = false;
  // The thread whose COMMIT made the newest commit point and may not have
  // returned; 0: it has.
  std::int32_t committing_ = 0;
  Holder lock_;        // a writer's, of the database
  Holder index_lock_;  // a writer's, of the wal-index
  Holder checkpoint_;
  std::uint64_t last_touch_ = 0;
  std::int64_t wal_end_ = 0;  // of the frames until now
  bool overwrites_ = false;   // the transaction writes before it
  // The newest live view that was what a kill leaves: its digest, and that.
  std::optional<std::pair<std::uint64_t, StateId>> agreed_;
  std::optional<Seen> half_;
  std::optional<Open> open_;
  // What there is without the newest commit, of which nobody can say whether it
  // took place.
  std::optional<StateId> doubt_;
};

using Followers = std::vector<std::unique_ptr<Follower>>;

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_FOLLOWER_H_
