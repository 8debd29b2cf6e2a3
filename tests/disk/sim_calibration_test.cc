// The simulated disk against real files: the same statements make the same
// I/O calls in the same order, and after each of them the same bytes are in
// the same files. -shm apart, which has no file in the simulation.

#include <sqlite3.h>

#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "directory.h"
#include "sim_fixture.h"

namespace lastcommit {
namespace {

using Files = std::map<std::string, std::string>;
// Runs on databases in a directory; says what it saw.
using Workload = std::function<std::string(const std::string& directory)>;

// A place between two effects: the call that comes next, and all files (which
// is slow: of many points, only every so many).
constexpr std::size_t kPointsPerImage = 7;

struct Point {
  std::string call;
  Files files;

  bool operator==(const Point&) const = default;
};

std::string Describe(const Point& point) {
  std::string text = point.call + ":";
  for (const auto& [name, bytes] : point.files) {
    text += " " + name + "[" + std::to_string(bytes.size()) + "]#" +
            std::to_string(std::hash<std::string>()(bytes) % 100000);
  }
  return text;
}

std::string Print(const char* moment, const IoCall& call) {
  return std::string(moment) + " " + std::string(Name(call.kind)) + " " +
         std::string(Name(call.role)) + " " + std::to_string(call.offset) +
         "+" + std::to_string(call.amount);
}

// Writes are seen half done, too.
std::optional<std::int64_t> Half(const IoCall& call) {
  if (call.amount < 2) return std::nullopt;
  return call.amount / 2;
}

struct Recording {
  std::string seen;
  std::vector<Point> points;
};

class RealRecorder : public IoObserver {
 public:
  explicit RealRecorder(const Directory& directory) : directory_(directory) {}

  std::optional<std::int64_t> BeforeCall(const IoCall& call) override {
    Add("before", call);
    if (call.kind != IoKind::kWrite) return std::nullopt;
    return Half(call);
  }
  void DuringCall(const IoCall& call) override { Add("during", call); }
  void AfterCall(const IoCall& /*call*/) override {}

  Files Now() const {
    Files files;
    for (const std::string& name : directory_.Names()) {
      if (!name.ends_with("-shm")) files[name] = directory_.Get(name);
    }
    return files;
  }

  std::vector<Point> points;

 private:
  void Add(const char* moment, const IoCall& call) {
    const bool has_image = points.size() % kPointsPerImage == 0;
    points.push_back({Print(moment, call), has_image ? Now() : Files()});
  }

  const Directory& directory_;
};

class SimRecorder : public SimObserver {
 public:
  SimRecorder(SimDisk& disk, const Directory& directory)
      : disk_(disk), prefix_(directory.path() + "/") {}

  int BeforeCall(const VfsCall& call) override {
    if (const auto counted = Counted(call); counted.has_value()) {
      Add("before", *counted);
    }
    return SQLITE_OK;
  }
  std::optional<std::int64_t> Divide(const VfsCall& call) override {
    return Half(*Counted(call));
  }
  int DuringCall(const VfsCall& call) override {
    if (call.kind == VfsCallKind::kWrite) Add("during", *Counted(call));
    return SQLITE_OK;
  }
  void AfterCall(const VfsCall& /*call*/, int /*result*/) override {}

  Files Now() const {
    Files files;
    for (const std::string& path : disk_.storage().Paths()) {
      EXPECT_TRUE(path.starts_with(prefix_)) << path;
      files[path.substr(prefix_.size())] = ContentOf(disk_.storage(), path);
    }
    return files;
  }

  std::vector<Point> points;

 private:
  void Add(const char* moment, const IoCall& call) {
    const bool has_image = points.size() % kPointsPerImage == 0;
    points.push_back({Print(moment, call), has_image ? Now() : Files()});
  }

  SimDisk& disk_;
  std::string prefix_;
};

std::string Execute(Connection& connection,
                    const std::vector<std::string>& statements) {
  std::string seen;
  for (const std::string& sql : statements) {
    seen += connection.Get(sql) + "\n";
  }
  return seen;
}

std::string Rows(int first, int count, int size) {
  return "WITH RECURSIVE n(i) AS (SELECT " + std::to_string(first) +
         " UNION ALL SELECT i + 1 FROM n LIMIT " + std::to_string(count) +
         ") INSERT INTO t SELECT i, randomblob(" + std::to_string(size) +
         ") FROM n";
}

// One connection: spills, savepoints, a statement that fails half-way,
// temporary files, VACUUM, checkpoints.
std::string WorkAlone(const std::string& path, const std::string& mode) {
  Connection connection(path);
  return Execute(
      connection,
      {"PRAGMA page_size = 1024; PRAGMA auto_vacuum = 2",
       "PRAGMA journal_mode = " + mode,
       "CREATE TABLE t(x INTEGER PRIMARY KEY, y); CREATE INDEX i ON t(y)",
       Rows(1, 40, 200),
       "PRAGMA cache_size = 5",
       "BEGIN; UPDATE t SET y = randomblob(700); SAVEPOINT s",
       Rows(100, 9, 900),
       "ROLLBACK TO s; RELEASE s",
       Rows(200, 9, 400),
       "COMMIT",
       "INSERT INTO t VALUES (501, 1), (502, 2), (1, 3)",
       "BEGIN; DELETE FROM t WHERE x % 2; ROLLBACK",
       "DELETE FROM t WHERE x % 3 = 0",
       "PRAGMA incremental_vacuum",
       "PRAGMA wal_checkpoint(PASSIVE)",
       Rows(300, 9, 3000),
       "PRAGMA wal_checkpoint(TRUNCATE)",
       "PRAGMA temp_store = FILE; PRAGMA temp.cache_size = 2;"
       "CREATE TEMP TABLE u AS SELECT * FROM t; UPDATE u SET y = x",
       "VACUUM",
       "PRAGMA integrity_check",
       "SELECT count(*), sum(x) FROM t"});
}

// Two connections in turns.
std::string WorkTogether(const std::string& path, const std::string& mode) {
  Connection a(path);
  std::string seen = Execute(
      a, {"PRAGMA journal_mode = " + mode,
          "CREATE TABLE t(x INTEGER PRIMARY KEY, y)", Rows(1, 20, 100)});
  Connection b(path);
  const std::vector<std::pair<Connection*, std::string>> turns = {
      {&b, "SELECT sum(x) FROM t"},
      {&a, "BEGIN IMMEDIATE"},
      {&b, "BEGIN IMMEDIATE"},
      {&a, Rows(21, 5, 500)},
      {&b, "BEGIN; SELECT sum(x) FROM t"},
      {&a, "COMMIT"},
      {&b, "COMMIT"},
      {&a, "COMMIT"},
      {&b, Rows(31, 5, 5000)},
      {&a, "PRAGMA wal_checkpoint(RESTART)"},
      {&b, "UPDATE t SET y = randomblob(50)"},
      {&a, "SELECT count(*), sum(x) FROM t"},
  };
  for (const auto& [connection, sql] : turns) {
    seen += Execute(*connection, {sql});
  }
  a.Close();
  return seen + Execute(b, {Rows(41, 3, 10), "PRAGMA integrity_check"});
}

class SimCalibrationTest : public SimTest {
 protected:
  SimCalibrationTest() { SetSqliteTemporaryDirectory(temporary_.path()); }
  ~SimCalibrationTest() override { SetSqliteTemporaryDirectory("."); }

  static Recording OnRealFiles(const Directory& directory,
                               const Workload& workload) {
    UseSimDisk(nullptr);
    SeedSqliteRandomness(7);
    RealRecorder recorder(directory);
    SetIoObserver(&recorder);
    Recording run{workload(directory.path()), {}};
    SetIoObserver(nullptr);
    run.points = std::move(recorder.points);
    run.points.push_back({"at the end", recorder.Now()});
    return run;
  }

  Recording OnTheSimulatedDisk(const Directory& directory, const Files& files,
                               const Workload& workload) {
    Storage storage(Storage::Options{});
    for (const auto& [name, bytes] : files) {
      storage.Write(storage.Create(directory.Path(name)), 0, bytes);
    }
    Start(std::move(storage));
    BeginSimLifetime(7);
    SimRecorder recorder(*disk_, directory);
    disk_->set_observer(&recorder);
    Recording run{workload(directory.path()), {}};
    disk_->set_observer(nullptr);
    run.points = std::move(recorder.points);
    run.points.push_back({"at the end", recorder.Now()});
    return run;
  }

  // Runs it on both, from the same files, under the same names. Returns the
  // points.
  std::vector<Point> ExpectSame(const Files& files, const Workload& workload) {
    const Directory directory;
    for (const auto& [name, bytes] : files) directory.Put(name, bytes);
    Recording real = OnRealFiles(directory, workload);
    const Recording sim = OnTheSimulatedDisk(directory, files, workload);
    EXPECT_EQ(real.seen, sim.seen);
    for (std::size_t i = 0; i < real.points.size(); ++i) {
      const bool is_there = i < sim.points.size();
      EXPECT_TRUE(is_there && real.points[i] == sim.points[i])
          << "point " << i << "\nreal " << Describe(real.points[i]) << "\nsim  "
          << (is_there ? Describe(sim.points[i]) : "(nothing)");
      if (HasFailure()) break;
    }
    EXPECT_EQ(real.points.size(), sim.points.size());
    return std::move(real.points);
  }

 private:
  const Directory temporary_;
};

class SimCalibrationInEveryJournalMode
    : public SimCalibrationTest,
      public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, SimCalibrationInEveryJournalMode,
                         testing::Values("DELETE", "TRUNCATE", "PERSIST", "WAL",
                                         "MEMORY", "OFF"),
                         [](const auto& param) { return param.param; });

TEST_P(SimCalibrationInEveryJournalMode, AConnectionMakesTheSameCallsAndFiles) {
  const auto points = ExpectSame({}, [](const std::string& directory) {
    return WorkAlone(directory + "/a.db", GetParam());
  });
  EXPECT_GT(points.size(), 300U);
}

TEST_P(SimCalibrationInEveryJournalMode,
       TwoConnectionsMakeTheSameCallsAndFiles) {
  const auto points = ExpectSame({}, [](const std::string& directory) {
    return WorkTogether(directory + "/a.db", GetParam());
  });
  EXPECT_GT(points.size(), 50U);
}

TEST_P(SimCalibrationInEveryJournalMode, EachSynchronousLevelIsTheSame) {
  for (const char* level : {"OFF", "NORMAL", "FULL", "EXTRA"}) {
    ExpectSame({}, [level](const std::string& directory) {
      Connection connection(directory + "/a.db");
      return Execute(connection,
                     {std::string("PRAGMA synchronous = ") + level,
                      std::string("PRAGMA journal_mode = ") + GetParam(),
                      "CREATE TABLE t(x INTEGER PRIMARY KEY, y)",
                      Rows(1, 20, 500), "DELETE FROM t WHERE x > 10"});
    });
  }
}

TEST_P(SimCalibrationInEveryJournalMode, AnExclusiveConnectionIsTheSame) {
  ExpectSame({}, [](const std::string& directory) {
    Connection connection(directory + "/a.db");
    return Execute(connection,
                   {"PRAGMA locking_mode = EXCLUSIVE",
                    std::string("PRAGMA journal_mode = ") + GetParam(),
                    "CREATE TABLE t(x INTEGER PRIMARY KEY, y)",
                    Rows(1, 20, 500), "DELETE FROM t WHERE x > 10",
                    "PRAGMA locking_mode = NORMAL", "SELECT sum(x) FROM t"});
  });
}

// Killed there and opened again, as far as a copy of the files can show it.
TEST_P(SimCalibrationInEveryJournalMode, RecoveryFromEveryCrashPointIsTheSame) {
  const auto points = ExpectSame({}, [](const std::string& directory) {
    return WorkTogether(directory + "/a.db", GetParam());
  });
  for (std::size_t i = 0; i < points.size() && !HasFailure();
       i += kPointsPerImage) {
    SCOPED_TRACE(i);
    ExpectSame(points[i].files, [](const std::string& directory) {
      Connection connection(directory + "/a.db");
      return Execute(connection,
                     {"PRAGMA integrity_check",
                      "SELECT count(*), sum(x) FROM t", Rows(900, 2, 100)});
    });
  }
}

TEST_F(SimCalibrationTest, SwitchesOfTheJournalModeAreTheSame) {
  ExpectSame({}, [](const std::string& directory) {
    Connection connection(directory + "/a.db");
    std::vector<std::string> statements = {
        "CREATE TABLE t(x INTEGER PRIMARY KEY, y)"};
    int row = 0;
    for (const char* mode : {"WAL", "DELETE", "PERSIST", "WAL", "TRUNCATE",
                             "MEMORY", "WAL", "OFF", "DELETE"}) {
      statements.push_back(std::string("PRAGMA journal_mode = ") + mode);
      statements.push_back(Rows(++row, 1, 5000));
    }
    return Execute(connection, statements);
  });
}

TEST_F(SimCalibrationTest, EveryPageSizeIsTheSame) {
  for (int size = 512; size <= 65536; size *= 2) {
    for (const char* mode : {"DELETE", "WAL"}) {
      ExpectSame({}, [&](const std::string& directory) {
        Connection connection(directory + "/a.db");
        return Execute(connection,
                       {"PRAGMA page_size = " + std::to_string(size),
                        std::string("PRAGMA journal_mode = ") + mode,
                        "CREATE TABLE t(x INTEGER PRIMARY KEY, y)",
                        Rows(1, 20, 3000), "DELETE FROM t WHERE x > 10"});
      });
    }
  }
}

// Two databases in one transaction: a super-journal.
TEST_F(SimCalibrationTest, ACommitOfTwoDatabasesIsTheSame) {
  for (const char* mode : {"DELETE", "TRUNCATE", "PERSIST", "WAL"}) {
    ExpectSame({}, [&](const std::string& directory) {
      Connection connection(directory + "/a.db");
      return Execute(
          connection,
          {"ATTACH '" + directory + "/b.db' AS b",
           std::string("PRAGMA main.journal_mode = ") + mode,
           std::string("PRAGMA b.journal_mode = ") + mode,
           "CREATE TABLE t(x INTEGER PRIMARY KEY, y)", "CREATE TABLE b.u(x)",
           "BEGIN; INSERT INTO u VALUES (randomblob(3000))", Rows(1, 9, 900),
           "COMMIT", "SELECT sum(x) FROM t"});
    });
  }
}

}  // namespace
}  // namespace lastcommit
