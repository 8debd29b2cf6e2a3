// Operations per second of SqliteSaver against the same calls of SQLite by hand
// (replay.h), in one process, with the same settings, on a tmpfs and on a disk.
// The two take turns, each on a database of its own, and what is printed is the
// median over pairs of turns, so that other work on the machine hits both. CPU
// is of the process, the kernel's share included. The calls are recorded before
// each pair, on a third database.
//
// Exit code 1 when the two did not do the same work (the ratio would mean
// nothing): statements, writes and syncs are counted, and in the end both
// databases must hold the same. 2 for bad arguments, 3 when a
// side failed. The time is never judged here.

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "harness.h"
#include "replay.h"
#include "saver/records.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"
#include "tape.h"
#include "work_count.h"

namespace lastcommit {
namespace {

enum class Kind { kPutCheckpoint, kCommitStep, kAppendLog, kStreamBlob };

// What is written: operation number n is always the same.
struct Inputs {
  static constexpr std::size_t kBlobBytes = 4 << 20;
  static constexpr std::size_t kPieceBytes = 64 << 10;
  static constexpr int kBlobs = 4;  // so that blobs are also replaced

  Inputs() {
    checkpoint.key = {"thread-0", "", ""};
    checkpoint.type = "msgpack";
    checkpoint.state = std::string(1000, 's');
    checkpoint.metadata = R"({"source":"loop","step":7})";
    for (std::int64_t idx = 0; idx < 3; ++idx) {
      writes.push_back({"task-0", idx, "channel", "msgpack",
                        std::string(200, 'w'), /*is_replaceable=*/false});
    }
    log = R"({"message":")" + std::string(150, 'm') + R"("})";
    for (std::size_t i = 0; i < kBlobBytes; ++i) {
      blob += static_cast<char>(i * i >> 7);
    }
  }
  void SetNumber(int number) {
    checkpoint.key.checkpoint_id = absl::StrFormat("checkpoint-%08d", number);
    blob_name = absl::StrCat("blob-", number % kBlobs);
  }

  saver::Checkpoint checkpoint;
  std::vector<saver::PendingWrite> writes;
  std::string log;
  std::string blob;
  std::string blob_name;
};

class SaverSide {
 public:
  explicit SaverSide(std::unique_ptr<saver::SqliteSaver> saver)
      : saver_(std::move(saver)) {}

  absl::Status Begin() {
    ASSIGN_OR_RETURN(transaction_, saver_->Begin());
    return absl::OkStatus();
  }
  absl::Status Commit() {
    RETURN_IF_ERROR(transaction_->Commit().status());
    transaction_.reset();
    return absl::OkStatus();
  }
  // Outside of a transaction it is one of its own.
  absl::Status Do(Kind kind, const Inputs& inputs) {
    switch (kind) {
      case Kind::kPutCheckpoint:
        return saver_->PutCheckpoint(inputs.checkpoint);
      case Kind::kCommitStep:
        return saver_->CommitStep(inputs.checkpoint, inputs.writes);
      case Kind::kAppendLog:
        return saver_->AppendLog(inputs.checkpoint.key.thread_id, inputs.log)
            .status();
      case Kind::kStreamBlob:
        return StreamBlob(inputs);
    }
    return absl::InternalError("no such kind");
  }
  sqlite3* connection() { return saver_->connection(); }

 private:
  absl::Status StreamBlob(const Inputs& inputs) {
    const std::string_view bytes = inputs.blob;
    ASSIGN_OR_RETURN(
        saver::BlobWriter writer,
        saver_->WriteBlob(inputs.checkpoint.key.thread_id, inputs.blob_name,
                          static_cast<std::int64_t>(bytes.size())));
    for (std::size_t at = 0; at < bytes.size(); at += Inputs::kPieceBytes) {
      RETURN_IF_ERROR(writer.Write(bytes.substr(at, Inputs::kPieceBytes)));
    }
    return writer.Finish();
  }

  std::unique_ptr<saver::SqliteSaver> saver_;
  std::optional<saver::Transaction> transaction_;
};

struct Settings {
  std::string tmpfs = "/dev/shm";
  std::string disk = ".";
  int pairs = 30;        // two turns of each side
  int operations = 100;  // in a turn
};

struct Case {
  Kind kind;
  const char* name;
  bool is_one_transaction = false;  // all operations of a turn, or each its own
};

// The whole database.
std::string ContentOf(sqlite3* connection) {
  sqlite3_int64 size = 0;
  unsigned char* const bytes = sqlite3_serialize(connection, "main", &size, 0);
  std::string content(reinterpret_cast<const char*>(bytes),
                      bytes == nullptr ? 0 : static_cast<std::size_t>(size));
  sqlite3_free(bytes);
  return content;
}

using Calls = std::vector<Call>;

// Both sides on one case, in a directory of its own.
class Contest {
 public:
  static absl::StatusOr<std::unique_ptr<Contest>> Create(
      const Case& one, const std::string& parent, int operations) {
    ASSIGN_OR_RETURN(TemporaryDirectory directory,
                     TemporaryDirectory::Make(parent));
    std::unique_ptr<Contest> contest(
        new Contest(one, std::move(directory), operations));
    ASSIGN_OR_RETURN(contest->tape_, Tape::Create());
    return contest;
  }
  Contest(const Contest&) = delete;
  Contest& operator=(const Contest&) = delete;

  absl::Status Open() {
    ASSIGN_OR_RETURN(opening_, Recorded([this]() -> absl::Status {
                       ASSIGN_OR_RETURN(recorded_, OpenSaver("recorded.db"));
                       return absl::OkStatus();
                     }));
    ASSIGN_OR_RETURN(saver_, OpenSaver("saver.db"));
    hand_ = MakeHand("hand.db");
    return hand_->Run(opening_);
  }

  // What a turn of each side asks of SQLite and of the kernel. In this turn,
  // which is not timed, statements are compiled.
  absl::StatusOr<bool> CheckSameWork() {
    ASSIGN_OR_RETURN(const Calls turn, RecordTurn());
    ASSIGN_OR_RETURN(
        saver_work_, CountTurn([this](const std::string& name, bool runs_turn) {
          const auto side = OpenSaver(name + "-saver.db");
          return side.ok() && runs_turn ? RunTurn(**side) : side.status();
        }));
    ASSIGN_OR_RETURN(
        hand_work_, CountTurn([&](const std::string& name, bool runs_turn) {
          const auto hand = MakeHand(name + "-hand.db");
          const absl::Status status = hand->Run(opening_);
          return status.ok() && runs_turn ? hand->Run(turn) : status;
        }));
    RETURN_IF_ERROR(RunTurn(*saver_));
    RETURN_IF_ERROR(hand_->Run(turn));
    number_ += operations_;
    return saver_work_.statements == hand_work_.statements &&
           saver_work_.writes == hand_work_.writes &&
           saver_work_.written_bytes == hand_work_.written_bytes &&
           saver_work_.syncs == hand_work_.syncs &&
           saver_work_.statements >= operations_;
  }

  // Each pair is saver, hand, hand, saver, so that it does not matter who comes
  // after whom.
  absl::Status RunPairs(int pairs) {
    for (int i = 0; i < pairs; ++i) {
      ASSIGN_OR_RETURN(const Calls first, RecordTurn());
      number_ += operations_;
      ASSIGN_OR_RETURN(const Calls second, RecordTurn());
      number_ -= operations_;
      Spent saver;
      Spent hand;
      RETURN_IF_ERROR(TimeSaver(saver));
      RETURN_IF_ERROR(TimeHand(first, hand));
      number_ += operations_;
      RETURN_IF_ERROR(TimeHand(second, hand));
      RETURN_IF_ERROR(TimeSaver(saver));
      number_ += operations_;
      Note(saver, hand);
    }
    return absl::OkStatus();
  }

  bool HaveSameContent() {
    const std::string content = ContentOf(saver_->connection());
    return !content.empty() && content == ContentOf(hand_->connection());
  }

  void Print(bool is_same) const {
    std::printf(
        "| %-14s | %-4s | %6lld / %-6lld | %3lld / %-3lld "
        "| %9.0f | %9.0f | %5.2f | %5.2f |%s\n",
        case_.name, case_.is_one_transaction ? "all" : "each",
        static_cast<long long>(saver_work_.statements),
        static_cast<long long>(hand_work_.statements),
        static_cast<long long>(saver_work_.syncs),
        static_cast<long long>(hand_work_.syncs),
        2 * operations_ / Median(saver_wall_),
        2 * operations_ / Median(hand_wall_), Median(ratios_),
        Median(cpu_ratios_), is_same ? "" : " NOT THE SAME WORK");
    std::fflush(stdout);
  }

 private:
  Contest(const Case& one, TemporaryDirectory directory, int operations)
      : case_(one), directory_(std::move(directory)), operations_(operations) {}

  // The first transaction also opens the WAL.
  absl::StatusOr<std::unique_ptr<SaverSide>> OpenSaver(
      const std::string& name) {
    ASSIGN_OR_RETURN(auto saver,
                     saver::SqliteSaver::Open(directory_.path() + "/" + name,
                                              saver::Options()));
    auto side = std::make_unique<SaverSide>(std::move(saver));
    RETURN_IF_ERROR(side->Begin());
    RETURN_IF_ERROR(side->Commit());
    return side;
  }
  std::unique_ptr<Replay> MakeHand(const std::string& name) {
    return std::make_unique<Replay>(directory_.path() + "/recorded.db",
                                    directory_.path() + "/" + name);
  }

  // What `work` asks of SQLite.
  template <typename Work>
  absl::StatusOr<Calls> Recorded(Work work) {
    tape_->calls.clear();
    RecordOn(tape_.get());
    const absl::Status status = work();
    RecordOn(nullptr);
    RETURN_IF_ERROR(status);
    return Calls(tape_->calls.begin(), tape_->calls.end());
  }
  absl::StatusOr<Calls> RecordTurn() {
    return Recorded([this] { return RunTurn(*recorded_); });
  }

  absl::Status RunTurn(SaverSide& side) {
    if (case_.is_one_transaction) RETURN_IF_ERROR(side.Begin());
    for (int i = 0; i < operations_; ++i) {
      inputs_.SetNumber(number_ + i);
      RETURN_IF_ERROR(side.Do(case_.kind, inputs_));
    }
    return case_.is_one_transaction ? side.Commit() : absl::OkStatus();
  }

  // These add what the turn takes, with the making of its names.
  absl::Status TimeSaver(Spent& spent) {
    return spent.Time([this] { return RunTurn(*saver_); });
  }
  absl::Status TimeHand(const Calls& calls, Spent& spent) {
    return spent.Time([&] {
      for (int i = 0; i < operations_; ++i) inputs_.SetNumber(number_ + i);
      return hand_->Run(calls);
    });
  }

  void Note(const Spent& saver, const Spent& hand) {
    saver_wall_.push_back(saver.wall);
    hand_wall_.push_back(hand.wall);
    ratios_.push_back(hand.wall / saver.wall);
    cpu_ratios_.push_back(hand.cpu / saver.cpu);
  }

  // Opening and closing are not a part of it.
  template <typename Run>
  static absl::StatusOr<WorkCount> CountTurn(Run run) {
    ASSIGN_OR_RETURN(const WorkCount open_only,
                     Count([&] { return run("opened", /*runs_turn=*/false); }));
    ASSIGN_OR_RETURN(WorkCount work,
                     Count([&] { return run("turned", /*runs_turn=*/true); }));
    work.statements -= open_only.statements;
    work.writes -= open_only.writes;
    work.written_bytes -= open_only.written_bytes;
    work.syncs -= open_only.syncs;
    return work;
  }

  template <typename Run>
  static absl::StatusOr<WorkCount> Count(Run run) {
    ASSIGN_OR_RETURN(const WorkCounts counts, CountWork([&] {
                       const absl::Status status = run();
                       if (!status.ok()) {
                         std::fprintf(stderr, "%s\n",
                                      status.ToString().c_str());
                       }
                       return status.ok();
                     }));
    return counts.front();
  }

  const Case case_;
  const TemporaryDirectory directory_;  // outlives what is in it
  const int operations_;
  Inputs inputs_;
  int number_ = 0;
  std::unique_ptr<Tape, Tape::Unmap> tape_;
  Calls opening_;
  std::unique_ptr<SaverSide> recorded_;
  std::unique_ptr<SaverSide> saver_;
  std::unique_ptr<Replay> hand_;
  WorkCount saver_work_;
  WorkCount hand_work_;
  std::vector<double> saver_wall_, hand_wall_, ratios_, cpu_ratios_;
};

// False if the sides differ in what they do.
absl::StatusOr<bool> RunCase(const Case& one, const std::string& directory,
                             const Settings& settings) {
  // A blob takes a thousand times as long as the others.
  const bool is_long = one.kind == Kind::kStreamBlob;
  const int operations = is_long && !one.is_one_transaction
                             ? std::min(settings.operations, 10)
                             : settings.operations;
  const int pairs = is_long ? (settings.pairs + 3) / 4 : settings.pairs;
  ASSIGN_OR_RETURN(const auto contest,
                   Contest::Create(one, directory, operations));
  RETURN_IF_ERROR(contest->Open());
  ASSIGN_OR_RETURN(bool is_same, contest->CheckSameWork());
  RETURN_IF_ERROR(contest->RunPairs(pairs));
  is_same &= contest->HaveSameContent();
  contest->Print(is_same);
  return is_same;
}

absl::StatusOr<bool> RunAll(const Settings& settings) {
  bool is_same_work = true;
  for (const std::string& directory : {settings.tmpfs, settings.disk}) {
    if (directory == "none") continue;
    std::printf(
        "%s, SQLite %s\n"
        "| operation      | com- | statements      | syncs     "
        "| saver     | by hand   | ratio | ratio |\n"
        "|                | mit  | saver / hand    | in a turn "
        "| per s     | per s     | time  | CPU   |\n"
        "|---|---|---|---|---|---|---|---|\n",
        directory.c_str(), sqlite3_libversion());
    for (const bool is_one_transaction : {false, true}) {
      for (Case one : {Case{Kind::kPutCheckpoint, "put_checkpoint"},
                       Case{Kind::kCommitStep, "commit_step"},
                       Case{Kind::kAppendLog, "append_log"},
                       Case{Kind::kStreamBlob, "stream_blob"}}) {
        one.is_one_transaction = is_one_transaction;
        ASSIGN_OR_RETURN(const bool is_same, RunCase(one, directory, settings));
        is_same_work &= is_same;
      }
    }
  }
  return is_same_work;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  CLI::App app("Operations per second of SqliteSaver against SQL by hand");
  app.add_option("--tmpfs", settings.tmpfs, "A directory in memory, or none")
      ->capture_default_str();
  app.add_option("--dir", settings.disk, "A directory on a disk, or none")
      ->capture_default_str();
  app.add_option("--pairs", settings.pairs, "Pairs of two turns of each side")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--operations", settings.operations, "Operations in a turn")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::RunAll(settings); });
}
