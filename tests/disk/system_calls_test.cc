#include "disk/system_calls.h"

#include <dlfcn.h>
#include <sqlite3.h>

#include <cerrno>
#include <string>
#include <vector>

#include "disk/dropped_syncs.h"
#include "disk/real_process.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::Values;

// Answers calls of one kind on files with such a name; others go on.
class Interferer : public SystemCallObserver {
 public:
  Interferer(SystemCallKind kind, std::string suffix, SystemCallAnswer answer,
             SystemCallObserver* next)
      : kind_(kind), suffix_(std::move(suffix)), answer_(answer), next_(next) {}

  SystemCallAnswer BeforeCall(const SystemCall& call) override {
    const bool is_hit = call.kind == kind_ && call.path.ends_with(suffix_);
    if (is_hit && (answer_.error != 0 || answer_.is_swallowed)) return answer_;
    next_->BeforeCall(call);
    return is_hit ? answer_ : SystemCallAnswer();
  }
  void AfterCall(const SystemCall& call, std::int64_t result) override {
    next_->AfterCall(call, result);
  }

 private:
  const SystemCallKind kind_;
  const std::string suffix_;
  const SystemCallAnswer answer_;
  SystemCallObserver* const next_;
};

RealProcess::Wrap Interfere(SystemCallKind kind, const std::string& suffix,
                            SystemCallAnswer answer) {
  return [=](SystemCallObserver* next) {
    return new Interferer(kind, suffix, answer, next);
  };
}

// Where the dynamic linker sends a shared library.
std::string OwnerOf(const char* function) {
  Dl_info info = {};
  dladdr(dlsym(RTLD_DEFAULT, function), &info);
  return info.dli_fname == nullptr ? "nobody" : info.dli_fname;
}

TEST(SystemCalls, SharedLibrariesSyncThroughTheProgram) {
  Dl_info program = {};
  ASSERT_NE(dladdr(reinterpret_cast<void*>(&InstallSystemCalls), &program), 0);
  EXPECT_EQ(OwnerOf("fsync"), program.dli_fname);
  EXPECT_EQ(OwnerOf("fdatasync"), program.dli_fname);
}

TEST(SystemCalls, ATransactionIsSeenCallByCall) {
  RealProcess process;
  process.Run({"PRAGMA page_size = 512", "CREATE TABLE t(x)"});
  EXPECT_THAT(
      process.Calls(),
      ElementsAre("open x", "open x-journal", "write x-journal 0+512",
                  "sync x-journal", "open directory", "sync directory",
                  "write x-journal 0+12", "sync x-journal", "write x 0+512",
                  "write x 512+512", "sync x", "unlink x-journal"));
}

TEST(SystemCalls, WithoutSynchronousNothingIsSynced) {
  RealProcess process;
  process.Run({"PRAGMA synchronous = OFF", "CREATE TABLE t(x)"});
  EXPECT_THAT(process.Calls(), Not(Contains(StartsWith("sync"))));
}

TEST(SystemCalls, AWalIsSyncedBeforeACommitReturns) {
  RealProcess process;
  process.Run({"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
               "CREATE TABLE t(x)"});
  EXPECT_EQ(process.Calls().back(), "sync x-wal");
}

struct Failure {
  const char* name;
  SystemCallKind kind;
  const char* suffix;
  int error;
  int expected;
};

class SystemCallFailureTest : public testing::TestWithParam<Failure> {};

TEST_P(SystemCallFailureTest, IsWhatSqliteReports) {
  const Failure& failure = GetParam();
  RealProcess process;
  process.Run({"CREATE TABLE t(x)"}, failure.expected,
              Interfere(failure.kind, failure.suffix, {failure.error}));
}

INSTANTIATE_TEST_SUITE_P(
    All, SystemCallFailureTest,
    Values(Failure{"Write", SystemCallKind::kWrite, "/x", EIO, SQLITE_IOERR},
           Failure{"Full", SystemCallKind::kWrite, "/x", ENOSPC, SQLITE_FULL},
           Failure{"Sync", SystemCallKind::kSync, "/x", EIO, SQLITE_IOERR},
           Failure{"Open", SystemCallKind::kOpen, "-journal", EMFILE,
                   SQLITE_CANTOPEN},
           Failure{"Delete", SystemCallKind::kUnlink, "-journal", EIO,
                   SQLITE_IOERR},
           Failure{"Read", SystemCallKind::kRead, "/x", EIO, SQLITE_IOERR},
           Failure{"Lock", SystemCallKind::kLock, "/x", EAGAIN, SQLITE_BUSY}),
    [](const auto& test) { return test.param.name; });

TEST(SystemCalls, AShortWriteIsRetriedForTheRest) {
  RealProcess process;
  SystemCallAnswer answer;
  answer.most = 300;
  process.Run({"PRAGMA page_size = 512", "CREATE TABLE t(x)"}, SQLITE_OK,
              Interfere(SystemCallKind::kWrite, "/x", answer));
  EXPECT_THAT(process.Calls(), Contains("write x 300+212"));
}

TEST(SystemCalls, ASwallowedSyncIsTakenForDone) {
  RealProcess process;
  process.Run({"CREATE TABLE t(x)"}, SQLITE_OK, [](SystemCallObserver* next) {
    return new SyncDropper(DroppedSyncs::kOfDatabase, *next);
  });
  EXPECT_THAT(process.Calls(), Not(Contains("sync x")));
  EXPECT_THAT(process.Calls(),
              IsSupersetOf({"sync x-journal", "sync directory"}));
}

TEST(SystemCalls, SyncsOfTheDirectoryAloneAreSwallowed) {
  RealProcess process;
  process.Run({"CREATE TABLE t(x)"}, SQLITE_OK, [](SystemCallObserver* next) {
    return new SyncDropper(DroppedSyncs::kOfDirectory, *next);
  });
  EXPECT_THAT(process.Calls(), Not(Contains("sync directory")));
  EXPECT_THAT(process.Calls(), IsSupersetOf({"sync x-journal", "sync x"}));
}

}  // namespace
}  // namespace lastcommit
