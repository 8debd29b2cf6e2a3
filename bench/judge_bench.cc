// A recording that is crashed everywhere: how many calls and crash images are
// judged in a second of one core, against a loop written by hand that only
// opens the same distinct images in the least VFS there can be, checks them and
// reads all their rows. It does not make the images, look for equal ones, or
// compare what it reads.
//
// The program that is recorded is this one. Exit code 2 for bad arguments, 3
// when something failed. The time is never judged here.

#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "disk/survival.h"
#include "harness.h"
#include "judge/database_files.h"
#include "judge/judgement.h"
#include "memory_vfs.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

constexpr int kRowBytes = 300;

struct Settings {
  std::string program;  // of which the recording is made: this one
  std::string mode = "WAL";
  std::string level = "FULL";
  int commits = 1000;
  int databases = 1;  // which the transactions go to in turn
  int pairs = 3;
  bool is_recorded = false;
};

absl::Status Execute(sqlite3* connection, const std::string& sql) {
  char* message = nullptr;
  if (sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message) ==
      SQLITE_OK) {
    return absl::OkStatus();
  }
  std::string text = message == nullptr ? "no memory" : message;
  sqlite3_free(message);
  return absl::InternalError(std::move(text));
}

std::string NameOfDatabase(int number) { return absl::StrCat(number, ".db"); }

// What is recorded: a row in each transaction, and a line for each.
absl::Status BeRecorded(const Settings& settings) {
  std::ofstream acks(std::getenv("LASTCOMMIT_ACK"), std::ios::app);
  std::vector<sqlite3*> connections;
  for (int i = 0; i < settings.databases; ++i) {
    sqlite3*& connection = connections.emplace_back();
    if (sqlite3_open(NameOfDatabase(i).c_str(), &connection) != SQLITE_OK) {
      return absl::InternalError("the database cannot be opened");
    }
    RETURN_IF_ERROR(Execute(
        connection, absl::StrCat("PRAGMA journal_mode=", settings.mode,
                                 "; PRAGMA synchronous=", settings.level,
                                 "; CREATE TABLE t(x, y)")));
  }
  for (int i = 0; i < settings.commits; ++i) {
    RETURN_IF_ERROR(
        Execute(connections[static_cast<std::size_t>(i % settings.databases)],
                absl::StrCat("INSERT INTO t VALUES(", i, ", '",
                             std::string(kRowBytes, 'y'), "')")));
    acks << i << std::endl;
  }
  for (sqlite3* connection : connections) sqlite3_close(connection);
  return absl::OkStatus();
}

// Errors are those of the images, and looked for.
void ReadRows(sqlite3* connection, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr);
  while (statement != nullptr && sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      sqlite3_column_blob(statement, i);
    }
  }
  sqlite3_finalize(statement);
}

constexpr char kReadByHand[] = "/a.db";

void ReadByHand(MemoryFiles files) {
  UseMemoryFiles(&files);
  sqlite3* connection = nullptr;
  sqlite3_open_v2(kReadByHand, &connection,
                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, kMemoryVfs);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  ReadRows(connection, "PRAGMA integrity_check(1)");
  ReadRows(connection, "PRAGMA user_version");
  ReadRows(connection, "SELECT * FROM sqlite_schema");
  ReadRows(connection, "SELECT * FROM t");
  sqlite3_close(connection);
  UseMemoryFiles(nullptr);
}

// Reads the distinct images that the judgement looks at.
class HandLoop {
 public:
  HandLoop(const std::string& directory, const JudgeOptions& options,
           const DatabaseFiles& files)
      : options_(options),
        kills_(directory, DiskModel::kPosix),
        losses_(directory, DiskModel::kPosix),
        files_(files.files) {
    for (const std::string& database : files.databases) {
      databases_.push_back(kills_.PathOf(database));
    }
    kills_.storage().NeverLosesPower();
    kills_.KeepOnly(files.files);
    losses_.KeepOnly(files.files);
  }

  absl::Status Take(const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      const InodeId inode = kills_.InodeOf(effect.file);
      if (effect.kind == EffectKind::kWrite && inode != kNoInode &&
          files_.contains(effect.file)) {
        Storage half = kills_.storage();
        half.Write(
            inode, effect.offset,
            std::string_view(effect.bytes).substr(0, effect.bytes.size() / 2));
        RETURN_IF_ERROR(Read(half));
      }
      RETURN_IF_ERROR(kills_.Apply(effect));
      RETURN_IF_ERROR(losses_.Apply(effect));
    }
    RETURN_IF_ERROR(Read(kills_.storage()));
    const Storage& storage = losses_.storage();
    const std::size_t changes = storage.PendingChanges().size();
    for (const Survival& survival :
         SurvivalsToTry(changes, call.number, options_.power.survivals)) {
      RETURN_IF_ERROR(
          Read(storage.AfterCrash(Resolve(storage, survival).fates)));
    }
    return absl::OkStatus();
  }

  double a_second() const { return static_cast<double>(images_) / spent_.cpu; }
  std::int64_t images() const { return images_; }

 private:
  absl::Status Read(const Storage& image) {
    for (const std::string& database : databases_) {
      RETURN_IF_ERROR(Read(image, database));
    }
    return absl::OkStatus();
  }

  // Only the reading takes time.
  absl::Status Read(const Storage& image, const std::string& database) {
    std::uint64_t digest = XXH3_64bits(database.data(), database.size());
    for (const char* end : {"", "-journal", "-wal"}) {
      const InodeId inode = image.Find(database + end);
      const std::uint64_t own = inode == kNoInode ? 0 : image.DigestOf(inode);
      digest = digest * 1'000'003 + own;
    }
    if (image.Find(database) == kNoInode || !seen_.insert(digest).second) {
      return absl::OkStatus();
    }
    MemoryFiles files;
    for (const char* end : {"", "-journal", "-wal"}) {
      const InodeId inode = image.Find(database + end);
      if (inode == kNoInode) continue;
      std::string& bytes = files[absl::StrCat(kReadByHand, end)];
      bytes.resize(static_cast<std::size_t>(image.Size(inode)));
      image.Read(inode, 0, bytes.data(), image.Size(inode));
    }
    ++images_;
    return spent_.Time([&] {
      ReadByHand(std::move(files));
      return absl::OkStatus();
    });
  }

  const JudgeOptions& options_;
  Rebuild kills_;
  Rebuild losses_;
  std::vector<std::string> databases_;
  const std::set<FileId> files_;
  std::set<std::uint64_t> seen_;
  std::int64_t images_ = 0;
  Spent spent_;
};

absl::StatusOr<std::string> Record(const Settings& settings,
                                   const std::string& directory) {
  RecordOptions options;
  options.command = {settings.program,
                     "--recorded",
                     absl::StrCat("--mode=", settings.mode),
                     absl::StrCat("--level=", settings.level),
                     absl::StrCat("--commits=", settings.commits),
                     absl::StrCat("--databases=", settings.databases)};
  options.directory = directory + "/files";
  options.recording = directory + "/recording";
  options.ack = directory + "/ack";
  options.time = absl::Minutes(10);
  std::filesystem::create_directory(options.directory);
  RETURN_IF_ERROR(RecordProgram(options, [](const RecordProgress&) {
                    return true;
                  }).status());
  return options.recording;
}

absl::StatusOr<bool> Run(const Settings& settings) {
  if (settings.is_recorded) {
    RETURN_IF_ERROR(BeRecorded(settings));
    return true;
  }
  RETURN_IF_ERROR(RegisterShimVfs());
  RETURN_IF_ERROR(RegisterSimVfs());
  if (!RegisterMemoryVfs()) return absl::InternalError("no memory VFS");
  ASSIGN_OR_RETURN(const TemporaryDirectory directory,
                   TemporaryDirectory::Make("/tmp"));
  ASSIGN_OR_RETURN(const std::string recording,
                   Record(settings, directory.path()));
  const JudgeOptions options;
  ASSIGN_OR_RETURN(const DatabaseFiles files, DatabaseFilesOf(recording));
  std::vector<double> ratios;
  for (int pair = 0; pair < settings.pairs; ++pair) {
    Spent judged;
    Judgement judgement;
    RETURN_IF_ERROR(judged.Time([&]() -> absl::Status {
      ASSIGN_OR_RETURN(
          judgement, JudgeRecording(recording, options,
                                    [](const JudgeProgress&) { return true; }));
      return absl::OkStatus();
    }));
    HandLoop by_hand(directory.path() + "/files", options, files);
    const auto take = [&](const RecordedCall& call) {
      return by_hand.Take(call);
    };
    RETURN_IF_ERROR(ReadRecording(recording, take).status());
    const double judged_a_second =
        static_cast<double>(judgement.states.recovered()) / judged.cpu;
    ratios.push_back(judged_a_second / by_hand.a_second());
    std::printf(
        "%llu calls in %.2f s of one core: %lld images, %lld of them distinct, "
        "%.0f a second; by hand %lld, %.0f a second\n",
        static_cast<unsigned long long>(judgement.timeline.calls), judged.cpu,
        static_cast<long long>(judgement.states.images()),
        static_cast<long long>(judgement.states.recovered()), judged_a_second,
        static_cast<long long>(by_hand.images()), by_hand.a_second());
  }
  std::printf("ratio, the median: %.2f\n", Median(ratios));
  return true;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  settings.program = std::filesystem::read_symlink("/proc/self/exe");
  CLI::App app("Images of a recording judged in a second");
  app.add_option("--commits", settings.commits,
                 "Transactions that are recorded")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--databases", settings.databases,
                 "How many the transactions go to in turn")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--mode", settings.mode, "Its journal_mode")
      ->capture_default_str();
  app.add_option("--level", settings.level, "Its synchronous")
      ->capture_default_str();
  app.add_option("--pairs", settings.pairs, "Turns")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_flag("--recorded", settings.is_recorded)->group("");
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::Run(settings); });
}
