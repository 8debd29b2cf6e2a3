// The two sides of saver_bench behind one interface, and what both write.

#ifndef LASTCOMMIT_BENCH_SAVER_SIDES_H_
#define LASTCOMMIT_BENCH_SAVER_SIDES_H_

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "saver/records.h"
#include "saver/sqlite_saver.h"

namespace lastcommit {

enum class Kind { kPutCheckpoint, kCommitStep, kAppendLog, kStreamBlob };

// What is written. Operation number n of both sides is the same.
struct Inputs {
  static constexpr std::size_t kBlobBytes = 4 << 20;
  static constexpr std::size_t kPieceBytes = 64 << 10;
  static constexpr int kBlobs = 4;  // so that blobs are also replaced

  Inputs();
  void SetNumber(int number);

  saver::Checkpoint checkpoint;
  std::vector<saver::PendingWrite> writes;
  std::string log;
  std::string blob;
  std::string blob_name;
};

class Side {
 public:
  virtual ~Side() = default;
  virtual absl::Status Begin() = 0;
  virtual absl::Status Commit() = 0;
  // Outside of a transaction it is one of its own.
  virtual absl::Status Do(Kind kind, const Inputs& inputs) = 0;
  virtual sqlite3* connection() = 0;
};

std::unique_ptr<Side> SaverSide(std::unique_ptr<saver::SqliteSaver> saver);
// HandSaver on a database that SqliteSaver has made; see there for the digest.
std::unique_ptr<Side> HandSide(const std::string& path, std::string digest);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_SAVER_SIDES_H_
