// Commits per second of SqliteSaver with its defence against the WAL-reset race
// (docs/findings.md) and without, or with its look for files that another
// program has removed and without, in one process, with one connection and with
// two, each in a thread of its own. The two take turns, each on a database of
// its own, and what is printed is the median over pairs of turns.
//
// 2 for bad arguments, 3 when a commit failed. The time is never judged here.

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "harness.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct Settings {
  std::string directory = "/dev/shm";
  int pairs = 20;
  int commits = 2000;  // of a connection in a turn
  int frames = 1000;   // wal_autocheckpoint
  std::string without = "guard";
};

class Side {
 public:
  static absl::StatusOr<Side> Open(const std::string& path, int connections,
                                   const saver::Options& options) {
    Side side;
    for (int i = 0; i < connections; ++i) {
      ASSIGN_OR_RETURN(auto saver, saver::SqliteSaver::Open(path, options));
      side.savers_.push_back(std::move(saver));
    }
    return side;
  }

  // Seconds.
  absl::StatusOr<double> RunTurn(int commits) {
    std::vector<absl::Status> statuses(savers_.size());
    std::vector<std::thread> threads;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < savers_.size(); ++i) {
      threads.emplace_back(
          [&, i] { statuses[i] = Commit(*savers_[i], i, commits); });
    }
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> spent =
        std::chrono::steady_clock::now() - begin;
    for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
    return spent.count();
  }

 private:
  // The same rows in each turn, so that the databases stay small.
  static absl::Status Commit(saver::SqliteSaver& saver, std::size_t connection,
                             int commits) {
    saver::Checkpoint checkpoint;
    checkpoint.key.thread_id = absl::StrCat("thread-", connection);
    checkpoint.type = "msgpack";
    checkpoint.state = std::string(1000, 's');
    checkpoint.metadata = "{}";
    for (int i = 0; i < commits; ++i) {
      checkpoint.key.checkpoint_id = absl::StrCat("checkpoint-", i);
      RETURN_IF_ERROR(saver.PutCheckpoint(checkpoint));
    }
    return absl::OkStatus();
  }

  std::vector<std::unique_ptr<saver::SqliteSaver>> savers_;
};

absl::Status Compare(const std::string& directory, int connections,
                     const Settings& settings) {
  saver::Options options;
  options.wal_autocheckpoint = settings.frames;
  options.busy_timeout = absl::Minutes(1);
  const std::string path = absl::StrCat(directory, "/", connections);
  ASSIGN_OR_RETURN(Side with,
                   Side::Open(path + "-with.db", connections, options));
  if (settings.without == "look") {
    options.notice_removed_files = false;
  } else {
    options.avoid_sqlite_bugs = false;
  }
  ASSIGN_OR_RETURN(Side without,
                   Side::Open(path + "-without.db", connections, options));
  std::vector<double> with_s;
  std::vector<double> without_s;
  std::vector<double> ratios;
  for (int i = -1; i < settings.pairs; ++i) {  // the first one is not noted
    ASSIGN_OR_RETURN(const double a, with.RunTurn(settings.commits));
    ASSIGN_OR_RETURN(const double b, without.RunTurn(settings.commits));
    if (i < 0) continue;
    with_s.push_back(a);
    without_s.push_back(b);
    ratios.push_back(b / a);
  }
  const double commits = connections * settings.commits;
  std::printf("| %11d | %8.0f | %8.0f | %5.2f |\n", connections,
              commits / Median(with_s), commits / Median(without_s),
              Median(ratios));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::StatusOr<bool> RunAll(const Settings& settings) {
  ASSIGN_OR_RETURN(const TemporaryDirectory directory,
                   TemporaryDirectory::Make(settings.directory));
  std::printf(
      "SQLite %s, wal_autocheckpoint %d\n"
      "| connections | with     | without  | ratio |\n"
      "|             | commit/s | commit/s |       |\n"
      "|---|---|---|---|\n",
      sqlite3_libversion(), settings.frames);
  RETURN_IF_ERROR(Compare(directory.path(), 1, settings));
  RETURN_IF_ERROR(Compare(directory.path(), 2, settings));
  return true;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  CLI::App app("Commits per second with one defence of the saver and without");
  app.add_option("--dir", settings.directory, "Where the databases are")
      ->capture_default_str();
  app.add_option("--pairs", settings.pairs, "Pairs of a turn of each side")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--commits", settings.commits, "Of a connection in a turn")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--without", settings.without,
                 "What the other side lacks: the guard of checkpoints, or the "
                 "look for removed files")
      ->check(CLI::IsMember({"guard", "look"}))
      ->capture_default_str();
  app.add_option("--frames", settings.frames, "wal_autocheckpoint")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::RunAll(settings); });
}
