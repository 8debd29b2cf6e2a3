// Programs for the contract of savers: the steps by name, and a pseudo-random
// mixture of all of them.

#ifndef LASTCOMMIT_TESTS_SUBJECT_PROGRAMS_H_
#define LASTCOMMIT_TESTS_SUBJECT_PROGRAMS_H_

#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "saver/records.h"

namespace lastcommit {

// `seed` chooses size and bytes.
Step Blob(int thread, int id, std::uint64_t seed);
Step CheckpointStep(int thread, int id, std::uint64_t seed);
Step RefusedCheckpoint(int thread, int id);
Step Write(int thread, int id, int idx, std::uint64_t seed);
Step Replace(int thread, int id, int idx, std::uint64_t seed);
// `count` writes from `idx` on.
Step Writes(int thread, int id, int idx, int count);
// Checkpoint and namespace as CheckpointStep, with two writes.
Step CommitStepOf(int thread, int id, std::uint64_t seed);
Step RefusedCommitStep(int thread, int id);
// In the namespace of CheckpointStep(..., seed).
Step Prune(int thread, std::uint64_t seed, int keep);
Step List(int thread, std::uint64_t seed);
Step Create(int thread, int task);
Step RefusedCreate(int thread, int task);
Step Update(int thread, int task, saver::TaskState state);
Step StaleUpdate(int thread, int task, saver::TaskState state);
Step RefusedUpdate(int thread, int task, saver::TaskState state);
// `chunk` bytes a call.
Step Stream(int thread, int id, std::uint64_t seed, int chunk);
Step LogAt(int thread, saver::LogLevel level);
Step Log(int thread, std::uint64_t seed);
Step Logs(int thread, int count);
// The entry `invalid_at` is no JSON.
Step RefusedLogs(int thread, int count, int invalid_at);
Step Copy(int thread, int into);
Step Delete(int thread);
Step RollbackTo(int up);
Step WalCheckpoint(saver::CheckpointMode mode);

// A function of its arguments. Begin and commit are frequent enough that most
// steps make sense; some are refused, as in real life. Neither open nor close.
std::vector<Step> RandomProgram(std::uint64_t seed, int steps);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_SUBJECT_PROGRAMS_H_
