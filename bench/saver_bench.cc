// Operations per second of SqliteSaver against the same calls of SQLite by hand
// (replay.h), in one process, with the same settings, on a tmpfs and on a disk.
// The two take turns, each on a database of its own, and what is printed is the
// median over pairs of turns, so that other work on the machine hits both. CPU
// is of the process, the kernel's share included. The calls are recorded before
// each pair, on a third database.
//
// Exit code 1 when the two did not do the same work (the ratio would mean
// nothing): statements, writes and syncs are counted, PRAGMAs compared, and in
// the end both databases must hold the same rows. 2 for bad arguments, 3 when a
// side failed. The time is never judged here.

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure.h"
#include "replay.h"
#include "saver/sqlite_saver.h"
#include "saver_side.h"
#include "status/status.h"
#include "tape.h"
#include "work_count.h"

namespace lastcommit {
namespace {

struct Settings {
  std::string tmpfs = "/dev/shm";
  std::string disk = ".";
  int pairs = 30;        // two turns of each side
  int operations = 100;  // in a turn
};

struct Case {
  const char* name;
  Kind kind;
  bool is_one_transaction;  // all operations of a turn, or each its own
};

constexpr Case kCases[] = {
    {"put_checkpoint", Kind::kPutCheckpoint, false},
    {"commit_step", Kind::kCommitStep, false},
    {"append_log", Kind::kAppendLog, false},
    {"stream_blob", Kind::kStreamBlob, false},
    {"put_checkpoint", Kind::kPutCheckpoint, true},
    {"commit_step", Kind::kCommitStep, true},
    {"append_log", Kind::kAppendLog, true},
    {"stream_blob", Kind::kStreamBlob, true},
};

// The first column of the first row, as text.
absl::StatusOr<std::string> QueryText(sqlite3* connection,
                                      const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  std::string text;
  if (sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr) ==
          SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    text.assign(static_cast<const char*>(sqlite3_column_blob(statement, 0)),
                static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
  }
  const int result = sqlite3_finalize(statement);
  if (result == SQLITE_OK) return text;
  return absl::InternalError(sql + ": " + sqlite3_errmsg(connection));
}

struct Clock {
  double wall = 0;
  double cpu = 0;

  static Clock Now() {
    timespec cpu = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return {std::chrono::duration<double>(
                std::chrono::steady_clock::now().time_since_epoch())
                .count(),
            static_cast<double>(cpu.tv_sec) +
                static_cast<double>(cpu.tv_nsec) * 1e-9};
  }
};

using Calls = std::vector<Call>;

// Both sides on one case, in a directory of its own.
class Contest {
 public:
  static absl::StatusOr<std::unique_ptr<Contest>> Create(
      const Case& one, const std::string& parent, int operations) {
    std::string directory = parent + "/saver-bench-XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) {
      return absl::ErrnoToStatus(errno, "no directory in " + parent);
    }
    std::unique_ptr<Contest> contest(new Contest(one, directory, operations));
    ASSIGN_OR_RETURN(contest->tape_, Tape::Create());
    return contest;
  }
  ~Contest() {
    recorded_.reset();
    saver_.reset();
    hand_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
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
    RETURN_IF_ERROR(hand_->Run(opening_));
    for (const char* pragma :
         {"foreign_keys", "synchronous", "cache_size", "wal_autocheckpoint",
          "journal_mode", "page_size", "cache_spill", "temp_store",
          "locking_mode", "mmap_size", "secure_delete", "busy_timeout",
          "journal_size_limit", "recursive_triggers", "auto_vacuum"}) {
      const std::string sql = absl::StrCat("PRAGMA ", pragma);
      ASSIGN_OR_RETURN(const std::string a,
                       QueryText(saver_->connection(), sql));
      ASSIGN_OR_RETURN(const std::string b,
                       QueryText(hand_->connection(), sql));
      if (a != b) {
        return absl::InternalError(absl::StrCat(sql, ": ", a, " and ", b));
      }
    }
    return absl::OkStatus();
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
      Clock saver;
      Clock hand;
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

  // Whether both databases hold the same rows.
  absl::StatusOr<bool> HaveSameRows() {
    RETURN_IF_ERROR(QueryText(hand_->connection(),
                              "ATTACH '" + directory_ + "/saver.db' AS other")
                        .status());
    for (const char* table : {"meta", "threads", "checkpoints", "writes",
                              "logs", "blobs", "contents"}) {
      const std::string sql = absl::StrFormat(
          "SELECT (SELECT count(*) FROM main.%1$s) ="
          " (SELECT count(*) FROM other.%1$s) AND NOT EXISTS"
          " (SELECT * FROM main.%1$s EXCEPT SELECT * FROM other.%1$s)",
          table);
      ASSIGN_OR_RETURN(const std::string is_same,
                       QueryText(hand_->connection(), sql));
      if (is_same != "1") return false;
    }
    return true;
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
  Contest(const Case& one, std::string directory, int operations)
      : case_(one), directory_(std::move(directory)), operations_(operations) {}

  // The first transaction also opens the WAL.
  absl::StatusOr<std::unique_ptr<SaverSide>> OpenSaver(
      const std::string& name) {
    ASSIGN_OR_RETURN(auto saver,
                     SqliteSaver::Open(directory_ + "/" + name, Options()));
    auto side = std::make_unique<SaverSide>(std::move(saver));
    RETURN_IF_ERROR(side->Begin());
    RETURN_IF_ERROR(side->Commit());
    return side;
  }
  std::unique_ptr<Replay> MakeHand(const std::string& name) {
    return std::make_unique<Replay>(directory_ + "/recorded.db",
                                    directory_ + "/" + name);
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
  absl::Status TimeSaver(Clock& spent) {
    return TimeTurn([this] { return RunTurn(*saver_); }, spent);
  }
  absl::Status TimeHand(const Calls& calls, Clock& spent) {
    const auto turn = [&] {
      for (int i = 0; i < operations_; ++i) inputs_.SetNumber(number_ + i);
      return hand_->Run(calls);
    };
    return TimeTurn(turn, spent);
  }
  template <typename Turn>
  static absl::Status TimeTurn(Turn turn, Clock& spent) {
    const Clock begin = Clock::Now();
    RETURN_IF_ERROR(turn());
    const Clock end = Clock::Now();
    spent.wall += end.wall - begin.wall;
    spent.cpu += end.cpu - begin.cpu;
    return absl::OkStatus();
  }

  void Note(const Clock& saver, const Clock& hand) {
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
  const std::string directory_;
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
  ASSIGN_OR_RETURN(const bool has_same_rows, contest->HaveSameRows());
  is_same &= has_same_rows;
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
    for (const Case& one : kCases) {
      ASSIGN_OR_RETURN(const bool is_same, RunCase(one, directory, settings));
      is_same_work &= is_same;
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::StatusOr<bool> is_same_work = lastcommit::RunAll(settings);
  if (!is_same_work.ok()) {
    std::fprintf(stderr, "%s\n", is_same_work.status().ToString().c_str());
    return 3;
  }
  return *is_same_work ? 0 : 1;
}
