// What the single changes of the ReferenceModel do to its rows. In the order in
// which a store refuses: a deleted thread, something missing or there already,
// a wrong version or state, and JSON last, which SQLite checks.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "model/reference_model.h"
#include "plan/content.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

Outcome Refused(absl::StatusCode code) { return {code, 0}; }
Outcome Ok(std::int64_t value = 0) { return {absl::StatusCode::kOk, value}; }

RowKey ThreadKey(const std::string& thread) {
  return {Table::kThreads, thread, "", "", "", 0};
}
RowKey CheckpointKeyOf(const Step& step, const std::string& thread) {
  return {Table::kCheckpoints,     thread, NamespaceName(step.ns),
          CheckpointName(step.id), "",     0};
}
RowKey TaskKeyOf(const Step& step, const std::string& thread) {
  return {Table::kTasks, thread, TaskName(step.task), "", "", 0};
}

// The canonical form of XXH3's 128 bits.
std::string DigestOfBytes(const std::string& bytes) {
  XXH128_canonical_t digest;
  XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes.data(), bytes.size()));
  return {reinterpret_cast<const char*>(digest.digest), sizeof(digest.digest)};
}

// As records.h says it, written again so that a mistake there is seen.
bool MayGoOver(TaskState from, TaskState to) {
  using enum TaskState;
  switch (from) {
    case kPending:
      return to == kRunning || to == kCancelled;
    case kRunning:
      return true;
    case kFailed:
      return to == kPending || to == kCancelled;
    case kDone:
    case kCancelled:
      return false;
  }
  return false;
}

// Each part after its length; a parent that is not there has the length -1.
std::string CheckpointDigest(const Step& step,
                             const CheckpointContent& content) {
  std::string bytes;
  const auto add = [&bytes](std::int64_t size, std::string_view part) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      bytes += static_cast<char>(static_cast<std::uint64_t>(size) >> shift);
    }
    bytes += part;
  };
  const auto add_whole = [&add](std::string_view part) {
    add(static_cast<std::int64_t>(part.size()), part);
  };
  if (step.parent < 0) {
    add(-1, "");
  } else {
    add_whole(CheckpointName(step.parent));
  }
  add_whole(content.type);
  add_whole(content.state);
  add_whole(content.metadata);
  return DigestOfBytes(bytes);
}

}  // namespace

std::int64_t DigestOfList(const std::vector<ListedCheckpoint>& list) {
  RowHasher hasher;
  for (const ListedCheckpoint& checkpoint : list) {
    hasher.Text(checkpoint.id).Integer(checkpoint.sequence);
  }
  return static_cast<std::int64_t>(hasher.Finish().low);
}

Outcome ReferenceModel::ChangeThread(const Step& step,
                                     const std::string& thread) {
  if (step.kind == StepKind::kDeleteThread) return DeleteThread(thread);
  // The driver reads the task's version first.
  const bool is_update = step.kind == StepKind::kUpdateTask;
  if (ThreadOf(thread).is_deleted && !is_update) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  switch (step.kind) {
    case StepKind::kPutCheckpoint:
      return PutCheckpoint(step, thread);
    case StepKind::kPutWrite:
    case StepKind::kPutWrites:
      return PutWrites(step, thread);
    case StepKind::kCommitStep: {
      const Outcome outcome = PutCheckpoint(step, thread);
      if (outcome.code != absl::StatusCode::kOk) return outcome;
      return PutWrites(step, thread);
    }
    case StepKind::kPrune:
      return Prune(step, thread);
    case StepKind::kAppendLog:
    case StepKind::kAppendLogs:
      return AppendLogs(step, thread);
    case StepKind::kCreateTask:
      return CreateTask(step, thread);
    case StepKind::kUpdateTask:
      return UpdateTask(step, thread);
    case StepKind::kPutBlob:
    case StepKind::kStreamBlob:
      return PutBlob(step, thread);
    default:
      return Refused(absl::StatusCode::kInternal);
  }
}

Outcome ReferenceModel::PutCheckpoint(const Step& step,
                                      const std::string& thread) {
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  const RowKey key = CheckpointKeyOf(step, thread);
  ThreadFacts thread_facts = ThreadOf(thread);
  const auto* former = Find<CheckpointFacts>(key);
  const std::int64_t sequence =
      former != nullptr ? former->sequence : ++thread_facts.last_checkpoint;
  const CheckpointContent content = CheckpointOf(step);
  RowHasher row;
  if (step.parent < 0) {
    row.Null();
  } else {
    row.Text(CheckpointName(step.parent));
  }
  row.Text(content.type).Blob(content.state).Text(content.metadata);
  row.Integer(sequence).Blob(CheckpointDigest(step, content));
  PutThread(thread, thread_facts);
  Put(key, row.Finish(), CheckpointFacts{sequence, content.filter});
  return Ok();
}

Outcome ReferenceModel::PutWrites(const Step& step, const std::string& thread) {
  RowKey key = CheckpointKeyOf(step, thread);
  if (Find<CheckpointFacts>(key) == nullptr) {
    return Refused(absl::StatusCode::kNotFound);
  }
  key.table = Table::kWrites;
  for (const PendingWrite& write : WritesOf(step)) {
    key.third = write.task_id;
    key.number = write.idx;
    if (!write.is_replaceable && state_.rows.contains(key)) continue;
    Put(key, RowHasher()
                 .Text(write.channel)
                 .Text(write.type)
                 .Blob(write.bytes)
                 .Finish());
  }
  return Ok();
}

Outcome ReferenceModel::Prune(const Step& step, const std::string& thread) {
  std::vector<NumberedCheckpoint> old =
      NewestFirst(thread, NamespaceName(step.ns));
  const std::size_t kept =
      std::min(old.size(), static_cast<std::size_t>(step.keep));
  old.erase(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(kept));
  for (const NumberedCheckpoint& checkpoint : old) {
    RowKey first = checkpoint.key;
    EraseWhile(first, [&](const RowKey& key) { return key == first; });
    first.table = Table::kWrites;
    EraseWhile(first, [&](const RowKey& key) {
      return key.table == first.table && key.thread == first.thread &&
             key.first == first.first && key.second == first.second;
    });
  }
  return Ok(static_cast<std::int64_t>(old.size()));
}

Outcome ReferenceModel::AppendLogs(const Step& step,
                                   const std::string& thread) {
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  ThreadFacts facts = ThreadOf(thread);
  for (const std::string& payload : LogPayloadsOf(step)) {
    Put({Table::kLogs, thread, "", "", "", ++facts.last_log},
        RowHasher()
            .Integer(static_cast<std::int64_t>(step.level))
            .Text(payload)
            .Finish());
  }
  PutThread(thread, facts);
  return Ok(facts.last_log);
}

Outcome ReferenceModel::CreateTask(const Step& step,
                                   const std::string& thread) {
  const RowKey key = TaskKeyOf(step, thread);
  if (Find<TaskFacts>(key) != nullptr) {
    return Refused(absl::StatusCode::kAlreadyExists);
  }
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  PutThread(thread, ThreadOf(thread));
  PutTask(key, {TaskState::kPending, 0, 1, step.content});
  return Ok();
}

Outcome ReferenceModel::UpdateTask(const Step& step,
                                   const std::string& thread) {
  const RowKey key = TaskKeyOf(step, thread);
  const auto* former = Find<TaskFacts>(key);
  if (former == nullptr) return Refused(absl::StatusCode::kNotFound);
  if (step.stale != 0 || !MayGoOver(former->state, step.state)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  const bool has_payload = step.replace != 0;
  if (has_payload && step.invalid_at >= 0) {
    return Refused(absl::StatusCode::kInvalidArgument);
  }
  TaskFacts facts = *former;
  if (facts.state == TaskState::kPending && step.state == TaskState::kRunning) {
    ++facts.attempts;
  }
  facts.state = step.state;
  ++facts.version;
  if (has_payload) facts.payload = step.content;
  PutTask(key, facts);
  return Ok(facts.version);
}

Outcome ReferenceModel::PutBlob(const Step& step, const std::string& thread) {
  const std::string bytes = ContentBytes(step.content);
  PutThread(thread, ThreadOf(thread));
  Put({Table::kBlobs, thread, BlobName(step.id), "", "", 0},
      RowHasher().Blob(bytes).Blob(DigestOfBytes(bytes)).Finish());
  return Ok();
}

Outcome ReferenceModel::DeleteThread(const std::string& thread) {
  for (const Table table : {Table::kCheckpoints, Table::kWrites, Table::kLogs,
                            Table::kTasks, Table::kBlobs}) {
    EraseWhile({table, thread, "", "", "", 0}, [&](const RowKey& key) {
      return key.table == table && key.thread == thread;
    });
  }
  PutThread(thread, {.is_deleted = true});
  return Ok();
}

Outcome ReferenceModel::ListCheckpoints(const Step& step) const {
  const std::string thread = ThreadName(step.thread);
  std::int64_t older_than = std::numeric_limits<std::int64_t>::max();
  if (step.before >= 0) {
    const auto* before = Find<CheckpointFacts>(
        {Table::kCheckpoints, thread, NamespaceName(step.ns),
         CheckpointName(step.before), "", 0});
    if (before == nullptr) return Refused(absl::StatusCode::kNotFound);
    older_than = before->sequence;
  }
  std::vector<ListedCheckpoint> list;
  for (const auto& [key, facts] : NewestFirst(thread, NamespaceName(step.ns))) {
    const bool is_full =
        step.limit > 0 && list.size() == static_cast<std::size_t>(step.limit);
    if (is_full || facts.sequence >= older_than) continue;
    if (step.filter >= 0 && facts.filter != step.filter) continue;
    list.push_back({key.second, facts.sequence});
  }
  return Ok(DigestOfList(list));
}

ReferenceModel::ThreadFacts ReferenceModel::ThreadOf(
    const std::string& thread) const {
  const auto* facts = Find<ThreadFacts>(ThreadKey(thread));
  return facts == nullptr ? ThreadFacts() : *facts;
}

void ReferenceModel::PutThread(const std::string& thread,
                               const ThreadFacts& facts) {
  Put(ThreadKey(thread),
      RowHasher()
          .Integer(facts.last_log)
          .Integer(facts.last_checkpoint)
          .Integer(facts.is_deleted ? 1 : 0)
          .Finish(),
      facts);
}

void ReferenceModel::PutTask(const RowKey& key, const TaskFacts& facts) {
  RowHasher row;
  row.Text(Name(facts.state)).Integer(facts.attempts).Integer(facts.version);
  row.Text(ContentJson(facts.payload, /*is_valid=*/true));
  Put(key, row.Finish(), facts);
}

std::vector<ReferenceModel::NumberedCheckpoint> ReferenceModel::NewestFirst(
    const std::string& thread, const std::string& ns) const {
  std::vector<NumberedCheckpoint> list;
  const RowKey first = {Table::kCheckpoints, thread, ns, "", "", 0};
  for (auto row = facts_.lower_bound(first); row != facts_.end(); ++row) {
    const RowKey& key = row->first;
    if (key.table != first.table || key.thread != thread || key.first != ns) {
      break;
    }
    list.push_back({key, std::get<CheckpointFacts>(row->second)});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.facts.sequence > b.facts.sequence;
  });
  return list;
}

void ReferenceModel::Put(const RowKey& key, const Fingerprint& row,
                         const Facts& facts) {
  const auto [place, is_new] = state_.rows.try_emplace(key, row);
  Undo undo = {key, std::nullopt, {}};
  row_digests_ += RowDigest(key, row);
  if (!is_new) {
    row_digests_ -= RowDigest(key, place->second);
    undo.row = std::exchange(place->second, row);
    const auto former = facts_.find(key);
    if (former != facts_.end()) undo.facts = former->second;
  }
  undo_.push_back(std::move(undo));
  SetFacts(key, facts);
}

template <typename Predicate>
void ReferenceModel::EraseWhile(const RowKey& first, Predicate holds) {
  auto row = state_.rows.lower_bound(first);
  while (row != state_.rows.end() && holds(row->first)) {
    const auto former = facts_.find(row->first);
    undo_.push_back({row->first, row->second,
                     former == facts_.end() ? Facts() : former->second});
    if (former != facts_.end()) facts_.erase(former);
    row_digests_ -= RowDigest(row->first, row->second);
    row = state_.rows.erase(row);
  }
}

void ReferenceModel::SetFacts(const RowKey& key, const Facts& facts) {
  if (std::holds_alternative<std::monostate>(facts)) {
    facts_.erase(key);
  } else {
    facts_[key] = facts;
  }
}

}  // namespace lastcommit
