// What SqliteSaver does in saver_bench, and with what.

#ifndef LASTCOMMIT_BENCH_SAVER_SIDE_H_
#define LASTCOMMIT_BENCH_SAVER_SIDE_H_

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "saver/records.h"
#include "saver/sqlite_saver.h"

namespace lastcommit {

enum class Kind { kPutCheckpoint, kCommitStep, kAppendLog, kStreamBlob };

// What is written: operation number n is always the same.
struct Inputs {
  static constexpr std::size_t kBlobBytes = 4 << 20;
  static constexpr std::size_t kPieceBytes = 64 << 10;
  static constexpr int kBlobs = 4;  // so that blobs are also replaced

  Inputs();
  void SetNumber(int number);

  Checkpoint checkpoint;
  std::vector<PendingWrite> writes;
  std::string log;
  std::string blob;
  std::string blob_name;
};

class SaverSide {
 public:
  explicit SaverSide(std::unique_ptr<SqliteSaver> saver)
      : saver_(std::move(saver)) {}

  absl::Status Begin();
  absl::Status Commit();
  // Outside of a transaction it is one of its own.
  absl::Status Do(Kind kind, const Inputs& inputs);
  sqlite3* connection() { return saver_->connection(); }

 private:
  absl::Status StreamBlob(const Inputs& inputs);

  std::unique_ptr<SqliteSaver> saver_;
  std::optional<Transaction> transaction_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_SAVER_SIDE_H_
