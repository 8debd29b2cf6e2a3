// What is refused says which argument it was and what was in it, as the caller
// knows them, and nothing of how the saver works inside.

#include <sqlite3.h>

#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using enum absl::StatusCode;

constexpr int kMostBytes = 10'000;  // of a row, in these tests

struct Refused {
  std::string method;
  StatusCode code;
  std::vector<std::string> words;  // that the message must have
  std::function<absl::Status(SqliteSaver&)> call;
};

std::string Big() { return std::string(kMostBytes, 'x'); }
std::string BigJson() { return "\"" + Big() + "\""; }

Checkpoint CheckpointOf(const std::string& thread, const std::string& id) {
  Checkpoint checkpoint;
  checkpoint.key = {thread, "ns", id};
  return checkpoint;
}

Checkpoint WithMetadata(const std::string& metadata) {
  Checkpoint checkpoint = CheckpointOf("t", "c");
  checkpoint.metadata = metadata;
  return checkpoint;
}

Checkpoint WithState(const std::string& state) {
  Checkpoint checkpoint = CheckpointOf("t", "c");
  checkpoint.state = state;
  return checkpoint;
}

PendingWrite WriteOf(const std::string& task, const std::string& bytes = "x") {
  PendingWrite write;
  write.task_id = task;
  write.bytes = bytes;
  return write;
}

CheckpointQuery QueryWith(const std::vector<MetadataEquals>& filter) {
  return {"t", "ns", filter};
}

TaskUpdate UpdateOf(std::int64_t version, TaskState state,
                    std::optional<std::string> payload = std::nullopt) {
  return {version, state, std::move(payload)};
}

// A number that is no enumerator.
template <typename Enum>
Enum Nameless() {
  return static_cast<Enum>(77);
}

const CheckpointKey kThere = {"t", "ns", "c"};
const CheckpointKey kNowhere = {"t", "ns", "no\xff"};

// Every call that takes an argument, with each that it can refuse. Thread "t"
// has a checkpoint "c" and a task "a" that is pending; "gone" was deleted.
std::vector<Refused> CheckpointRefusals() {
  using S = SqliteSaver;
  return {
      {"PutCheckpoint",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.PutCheckpoint(CheckpointOf("", "c")); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"checkpoint_id is empty"},
       [](S& s) { return s.PutCheckpoint(CheckpointOf("t", "")); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"metadata", "\"{no\\n\""},
       [](S& s) { return s.PutCheckpoint(WithMetadata("{no\n")); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"metadata", "\"\""},
       [](S& s) { return s.PutCheckpoint(WithMetadata("")); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"metadata", "byte 2", "{}\\x00"},
       [](S& s) {
         return s.PutCheckpoint(WithMetadata(std::string("{}\0", 3)));
       }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"metadata", "10002 bytes"},
       [](S& s) { return s.PutCheckpoint(WithMetadata(BigJson())); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"state", "10000 bytes"},
       [](S& s) { return s.PutCheckpoint(WithState(Big())); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.PutCheckpoint(CheckpointOf(Big(), "c")); }},
      {"PutCheckpoint",
       kInvalidArgument,
       {"parent_id", "10000 bytes"},
       [](S& s) {
         Checkpoint checkpoint = CheckpointOf("t", "c");
         checkpoint.parent_id = Big();
         return s.PutCheckpoint(checkpoint);
       }},
      // None is too big alone.
      {"PutCheckpoint",
       kInvalidArgument,
       {"state", "6000 bytes", "11005"},
       [](S& s) {
         Checkpoint checkpoint = WithState(std::string(6'000, 'x'));
         checkpoint.type = std::string(4'999, 'x');
         return s.PutCheckpoint(checkpoint);
       }},
      {"PutCheckpoint",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.PutCheckpoint(CheckpointOf("gone", "c")); }},
      {"GetCheckpoint",
       kNotFound,
       {"thread_id \"t\"", "checkpoint_ns \"ns\"", "checkpoint_id \"no\\xff\""},
       [](S& s) { return s.GetCheckpoint(kNowhere).status(); }},
      {"GetCheckpoint",
       kNotFound,
       {"...\" (of 9000 bytes)"},
       [](S& s) {
         return s.GetCheckpoint({"t", "", std::string(9'000, 'x')}).status();
       }},
      {"GetCheckpoint",
       kInvalidArgument,
       {"checkpoint_ns", "10000 bytes"},
       [](S& s) {
         return s.GetCheckpoint({"t", Big(), "c"}).status();
       }},
      {"GetLatestCheckpoint",
       kNotFound,
       {"thread_id \"no\"", "checkpoint_ns \"ns\""},
       [](S& s) { return s.GetLatestCheckpoint("no", "ns").status(); }},
      {"GetLatestCheckpoint",
       kInvalidArgument,
       {"checkpoint_ns", "10000"},
       [](S& s) { return s.GetLatestCheckpoint("t", Big()).status(); }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"limit is -1"},
       [](S& s) {
         CheckpointQuery query = QueryWith({});
         query.limit = -1;
         return s.ListCheckpoints(query).status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter: 17"},
       [](S& s) {
         const std::vector<MetadataEquals> filter(17, {"k", "1"});
         return s.ListCheckpoints(QueryWith(filter)).status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter[1].json_value", "\"[2]\""},
       [](S& s) {
         return s.ListCheckpoints(QueryWith({{"k", "1"}, {"k", "[2]"}}))
             .status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter[0].json_value", "\"\""},
       [](S& s) {
         return s.ListCheckpoints(QueryWith({{"k", ""}})).status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter[0].json_value", "1\\x00"},
       [](S& s) {
         return s.ListCheckpoints(QueryWith({{"k", std::string("1\0", 2)}}))
             .status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter[0].json_value", "10002"},
       [](S& s) {
         return s.ListCheckpoints(QueryWith({{"k", BigJson()}})).status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"filter[0].key", "10000"},
       [](S& s) {
         return s.ListCheckpoints(QueryWith({{Big(), "1"}})).status();
       }},
      {"ListCheckpoints",
       kNotFound,
       {"before", "checkpoint_id \"no\""},
       [](S& s) {
         CheckpointQuery query = QueryWith({});
         query.before = "no";
         return s.ListCheckpoints(query).status();
       }},
      {"ListCheckpoints",
       kInvalidArgument,
       {"before", "10000 bytes"},
       [](S& s) {
         CheckpointQuery query = QueryWith({});
         query.before = Big();
         return s.ListCheckpoints(query).status();
       }},
      {"ListCheckpoints of a thread",
       kInvalidArgument,
       {"thread_id", "10000"},
       [](S& s) { return s.ListCheckpoints(Big()).status(); }},
      {"Prune",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.Prune("", "ns", 1).status(); }},
      {"Prune",
       kInvalidArgument,
       {"keep is -3"},
       [](S& s) { return s.Prune("t", "ns", -3).status(); }},
      {"Prune",
       kInvalidArgument,
       {"checkpoint_ns", "10000 bytes"},
       [](S& s) { return s.Prune("t", Big(), 1).status(); }},
      {"Prune",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.Prune("gone", "ns", 1).status(); }},
  };
}

std::vector<Refused> WriteRefusals() {
  using S = SqliteSaver;
  return {
      {"PutWrites",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) {
         return s.PutWrites({"", "ns", "c"}, {});
       }},
      {"PutWrites",
       kInvalidArgument,
       {"writes[1].task_id is empty"},
       [](S& s) {
         return s.PutWrites(kThere, {WriteOf("a"), WriteOf("")});
       }},
      {"PutWrites",
       kInvalidArgument,
       {"writes: 1001"},
       [](S& s) {
         return s.PutWrites(kThere,
                            std::vector<PendingWrite>(1001, WriteOf("a")));
       }},
      {"PutWrites",
       kInvalidArgument,
       {"writes[0].bytes", "10000 bytes"},
       [](S& s) { return s.PutWrites(kThere, {WriteOf("a", Big())}); }},
      {"PutWrites",
       kInvalidArgument,
       {"checkpoint_id", "10000 bytes"},
       [](S& s) {
         return s.PutWrites({"t", "", Big()}, {});
       }},
      {"PutWrites",
       kNotFound,
       {"checkpoint_id \"no\\xff\""},
       [](S& s) { return s.PutWrites(kNowhere, {WriteOf("a")}); }},
      {"PutWrites",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) {
         return s.PutWrites({"gone", "ns", "c"}, {});
       }},
      {"ListWrites",
       kInvalidArgument,
       {"checkpoint_id", "10000 bytes"},
       [](S& s) {
         return s.ListWrites({"t", "ns", Big()}).status();
       }},
      {"CommitStep",
       kInvalidArgument,
       {"checkpoint_id is empty"},
       [](S& s) { return s.CommitStep(CheckpointOf("t", ""), {}); }},
      {"CommitStep",
       kInvalidArgument,
       {"metadata", "\"{\""},
       [](S& s) { return s.CommitStep(WithMetadata("{"), {}); }},
      {"CommitStep",
       kInvalidArgument,
       {"writes[0].task_id is empty"},
       [](S& s) {
         return s.CommitStep(CheckpointOf("t", "c"), {WriteOf("")});
       }},
      {"CommitStep",
       kInvalidArgument,
       {"writes[0].bytes", "10000"},
       [](S& s) {
         return s.CommitStep(CheckpointOf("t", "c"), {WriteOf("a", Big())});
       }},
      {"CommitStep",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.CommitStep(CheckpointOf("gone", "c"), {}); }},
  };
}

std::vector<Refused> LogAndTaskRefusals() {
  using S = SqliteSaver;
  return {
      {"AppendLog",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.AppendLog("", "{}").status(); }},
      {"AppendLog",
       kInvalidArgument,
       {"payload is not JSON", "\"{o\""},
       [](S& s) { return s.AppendLog("t", "{o").status(); }},
      {"AppendLog",
       kInvalidArgument,
       {"payload is not JSON", "\"\""},
       [](S& s) { return s.AppendLog("t", "").status(); }},
      {"AppendLog",
       kInvalidArgument,
       {"payload has 10002 bytes"},
       [](S& s) { return s.AppendLog("t", BigJson()).status(); }},
      {"AppendLog",
       kInvalidArgument,
       {"level is 77"},
       [](S& s) {
         return s.AppendLog("t", "1", Nameless<LogLevel>()).status();
       }},
      {"AppendLog",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.AppendLog("gone", "1").status(); }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads", "none"},
       [](S& s) { return s.AppendLogs("t", {}).status(); }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads: 1001"},
       [](S& s) {
         return s.AppendLogs("t", std::vector<std::string>(1001, "1")).status();
       }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads[2] is not JSON", "\"x\""},
       [](S& s) {
         return s.AppendLogs("t", {"1", "2", "x"}).status();
       }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads[0] is not JSON", "\"x\""},
       [](S& s) { return s.AppendLogs("t", {"x"}).status(); }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads[1]", "byte 1", "1\\x00,"},
       [](S& s) {
         return s.AppendLogs("t", {"1", std::string("1\0,", 3)}).status();
       }},
      {"AppendLogs",
       kInvalidArgument,
       {"payloads[1] has 10002 bytes"},
       [](S& s) {
         return s.AppendLogs("t", {"1", BigJson()}).status();
       }},
      {"AppendLogs",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.AppendLogs("gone", {"1"}).status(); }},
      {"ReadLogs",
       kInvalidArgument,
       {"limit is -2"},
       [](S& s) { return s.ReadLogs("t", {.limit = -2}).status(); }},
      {"ReadLogs",
       kInvalidArgument,
       {"least is 77"},
       [](S& s) {
         return s.ReadLogs("t", {.least = Nameless<LogLevel>()}).status();
       }},
      {"ReadLogs",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.ReadLogs(Big()).status(); }},
      {"CreateTask",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) {
         return s.CreateTask({"", "b"}, "1");
       }},
      {"CreateTask",
       kInvalidArgument,
       {"task_id is empty"},
       [](S& s) {
         return s.CreateTask({"t", ""}, "1");
       }},
      {"CreateTask",
       kInvalidArgument,
       {"payload is not JSON", "\"x\""},
       [](S& s) {
         return s.CreateTask({"t", "b"}, "x");
       }},
      {"CreateTask",
       kInvalidArgument,
       {"payload", "10002 bytes"},
       [](S& s) {
         return s.CreateTask({"t", "b"}, BigJson());
       }},
      {"CreateTask",
       kInvalidArgument,
       {"task_id", "10000 bytes"},
       [](S& s) {
         return s.CreateTask({"t", Big()}, "1");
       }},
      {"CreateTask",
       kAlreadyExists,
       {"thread_id \"t\"", "task_id \"a\""},
       [](S& s) {
         return s.CreateTask({"t", "a"}, "1");
       }},
      {"CreateTask",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) {
         return s.CreateTask({"gone", "a"}, "1");
       }},
      {"UpdateTask",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) {
         return s.UpdateTask({"", "a"}, {}).status();
       }},
      {"UpdateTask",
       kNotFound,
       {"thread_id \"t\"", "task_id \"no\""},
       [](S& s) {
         return s.UpdateTask({"t", "no"}, {}).status();
       }},
      {"UpdateTask",
       kNotFound,
       {"task_id \"\""},
       [](S& s) {
         return s.UpdateTask({"t", ""}, {}).status();
       }},
      {"UpdateTask",
       kInvalidArgument,
       {"task_id", "10000 bytes"},
       [](S& s) {
         return s.UpdateTask({"t", Big()}, {}).status();
       }},
      {"UpdateTask",
       kFailedPrecondition,
       {"version is 7", "has 1", "\"a\""},
       [](S& s) {
         return s.UpdateTask({"t", "a"}, UpdateOf(7, TaskState::kRunning))
             .status();
       }},
      {"UpdateTask",
       kFailedPrecondition,
       {"state is done", "pending", "\"a\""},
       [](S& s) {
         return s.UpdateTask({"t", "a"}, UpdateOf(1, TaskState::kDone))
             .status();
       }},
      {"UpdateTask",
       kInvalidArgument,
       {"state is 77"},
       [](S& s) {
         return s.UpdateTask({"t", "a"}, UpdateOf(1, Nameless<TaskState>()))
             .status();
       }},
      {"UpdateTask",
       kInvalidArgument,
       {"payload is not JSON", "\"x\""},
       [](S& s) {
         return s.UpdateTask({"t", "a"}, UpdateOf(1, TaskState::kRunning, "x"))
             .status();
       }},
      {"UpdateTask",
       kInvalidArgument,
       {"payload", "10002 bytes"},
       [](S& s) {
         return s
             .UpdateTask({"t", "a"},
                         UpdateOf(1, TaskState::kRunning, BigJson()))
             .status();
       }},
      {"UpdateTask",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) {
         return s.UpdateTask({"gone", "a"}, {}).status();
       }},
      {"GetTask",
       kNotFound,
       {"thread_id \"t\"", "task_id \"no\""},
       [](S& s) {
         return s.GetTask({"t", "no"}).status();
       }},
      {"GetTask",
       kInvalidArgument,
       {"task_id", "10000 bytes"},
       [](S& s) {
         return s.GetTask({"t", Big()}).status();
       }},
      {"ListTasks",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.ListTasks(Big()).status(); }},
  };
}

std::vector<Refused> BlobAndThreadRefusals() {
  using S = SqliteSaver;
  return {
      {"PutBlob",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.PutBlob("", "b", "x"); }},
      {"PutBlob",
       kInvalidArgument,
       {"bytes", "10000 bytes"},
       [](S& s) { return s.PutBlob("t", "b", Big()); }},
      {"PutBlob",
       kInvalidArgument,
       {"name", "10000 bytes"},
       [](S& s) { return s.PutBlob("t", Big(), "x"); }},
      {"PutBlob",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.PutBlob("gone", "b", "x"); }},
      {"GetBlob",
       kNotFound,
       {"thread_id \"t\"", "name \"no\""},
       [](S& s) { return s.GetBlob("t", "no").status(); }},
      {"GetBlob",
       kInvalidArgument,
       {"name", "10000 bytes"},
       [](S& s) { return s.GetBlob("t", Big()).status(); }},
      {"WriteBlob",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.WriteBlob("", "b", 1).status(); }},
      {"WriteBlob",
       kInvalidArgument,
       {"size is -1"},
       [](S& s) { return s.WriteBlob("t", "b", -1).status(); }},
      {"WriteBlob",
       kInvalidArgument,
       {"size", "10000 bytes"},
       [](S& s) { return s.WriteBlob("t", "b", kMostBytes).status(); }},
      {"WriteBlob",
       kInvalidArgument,
       {"name", "10000 bytes"},
       [](S& s) { return s.WriteBlob("t", Big(), 1).status(); }},
      {"WriteBlob",
       kFailedPrecondition,
       {"thread_id", "\"gone\""},
       [](S& s) { return s.WriteBlob("gone", "b", 1).status(); }},
      {"BlobWriter::Write",
       kOutOfRange,
       {"bytes", "3", "2"},
       [](S& s) { return s.WriteBlob("t", "b", 2)->Write("abc"); }},
      {"BlobWriter::Finish",
       kFailedPrecondition,
       {"0 of the 2 bytes"},
       [](S& s) { return s.WriteBlob("t", "b", 2)->Finish(); }},
      {"ReadBlob",
       kNotFound,
       {"thread_id \"t\"", "name \"no\""},
       [](S& s) { return s.ReadBlob("t", "no").status(); }},
      {"ReadBlob",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.ReadBlob(Big(), "b").status(); }},
      {"ListBlobs",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.ListBlobs(Big()).status(); }},
      {"DeleteThread",
       kInvalidArgument,
       {"thread_id is empty"},
       [](S& s) { return s.DeleteThread(""); }},
      {"DeleteThread",
       kInvalidArgument,
       {"thread_id", "10000 bytes"},
       [](S& s) { return s.DeleteThread(Big()); }},
      {"CopyThread",
       kInvalidArgument,
       {"from is empty"},
       [](S& s) { return s.CopyThread("", "u"); }},
      {"CopyThread",
       kInvalidArgument,
       {"to is empty"},
       [](S& s) { return s.CopyThread("t", ""); }},
      {"CopyThread",
       kInvalidArgument,
       {"to", "10000 bytes"},
       [](S& s) { return s.CopyThread("t", Big()); }},
      // Only with what is in the thread.
      {"CopyThread",
       kInvalidArgument,
       {"to \"yyy", "10000 bytes"},
       [](S& s) { return s.CopyThread("full", std::string(500, 'y')); }},
      {"CopyThread",
       kNotFound,
       {"from \"no\""},
       [](S& s) { return s.CopyThread("no", "u"); }},
      {"CopyThread",
       kAlreadyExists,
       {"to \"full\""},
       [](S& s) { return s.CopyThread("t", "full"); }},
      {"CopyThread",
       kFailedPrecondition,
       {"from \"gone\""},
       [](S& s) { return s.CopyThread("gone", "u"); }},
      {"CopyThread",
       kFailedPrecondition,
       {"to \"gone\""},
       [](S& s) { return s.CopyThread("t", "gone"); }},
      {"ListThreads",
       kInvalidArgument,
       {"limit is 0"},
       [](S& s) { return s.ListThreads({.limit = 0}).status(); }},
      {"ListThreads",
       kInvalidArgument,
       {"limit is -9223372036854775808"},
       [](S& s) {
         const auto least = std::numeric_limits<std::int64_t>::min();
         return s.ListThreads({.limit = least}).status();
       }},
      {"ListThreads",
       kInvalidArgument,
       {"after", "10000 bytes"},
       [](S& s) { return s.ListThreads({.after = Big()}).status(); }},
  };
}

std::vector<Refused> DatabaseRefusals() {
  using S = SqliteSaver;
  const auto open = [](const std::function<void(Options&)>& change) {
    return [change](S&) {
      Options options;
      change(options);
      return S::Open("/dev/shm/never made", options).status();
    };
  };
  const auto open_path = [](const std::string& path) {
    return [path](S&) { return S::Open(path, {}).status(); };
  };
  const auto backup = [](const std::string& path) {
    return [path](S& s) { return s.Backup(path); };
  };
  return {
      {"WalCheckpoint",
       kInvalidArgument,
       {"mode is 77"},
       [](S& s) {
         return s.WalCheckpoint(Nameless<CheckpointMode>()).status();
       }},
      {"SetJournalMode",
       kInvalidArgument,
       {"mode is 77"},
       [](S& s) { return s.SetJournalMode(Nameless<JournalMode>()); }},
      {"SetJournalMode",
       kInvalidArgument,
       {"mode off"},
       [](S& s) { return s.SetJournalMode(JournalMode::kOff); }},
      {"Backup", kInvalidArgument, {"path", "\"\""}, backup("")},
      {"Backup",
       kInvalidArgument,
       {"path", "\":memory:\""},
       backup(":memory:")},
      {"Backup", kInvalidArgument, {"path", "\"file:x\""}, backup("file:x")},
      {"Backup",
       kInvalidArgument,
       {"path", "a\\x00z"},
       backup(std::string("/a\0z", 4))},
      {"Backup",
       kNotFound,
       {"path", "\"/nowhere/\\nx\""},
       backup("/nowhere/\nx")},
      {"Backup",
       kAlreadyExists,
       {"path", "\"/dev/null\""},
       backup("/dev/null")},
      {"Open", kInvalidArgument, {"path", "\"\""}, open_path("")},
      {"Open",
       kInvalidArgument,
       {"path", "\":memory:\""},
       open_path(":memory:")},
      {"Open",
       kInvalidArgument,
       {"path", "a\\x00z"},
       open_path(std::string("/a\0z", 4))},
      {"Open", kInvalidArgument, {"page_size is 1000"}, open([](Options& o) {
         o.page_size = 1000;
       })},
      {"Open",
       kInvalidArgument,
       {"wal_autocheckpoint is -1"},
       open([](Options& o) { o.wal_autocheckpoint = -1; })},
      {"Open", kInvalidArgument, {"busy_timeout is -1s"}, open([](Options& o) {
         o.busy_timeout = absl::Seconds(-1);
       })},
      {"Open", kInvalidArgument, {"vfs", "\"none\""}, open([](Options& o) {
         o.vfs = "none";
       })},
      {"Open", kInvalidArgument, {"journal_mode is 77"}, open([](Options& o) {
         o.journal_mode = Nameless<JournalMode>();
       })},
      {"Open", kInvalidArgument, {"synchronous is 77"}, open([](Options& o) {
         o.synchronous = Nameless<Synchronous>();
       })},
      {"Open", kInvalidArgument, {"durability is 77"}, open([](Options& o) {
         o.durability = Nameless<Durability>();
       })},
      {"Open",
       kInvalidArgument,
       {"journal_mode memory", "durability power"},
       open([](Options& o) { o.journal_mode = JournalMode::kMemory; })},
      {"Open",
       kInvalidArgument,
       {"journal_mode wal", "synchronous off", "durability power_loss"},
       open([](Options& o) { o.synchronous = Synchronous::kOff; })},
  };
}

std::vector<Refused> AllRefusals() {
  std::vector<Refused> all;
  for (const auto& part :
       {CheckpointRefusals(), WriteRefusals(), LogAndTaskRefusals(),
        BlobAndThreadRefusals(), DatabaseRefusals()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class ArgumentsTest : public SaverTest {
 protected:
  ArgumentsTest() {
    Open();
    sqlite3_limit(saver_->connection(), SQLITE_LIMIT_LENGTH, kMostBytes);
    EXPECT_THAT(saver_->PutCheckpoint(CheckpointOf("t", "c")), IsOk());
    EXPECT_THAT(saver_->CreateTask({"t", "a"}, "1"), IsOk());
    EXPECT_THAT(saver_->DeleteThread("gone"), IsOk());
    EXPECT_THAT(
        saver_->AppendLog("full", "\"" + std::string(9'700, 'x') + "\""),
        IsOk());
  }
};

void ExpectSaysTheArgument(const Refused& refused, const absl::Status& status) {
  SCOPED_TRACE(refused.method + ": " + status.ToString());
  EXPECT_THAT(status, StatusIs(refused.code));
  const std::string message(status.message());
  for (const std::string& word : refused.words) {
    EXPECT_THAT(message, HasSubstr(word));
  }
  EXPECT_LE(message.size(), 300u);
  const std::string lower = absl::AsciiStrToLower(message);
  for (const char* inside : {"insert", "select", "update", "delete from",
                             "pragma", "sqlite", "constraint", "bind"}) {
    EXPECT_THAT(lower, Not(HasSubstr(inside)));
  }
  for (const char c : message) EXPECT_TRUE(absl::ascii_isprint(c));
}

TEST_F(ArgumentsTest, EachRefusalSaysTheArgumentAndChangesNothing) {
  const std::int64_t before = Counter();
  for (const Refused& refused : AllRefusals()) {
    ExpectSaysTheArgument(refused, refused.call(*saver_));
  }
  EXPECT_EQ(Counter(), before);
  EXPECT_FALSE(std::filesystem::exists("/dev/shm/never made"));
}

TEST_F(ArgumentsTest, SoItDoesInsideATransactionWhichGoesOn) {
  Transaction transaction = Begin();
  for (const Refused& refused : AllRefusals()) {
    // Only its path is looked at before it refuses a transaction.
    const bool wants_none = refused.method == "Backup" &&
                            refused.code != StatusCode::kInvalidArgument;
    if (wants_none) continue;
    ExpectSaysTheArgument(refused, refused.call(*saver_));
    ASSERT_FALSE(transaction.is_aborted());
  }
  ASSERT_THAT(saver_->PutBlob("t", "b", "x"), IsOk());
  EXPECT_THAT(transaction.Commit(), IsOk());
}

// Whoever adds a method adds it to the table.
TEST_F(ArgumentsTest, TheTableHasEveryMethodThatTakesAnArgument) {
  std::set<std::string> methods;
  for (const Refused& refused : AllRefusals()) methods.insert(refused.method);
  EXPECT_THAT(
      methods,
      testing::UnorderedElementsAre(
          "Open", "PutCheckpoint", "GetCheckpoint", "GetLatestCheckpoint",
          "ListCheckpoints", "ListCheckpoints of a thread", "Prune",
          "PutWrites", "ListWrites", "CommitStep", "AppendLog", "AppendLogs",
          "ReadLogs", "CreateTask", "UpdateTask", "GetTask", "ListTasks",
          "PutBlob", "GetBlob", "WriteBlob", "BlobWriter::Write",
          "BlobWriter::Finish", "ReadBlob", "ListBlobs", "DeleteThread",
          "CopyThread", "ListThreads", "WalCheckpoint", "SetJournalMode",
          "Backup"));
}

// The most that fits is taken, one byte more is not.
TEST_F(ArgumentsTest, WhatFitsIntoARowIsTaken) {
  constexpr std::size_t kMost = kMostBytes - 96;
  const std::size_t ids = std::string("tnsc{}").size();
  EXPECT_THAT(saver_->PutCheckpoint(WithState(std::string(kMost - ids, 'x'))),
              IsOk());
  EXPECT_THAT(
      saver_->PutCheckpoint(WithState(std::string(kMost - ids + 1, 'x'))),
      StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->GetCheckpoint({"t", "ns", "c"}), IsOk());
}

TEST_F(ArgumentsTest, CheckpointIsPutAsItIsConstructed) {
  Checkpoint checkpoint;
  checkpoint.key.thread_id = "new";
  checkpoint.key.checkpoint_id = "c";
  ASSERT_THAT(saver_->PutCheckpoint(checkpoint), IsOk());
  ASSERT_THAT(saver_->CommitStep(checkpoint, {WriteOf("a", "")}), IsOk());
  const auto found = saver_->GetCheckpoint(checkpoint.key);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->metadata, "{}");
  EXPECT_EQ(found->state, "");
  EXPECT_EQ(found->type, "");
  EXPECT_FALSE(found->parent_id.has_value());
  EXPECT_THAT(saver_->ListWrites(checkpoint.key), IsOkAndHolds(SizeIs(1)));
}

TEST_F(ArgumentsTest, TaskNeedsNoPayload) {
  ASSERT_THAT(saver_->CreateTask({"t", "bare"}), IsOk());
  EXPECT_EQ(saver_->GetTask({"t", "bare"})->payload, "{}");
}

}  // namespace
}  // namespace lastcommit::saver
