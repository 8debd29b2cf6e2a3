// HandStore: SqliteSaver's tables written to with raw sqlite3, statement by
// statement as SqliteSaver does it (`fork_trial_bench` counts both). Any
// surprise ends the process: it only ever runs in a child of HandLoop.

#ifndef LASTCOMMIT_BENCH_HAND_STORE_H_
#define LASTCOMMIT_BENCH_HAND_STORE_H_

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hand_checkpoint.h"
#include "hand_loop.h"
#include "plan/plan.h"

namespace lastcommit {

class HandStore {
 public:
  // With the settings of `profile`, recovering or creating it.
  HandStore(const std::string& path, const Profile& profile);
  ~HandStore();
  HandStore(const HandStore&) = delete;
  HandStore& operator=(const HandStore&) = delete;

  // The controls, and one change of each kind of record.
  void Run(const HandCall& call);
  // All rows, thread by thread; the sum of their sizes.
  std::int64_t ReadThreads();

 private:
  // The text is a literal; its statement is kept.
  sqlite3_stmt* Kept(const char* sql);
  int RunKept(const char* sql, std::initializer_list<std::string_view> texts);
  std::int64_t KeptInt(const char* sql);

  // IsOurs() in a transaction of its own.
  void Checkpoint(int mode);
  bool Inspect();
  bool IsOurs();
  void CreateSchema(const Profile& profile);
  void Begin(bool is_transaction);
  // Each is false if SQLite refused a value. In hand_changes.cc.
  bool Change(const HandCall& call);
  bool PutCheckpoint(const HandCall& call);
  bool PutWrite(const HandCall& call);
  bool AppendLogs(const HandCall& call);
  bool CreateTask(const HandCall& call);
  bool PutBlob(const HandCall& call);
  bool StreamBlob(const HandCall& call);
  std::int64_t PutBlobHead(const HandCall& call, std::string_view digest);
  struct ThreadRow {
    bool is_there = false;
    std::int64_t last_log = 0;
    std::int64_t last_checkpoint = 0;
  };
  ThreadRow ReadThread(const std::string& thread);
  bool PutThread(const std::string& thread, const ThreadRow& row);

  std::string path_;
  const HandAutocheckpoint autocheckpoint_;
  sqlite3* connection_ = nullptr;
  std::vector<std::pair<const char*, sqlite3_stmt*>> kept_;
  bool avoid_bug_ = false;
  bool is_wal_ = false;
  int depth_ = 0;  // 0 = no transaction, 1 = no savepoint in it
};

// What a stock connection says about the database: integrity_check,
// foreign_key_check and every row; the sum of their sizes.
std::int64_t CheckByPlainSql(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HAND_STORE_H_
