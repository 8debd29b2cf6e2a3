// HandSaver: the SQL of SqliteSaver (src/saver) written down once more on plain
// sqlite3 calls, with nothing around it: no Status, no state machine, no checks
// of arguments, no digest but a constant one. What a program would have at best
// that needed just these operations. For saver_bench only.
//
// Opens a database that SqliteSaver has made. Ends the process on any error.

#ifndef LASTCOMMIT_BENCH_HAND_SAVER_H_
#define LASTCOMMIT_BENCH_HAND_SAVER_H_

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hand_checkpoint.h"
#include "saver/options.h"
#include "saver/records.h"

namespace lastcommit {

class HandSaver {
 public:
  // `digest` is stored beside every blob and in every checkpoint.
  HandSaver(const std::string& path, const saver::Options& options,
            std::string digest);
  ~HandSaver();
  HandSaver(const HandSaver&) = delete;
  HandSaver& operator=(const HandSaver&) = delete;

  // Each of the operations is one transaction, or a part of one that was begun.
  void Begin();
  void Commit();
  void PutCheckpoint(const saver::Checkpoint& checkpoint);
  void CommitStep(const saver::Checkpoint& checkpoint,
                  const std::vector<saver::PendingWrite>& writes);
  void AppendLog(const std::string& thread_id, const std::string& payload);
  void StreamBlob(const std::string& thread_id, const std::string& name,
                  std::string_view bytes, std::size_t piece);

  sqlite3* connection() const { return connection_; }

 private:
  enum Sql {
    kBegin,
    kCommit,
    kSavepoint,
    kRelease,
    kReadCounter,
    kReadMode,
    kWriteCounter,
    kReadThread,
    kWriteThread,
    kUpsertCheckpoint,
    kInsertWrite,
    kInsertLog,
    kUpsertBlob,
    kInsertZeros,
    kUpdateDigest,
    kStatements
  };
  struct Thread {
    bool is_there = false;
    std::int64_t last_log = 0;
    std::int64_t last_checkpoint = 0;
  };

  static const char* Text(Sql sql);
  void Must(int result, int expected) const;
  void Exec(const std::string& sql);
  void Bind(Sql sql, int parameter, std::string_view text);
  void BindBytes(Sql sql, int parameter, std::string_view bytes);
  void Bind(Sql sql, int parameter, std::int64_t value);
  void Run(Sql sql);
  std::int64_t RunForInt(Sql sql);
  void BeginImmediate(bool may_roll_back_partly);
  void WriteCounter(std::int64_t counter);
  Thread ReadThread(const std::string& thread_id);
  void WriteThread(const std::string& thread_id, const Thread& thread);

  sqlite3* connection_ = nullptr;
  std::array<sqlite3_stmt*, kStatements> statements_ = {};
  const std::string digest_;
  const HandAutocheckpoint autocheckpoint_;
  bool avoid_bug_;
  bool is_wal_;
  bool is_inside_ = false;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HAND_SAVER_H_
