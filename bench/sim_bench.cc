// Distinct crash images that SimTrial judges in a second of one core, against a
// loop written by hand that makes the same SQLite calls on copies of the same
// images in the least VFS there can be; and how the cost of a trial grows with
// its program. They take turns, and what is printed is the median over them.
//
// SimTrial has every eighth image opened, read, written and opened again by the
// saver: the loop does it, too, on the same ones. A second figure is of a loop
// that only reads. Neither runs the program, makes the images, or compares what
// it reads with a model.
//
// Exit code 2 for bad arguments, 3 when a loop failed. The time is never judged
// here.

#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "harness.h"
#include "memory_vfs.h"
#include "plan/plan.h"
#include "status/status.h"
#include "store/store.h"
#include "subject/registry.h"
#include "transactions.h"
#include "trial/sim_trial.h"

namespace lastcommit {
namespace {

// As SimTrial.
constexpr std::size_t kThroughSaverEvery = 8;

struct Settings {
  int pairs = 10;    // turns of each loop
  int images = 400;  // in a turn
  int most = 1000;   // transactions of the longest program
};

Plan PlanOf(saver::JournalMode mode, int rounds, int transactions, int images) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.profile.journal_mode = mode;
  plan.images = images;
  CrashPoint crash = {2, Moment::kBefore};
  crash.survival.kind = SurvivalKind::kSubset;
  Round creation;
  creation.steps = {StepOf(StepKind::kOpen), StepOf(StepKind::kClose)};
  plan.rounds.push_back(creation);
  for (int r = 0; r < rounds; ++r) {
    plan.rounds.push_back(Transactions(transactions, r * transactions, crash));
  }
  return plan;
}

// ---- The loop written by hand ----

absl::Status SqlError(sqlite3* connection) {
  return absl::InternalError(std::string("the hand loop: ") +
                             sqlite3_errmsg(connection));
}

// Steps through all rows and looks at each value; `texts` gets the first ones.
absl::Status ReadRows(sqlite3* connection, const char* sql,
                      std::vector<std::string>* texts = nullptr) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr) !=
      SQLITE_OK) {
    return SqlError(connection);
  }
  int result = SQLITE_ROW;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    if (texts != nullptr) {
      texts->emplace_back(
          reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    }
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      sqlite3_column_blob(statement, i);
    }
  }
  sqlite3_finalize(statement);
  return result == SQLITE_DONE ? absl::OkStatus() : SqlError(connection);
}

absl::Status ReadDatabase(sqlite3* connection,
                          const std::vector<std::string>& tables) {
  RETURN_IF_ERROR(ReadRows(connection, "PRAGMA integrity_check(10)"));
  RETURN_IF_ERROR(ReadRows(connection, "PRAGMA foreign_key_check"));
  RETURN_IF_ERROR(ReadRows(connection, "BEGIN"));
  std::vector<std::string> schema;
  RETURN_IF_ERROR(
      ReadRows(connection, "SELECT 1 FROM sqlite_schema LIMIT 1", &schema));
  for (const std::string& table : tables) {
    if (schema.empty()) break;
    RETURN_IF_ERROR(ReadRows(connection, ("SELECT * FROM " + table).c_str()));
  }
  RETURN_IF_ERROR(ReadRows(connection, "ROLLBACK"));
  sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
  return absl::OkStatus();
}

// The images that a trial examined, each once, and how they are read.
class HandLoop {
 public:
  static absl::StatusOr<HandLoop> Create(const std::string& directory,
                                         const Plan& plan,
                                         const TrialResult& result) {
    HandLoop loop(plan);
    std::map<std::uint64_t, std::size_t> seen;
    for (std::size_t i = 0; i < result.image_digests.size(); ++i) {
      const auto [image, is_new] =
          seen.try_emplace(result.image_digests[i], loop.images_.size());
      if (is_new) {
        loop.images_.push_back(
            {ReadFiles(directory + "/image-" + std::to_string(i)), false});
      }
      if (i % kThroughSaverEvery == 0) {
        loop.images_[image->second].is_for_saver = true;
      }
    }
    RETURN_IF_ERROR(loop.FindTables());
    return loop;
  }

  // Opens, recovers and reads each image.
  absl::Status Read() const {
    for (const Image& image : images_) RETURN_IF_ERROR(ReadOne(image.files));
    return absl::OkStatus();
  }

  // The same, and has those that the trial gives to the saver opened, read,
  // written, read and opened again by it.
  absl::Status ReadAndUse() const {
    for (const Image& image : images_) {
      RETURN_IF_ERROR(ReadOne(image.files));
      if (image.is_for_saver) RETURN_IF_ERROR(UseOne(image.files));
    }
    return absl::OkStatus();
  }

  std::size_t images() const { return images_.size(); }

  double MeanBytes() const {
    double bytes = 0;
    for (const Image& image : images_) {
      for (const auto& [path, content] : image.files) {
        bytes += static_cast<double>(content.size());
      }
    }
    return bytes / static_cast<double>(images_.size());
  }

 private:
  // Where nobody can make a file: the saver makes an empty one by itself.
  static std::string PathOf(const std::filesystem::path& file) {
    const std::filesystem::path place = kSimDatabase;
    return place.parent_path() / file.filename();
  }
  static MemoryFiles ReadFiles(const std::string& directory) {
    MemoryFiles files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      std::ifstream file(entry.path(), std::ios::binary);
      files[PathOf(entry.path())] =
          std::string(std::istreambuf_iterator<char>(file), {});
    }
    return files;
  }

  struct Image {
    MemoryFiles files;
    bool is_for_saver = false;
  };

  explicit HandLoop(const Plan& plan)
      : entry_(*FindSaver(plan.saver)), profile_(plan.profile) {}

  static std::string Path() { return PathOf(kSimDatabase); }

  // Where there is no database there is nothing to read.
  absl::Status ReadOne(const MemoryFiles& image) const {
    return OnCopy(image, [&](sqlite3* connection) {
      return ReadDatabase(connection, tables_);
    });
  }

  template <typename Work>
  static absl::Status OnCopy(const MemoryFiles& image, Work work) {
    if (!image.contains(Path())) return absl::OkStatus();
    MemoryFiles files = image;
    UseMemoryFiles(&files);
    sqlite3* connection = nullptr;
    absl::Status status = absl::OkStatus();
    if (sqlite3_open_v2(Path().c_str(), &connection, SQLITE_OPEN_READWRITE,
                        kMemoryVfs) != SQLITE_OK) {
      status = SqlError(connection);
    }
    if (status.ok()) status = work(connection);
    sqlite3_close(connection);
    UseMemoryFiles(nullptr);
    return status;
  }

  absl::Status UseOne(const MemoryFiles& image) const {
    MemoryFiles files = image;
    RETURN_IF_ERROR(ThroughSaver(files, Work::kReadAndWrite));
    RETURN_IF_ERROR(ReadOne({{Path(), files[Path()]}}));
    return ThroughSaver(files, Work::kRead);
  }

  enum class Work { kRead, kReadAndWrite };

  absl::Status ThroughSaver(MemoryFiles& files, Work work) const {
    sqlite3_vfs* const former = sqlite3_vfs_find(nullptr);
    sqlite3_vfs_register(sqlite3_vfs_find(kMemoryVfs), /*makeDflt=*/1);
    UseMemoryFiles(&files);
    absl::Status status = [&]() -> absl::Status {
      ASSIGN_OR_RETURN(const std::unique_ptr<Store> saver,
                       entry_.open(Path(), profile_));
      RETURN_IF_ERROR(saver->CommitCounter().status());
      RETURN_IF_ERROR(saver->ReadState().status());
      return work == Work::kRead ? absl::OkStatus() : Write(*saver);
    }();
    UseMemoryFiles(nullptr);
    sqlite3_vfs_register(former, /*makeDflt=*/1);
    return status;
  }

  // As the examination writes.
  absl::Status Write(Store& saver) const {
    RETURN_IF_ERROR(saver.Begin());
    for (const Operation& operation : entry_.dialect->probe()) {
      RETURN_IF_ERROR(saver.Do(operation).status());
    }
    return saver.Commit([](std::int64_t) {}).status();
  }

  absl::Status FindTables() {
    return OnCopy(images_.back().files, [this](sqlite3* connection) {
      return ReadRows(connection,
                      "SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                      "name NOT LIKE 'sqlite%'",
                      &tables_);
    });
  }

  const SaverEntry& entry_;
  const Profile& profile_;  // of the plan, which must outlive it
  std::vector<Image> images_;
  std::vector<std::string> tables_;
};

// ---- The trial ----

absl::StatusOr<TrialResult> HeldBy(absl::StatusOr<TrialResult> result) {
  if (!result.ok() || result->verdict.held()) return result;
  return absl::InternalError(Name(result->verdict) + ": " +
                             result->verdict.why);
}

absl::Status CompareImages(SimTrial& trial, const char* name,
                           saver::JournalMode mode, const Settings& settings) {
  const Plan plan = PlanOf(mode, 3, 20, settings.images);
  ASSIGN_OR_RETURN(
      const TemporaryDirectory directory,
      TemporaryDirectory::Make(std::filesystem::temp_directory_path()));
  ASSIGN_OR_RETURN(const TrialResult result,
                   HeldBy(trial.RunAndKeepImages(plan, directory.path())));
  ASSIGN_OR_RETURN(const HandLoop hand,
                   HandLoop::Create(directory.path(), plan, result));
  const auto images = static_cast<double>(hand.images());
  std::vector<double> trial_rates;
  std::vector<double> read_rates;
  std::vector<double> use_rates;
  std::vector<double> to_read;
  std::vector<double> to_use;
  for (int i = 0; i < settings.pairs; ++i) {
    Spent judging;
    Spent using_them;
    Spent reading;
    RETURN_IF_ERROR(
        judging.Time([&] { return HeldBy(trial.Run(plan)).status(); }));
    RETURN_IF_ERROR(using_them.Time([&] { return hand.ReadAndUse(); }));
    RETURN_IF_ERROR(reading.Time([&] { return hand.Read(); }));
    trial_rates.push_back(images / judging.cpu);
    use_rates.push_back(images / using_them.cpu);
    read_rates.push_back(images / reading.cpu);
    to_use.push_back(using_them.cpu / judging.cpu);
    to_read.push_back(reading.cpu / judging.cpu);
  }
  std::printf(
      "%s, %zu distinct images (of %zu) of %.0f kB on average\n"
      "  distinct images a second of a core: SimTrial judges %.0f\n"
      "  the hand loop, with the saver on every eighth: %.0f, ratio %.2f\n"
      "  the hand loop, reading only: %.0f, ratio %.2f\n",
      name, hand.images(), result.image_digests.size(), hand.MeanBytes() / 1000,
      Median(trial_rates), Median(use_rates), Median(to_use),
      Median(read_rates), Median(to_read));
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status ShowGrowth(SimTrial& trial, const Settings& settings) {
  std::printf("cost of a program and 4 images, in CPU ms\n");
  for (int count = 10; count <= settings.most; count *= 10) {
    const Plan plan = PlanOf(saver::JournalMode::kWal, 1, count, 4);
    std::vector<double> spent;
    for (int i = 0; i < settings.pairs; ++i) {
      Spent one;
      RETURN_IF_ERROR(
          one.Time([&] { return HeldBy(trial.Run(plan)).status(); }));
      spent.push_back(1000 * one.cpu);
    }
    std::printf("  %5d transactions: %.1f, for each %.3f\n", count,
                Median(spent), Median(spent) / count);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RunAll(const Settings& settings) {
  RETURN_IF_ERROR(RegisterShimVfs());
  RETURN_IF_ERROR(RegisterSimVfs());
  if (!RegisterMemoryVfs()) return absl::InternalError("no memory VFS");
  ASSIGN_OR_RETURN(const std::unique_ptr<SimTrial> trial,
                   SimTrial::Create(absl::Minutes(10)));
  RETURN_IF_ERROR(
      CompareImages(*trial, "WAL", saver::JournalMode::kWal, settings));
  RETURN_IF_ERROR(
      CompareImages(*trial, "DELETE", saver::JournalMode::kDelete, settings));
  RETURN_IF_ERROR(ShowGrowth(*trial, settings));
  return true;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  CLI::App app("Judged crash images per second of SimTrial and of a hand loop");
  app.add_option("--pairs", settings.pairs, "Turns of each loop")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--images", settings.images, "Images in a turn")
      ->check(CLI::Range(1, 30000))
      ->capture_default_str();
  app.add_option("--most", settings.most, "Transactions, at most")
      ->check(CLI::Range(10, 1000))
      ->capture_default_str();
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::RunAll(settings); });
}
