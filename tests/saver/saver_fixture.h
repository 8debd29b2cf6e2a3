// SaverTest: a saver on a new database in a directory of its own, and the verbs
// that tests of the saver are written in.

#ifndef LASTCOMMIT_TESTS_SAVER_SAVER_FIXTURE_H_
#define LASTCOMMIT_TESTS_SAVER_SAVER_FIXTURE_H_

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "saver/sqlite_saver.h"

namespace lastcommit::saver {

// For tests in which nothing crashes, or a mode that promises little is meant.
inline Options AnyDurability(JournalMode mode) {
  Options options;
  options.journal_mode = mode;
  options.durability = Durability::kNothing;
  return options;
}

class SaverTest : public testing::Test {
 protected:
  SaverTest() {
    // On a tmpfs if there is one: what is killed here are processes.
    const bool has_tmpfs = access("/dev/shm", W_OK) == 0;
    std::string name = (has_tmpfs ? "/dev/shm/" : testing::TempDir()) +
                       "lastcommit-saver-XXXXXX";
    directory_ = mkdtemp(name.data());
    path_ = directory_ + "/test.db";
  }
  ~SaverTest() override {
    saver_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Open(const Options& options = Options()) {
    saver_.reset();
    auto opened = SqliteSaver::Open(path_, options);
    ASSERT_THAT(opened, IsOk());
    saver_ = *std::move(opened);
  }
  void Close() { saver_.reset(); }
  absl::Status TryOpen(const Options& options = Options()) {
    return SqliteSaver::Open(path_, options).status();
  }

  // Runs `work` on a saver in a child process that then kills itself.
  void Crash(const Options& options,
             const std::function<void(SqliteSaver&)>& work) {
    InKilledChild([&] {
      auto saver = SqliteSaver::Open(path_, options);
      if (!saver.ok()) return;
      work(**saver);
      raise(SIGKILL);
    });
  }
  static void InKilledChild(const std::function<void()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      work();
      _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "status " << status;
  }

  Transaction Begin() {
    auto transaction = saver_->Begin();
    EXPECT_THAT(transaction, IsOk());
    return *std::move(transaction);
  }
  absl::Status Put(const std::string& name, const std::string& bytes) {
    return saver_->PutBlob("t", name, bytes);
  }
  absl::StatusOr<std::string> Get(const std::string& name) {
    return saver_->GetBlob("t", name);
  }
  std::int64_t Counter() { return saver_->CommitCounter().value_or(-1); }

  // Of all threads, the deleted ones too.
  std::vector<std::string> Threads() {
    std::vector<std::string> ids;
    const auto threads = saver_->ListThreads();
    EXPECT_THAT(threads, IsOk());
    for (const ThreadInfo& thread : *threads) {
      ids.push_back(thread.thread_id);
    }
    return ids;
  }

  std::string FileBytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  // The first column of the first row, or an error message.
  std::string Sql(const std::string& sql);
  // The same on a connection of its own to the database file.
  std::string StrangersSql(const std::string& sql);

  std::string directory_;
  std::string path_;
  std::unique_ptr<SqliteSaver> saver_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_TESTS_SAVER_SAVER_FIXTURE_H_
