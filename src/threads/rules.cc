// In the order in which a store refuses: a deleted thread, something missing or
// there already, a wrong version or state, and JSON last, which SQLite checks.

#include "threads/rules.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "threads/content.h"
#include "threads/specs.h"
#include "xxhash.h"

namespace lastcommit::threads {
namespace {

Outcome Refused(absl::StatusCode code) { return {code, 0}; }
Outcome Ok(std::int64_t value = 0) { return {absl::StatusCode::kOk, value}; }

// ---- what is known of rows besides their fingerprints ----

struct ThreadFacts {
  std::int64_t last_log = 0;
  std::int64_t last_checkpoint = 0;
  bool is_deleted = false;
};
struct CheckpointFacts {
  std::int64_t sequence = 0;
  std::optional<int> filter;
};
struct TaskFacts {
  saver::TaskState state = saver::TaskState::kPending;
  std::int64_t attempts = 0;
  std::int64_t version = 0;
  Content payload;
};

Facts ToFacts(const ThreadFacts& thread) {
  return {thread.last_log, thread.last_checkpoint, thread.is_deleted ? 1 : 0};
}
ThreadFacts ToThread(const Facts& facts) {
  return {facts[0], facts[1], facts[2] != 0};
}
Facts ToFacts(const CheckpointFacts& checkpoint) {
  return {checkpoint.sequence, checkpoint.filter.value_or(-1)};
}
CheckpointFacts ToCheckpoint(const Facts& facts) {
  return {facts[0], facts[1] < 0 ? std::nullopt
                                 : std::optional(static_cast<int>(facts[1]))};
}
Facts ToFacts(const TaskFacts& task) {
  return {static_cast<std::int64_t>(task.state), task.attempts, task.version,
          task.payload.size, static_cast<std::int64_t>(task.payload.seed)};
}
TaskFacts ToTask(const Facts& facts) {
  return {static_cast<saver::TaskState>(facts[0]),
          facts[1],
          facts[2],
          {facts[3], static_cast<std::uint64_t>(facts[4])}};
}

RowKey ThreadKey(const std::string& thread) { return {kThreads, {thread}, 0}; }
RowKey CheckpointKeyOf(const Arguments& step, const std::string& thread) {
  return {kCheckpoints,
          {thread, NamespaceName(step.ns), CheckpointName(step.id)},
          0};
}
RowKey TaskKeyOf(const Arguments& step, const std::string& thread) {
  return {kTasks, {thread, TaskName(step.task)}, 0};
}

// The canonical form of XXH3's 128 bits.
std::string DigestOfBytes(const std::string& bytes) {
  XXH128_canonical_t digest;
  XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes.data(), bytes.size()));
  return {reinterpret_cast<const char*>(digest.digest), sizeof(digest.digest)};
}

// As records.h says it, written again so that a mistake there is seen.
bool MayGoOver(saver::TaskState from, saver::TaskState to) {
  using enum saver::TaskState;
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
std::string CheckpointDigest(const Arguments& step,
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

// ---- rows ----

constexpr TableSpec kTables[] = {kThreads, kCheckpoints, kWrites,
                                 kLogs,    kTasks,       kBlobs};

ThreadFacts ThreadOf(const Rows& rows, const std::string& thread) {
  const Facts* const facts = rows.FactsOf(ThreadKey(thread));
  return facts == nullptr ? ThreadFacts() : ToThread(*facts);
}

bool IsDeleted(const Rows& rows, const std::string& thread) {
  return ThreadOf(rows, thread).is_deleted;
}

void PutThread(const std::string& thread, const ThreadFacts& facts,
               Rows& rows) {
  rows.Put(ThreadKey(thread),
           RowHasher()
               .Integer(facts.last_log)
               .Integer(facts.last_checkpoint)
               .Integer(facts.is_deleted ? 1 : 0)
               .Finish(),
           ToFacts(facts));
}

void PutTask(const RowKey& key, const TaskFacts& facts, Rows& rows) {
  RowHasher row;
  row.Text(Name(facts.state)).Integer(facts.attempts).Integer(facts.version);
  row.Text(ContentJson(facts.payload, /*is_valid=*/true));
  rows.Put(key, row.Finish(), ToFacts(facts));
}

struct NumberedCheckpoint {
  RowKey key;
  CheckpointFacts facts;
};

// The checkpoints of a namespace, newest first.
std::vector<NumberedCheckpoint> NewestFirst(const Rows& rows,
                                            const std::string& thread,
                                            const std::string& ns) {
  std::vector<NumberedCheckpoint> list;
  const RowKey first = {kCheckpoints, {thread, ns}, 0};
  const auto& facts = rows.facts();
  for (auto row = facts.lower_bound(first); row != facts.end(); ++row) {
    const RowKey& key = row->first;
    if (key.table != first.table || key.names[0] != thread ||
        key.names[1] != ns) {
      break;
    }
    list.push_back({key, ToCheckpoint(row->second)});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
    return a.facts.sequence > b.facts.sequence;
  });
  return list;
}

Outcome PutCheckpoint(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  const RowKey key = CheckpointKeyOf(step, thread);
  ThreadFacts thread_facts = ThreadOf(rows, thread);
  const Facts* const former = rows.FactsOf(key);
  const std::int64_t sequence = former != nullptr
                                    ? ToCheckpoint(*former).sequence
                                    : ++thread_facts.last_checkpoint;
  const CheckpointContent content = CheckpointOf(step);
  RowHasher row;
  if (step.parent < 0) {
    row.Null();
  } else {
    row.Text(CheckpointName(step.parent));
  }
  row.Text(content.type).Blob(content.state).Text(content.metadata);
  row.Integer(sequence).Blob(CheckpointDigest(step, content));
  PutThread(thread, thread_facts, rows);
  rows.Put(key, row.Finish(),
           ToFacts(CheckpointFacts{sequence, content.filter}));
  return Ok();
}

Outcome PutWrites(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  RowKey key = CheckpointKeyOf(step, thread);
  if (!rows.Has(key)) return Refused(absl::StatusCode::kNotFound);
  key.table = kWrites;
  for (const saver::PendingWrite& write : WritesOf(step)) {
    key.names[3] = write.task_id;
    key.number = write.idx;
    if (!write.is_replaceable && rows.Has(key)) continue;
    rows.Put(key, RowHasher()
                      .Text(write.channel)
                      .Text(write.type)
                      .Blob(write.bytes)
                      .Finish());
  }
  return Ok();
}

Outcome CommitStep(const Arguments& step, Rows& rows) {
  const Outcome outcome = PutCheckpoint(step, rows);
  if (outcome.code != absl::StatusCode::kOk) return outcome;
  return PutWrites(step, rows);
}

Outcome Prune(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  std::vector<NumberedCheckpoint> old =
      NewestFirst(rows, thread, NamespaceName(step.ns));
  const std::size_t kept =
      std::min(old.size(), static_cast<std::size_t>(step.keep));
  old.erase(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(kept));
  for (const NumberedCheckpoint& checkpoint : old) {
    RowKey first = checkpoint.key;
    rows.Erase(first);
    first.table = kWrites;
    rows.EraseWhile(first, [&](const RowKey& key) {
      return key.table == first.table && key.names[0] == first.names[0] &&
             key.names[1] == first.names[1] && key.names[2] == first.names[2];
    });
  }
  return Ok(static_cast<std::int64_t>(old.size()));
}

Outcome AppendLogs(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  ThreadFacts facts = ThreadOf(rows, thread);
  for (const std::string& payload : LogPayloadsOf(step)) {
    rows.Put({kLogs, {thread}, ++facts.last_log},
             RowHasher()
                 .Integer(static_cast<std::int64_t>(step.level))
                 .Text(payload)
                 .Finish());
  }
  PutThread(thread, facts, rows);
  return Ok(facts.last_log);
}

Outcome CreateTask(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  const RowKey key = TaskKeyOf(step, thread);
  if (rows.Has(key)) return Refused(absl::StatusCode::kAlreadyExists);
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  PutThread(thread, ThreadOf(rows, thread), rows);
  PutTask(key, {saver::TaskState::kPending, 0, 1, step.content}, rows);
  return Ok();
}

// Who updates a task has read its version first: a deleted thread has none.
Outcome UpdateTask(const Arguments& step, Rows& rows) {
  const RowKey key = TaskKeyOf(step, ThreadName(step.thread));
  const Facts* const former = rows.FactsOf(key);
  if (former == nullptr) return Refused(absl::StatusCode::kNotFound);
  TaskFacts facts = ToTask(*former);
  if (step.stale != 0 || !MayGoOver(facts.state, step.state)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  const bool has_payload = step.replace != 0;
  if (has_payload && step.invalid_at >= 0) {
    return Refused(absl::StatusCode::kInvalidArgument);
  }
  if (facts.state == saver::TaskState::kPending &&
      step.state == saver::TaskState::kRunning) {
    ++facts.attempts;
  }
  facts.state = step.state;
  ++facts.version;
  if (has_payload) facts.payload = step.content;
  PutTask(key, facts, rows);
  return Ok(facts.version);
}

Outcome PutBlob(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  if (IsDeleted(rows, thread)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  const std::string bytes = ContentBytes(step.content);
  PutThread(thread, ThreadOf(rows, thread), rows);
  rows.Put({kBlobs, {thread, BlobName(step.id)}, 0},
           RowHasher().Blob(bytes).Blob(DigestOfBytes(bytes)).Finish());
  return Ok();
}

Outcome CopyThread(const Arguments& step, Rows& rows) {
  const std::string from = ThreadName(step.thread);
  const std::string into = ThreadName(step.into);
  if (IsDeleted(rows, from) || IsDeleted(rows, into)) {
    return Refused(absl::StatusCode::kFailedPrecondition);
  }
  if (!rows.Has(ThreadKey(from))) return Refused(absl::StatusCode::kNotFound);
  if (rows.Has(ThreadKey(into))) {
    return Refused(absl::StatusCode::kAlreadyExists);
  }
  const State& state = rows.state();
  for (const Table table : kTables) {
    const RowKey first = {table, {from}, 0};
    for (auto row = state.rows.lower_bound(first);
         row != state.rows.end() && row->first.table == table &&
         row->first.names[0] == from;
         ++row) {
      const Facts* const facts = rows.FactsOf(row->first);
      RowKey key = row->first;
      key.names[0] = into;
      rows.Put(key, row->second,
               facts == nullptr ? std::nullopt : std::optional(*facts));
    }
  }
  return Ok();
}

Outcome DeleteThread(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  for (const Table table : kTables) {
    rows.EraseWhile({table, {thread}, 0}, [&](const RowKey& key) {
      return key.table == table && key.names[0] == thread;
    });
  }
  PutThread(thread, {.is_deleted = true}, rows);
  return Ok();
}

Outcome ListCheckpoints(const Arguments& step, Rows& rows) {
  const std::string thread = ThreadName(step.thread);
  std::int64_t older_than = std::numeric_limits<std::int64_t>::max();
  if (step.before >= 0) {
    const Facts* const before = rows.FactsOf(
        {kCheckpoints,
         {thread, NamespaceName(step.ns), CheckpointName(step.before)},
         0});
    if (before == nullptr) return Refused(absl::StatusCode::kNotFound);
    older_than = ToCheckpoint(*before).sequence;
  }
  std::vector<ListedCheckpoint> list;
  for (const auto& [key, facts] :
       NewestFirst(rows, thread, NamespaceName(step.ns))) {
    const bool is_full =
        step.limit > 0 && list.size() == static_cast<std::size_t>(step.limit);
    if (is_full || facts.sequence >= older_than) continue;
    if (step.filter >= 0 && facts.filter != step.filter) continue;
    list.push_back({key.names[2], facts.sequence});
  }
  return Ok(DigestOfList(list));
}

using Rule = Outcome (*)(const Arguments& step, Rows& rows);

// In the order of Kind.
constexpr Rule kRules[] = {
    PutCheckpoint, PutWrites,  PutWrites,    CommitStep,      Prune,
    AppendLogs,    AppendLogs, CreateTask,   UpdateTask,      PutBlob,
    PutBlob,       CopyThread, DeleteThread, ListCheckpoints,
};
static_assert(std::size(kRules) == kKinds);

}  // namespace

std::int64_t DigestOfList(const std::vector<ListedCheckpoint>& list) {
  RowHasher hasher;
  for (const ListedCheckpoint& checkpoint : list) {
    hasher.Text(checkpoint.id).Integer(checkpoint.sequence);
  }
  return static_cast<std::int64_t>(hasher.Finish().low);
}

Outcome Apply(const Operation& operation, Rows& rows) {
  const Rule rule = kRules[static_cast<std::size_t>(KindOf(operation))];
  return rule(ArgumentsOf(operation), rows);
}

}  // namespace lastcommit::threads
