// Blobs in pieces, for those that should not be in memory as a whole. Through
// SQLite's incremental I/O (https://sqlite.org/c3ref/blob_open.html), which
// cannot change a blob's size: a writer says beforehand how many bytes come.
//
// Both belong to the saver's thread and end before the saver. While one is
// open, every other call on the saver is refused with FailedPrecondition;
// Transaction::Rollback() ends it, and so does Commit(), which then rolls back.

#ifndef LASTCOMMIT_SAVER_BLOB_STREAM_H_
#define LASTCOMMIT_SAVER_BLOB_STREAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit::saver {

class SqliteSaver;

// Destroyed before Finish() it leaves nothing behind: a blob of the same name
// that was there before is still there.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  BlobWriter& operator=(BlobWriter&&) = delete;
  ~BlobWriter();

  // The next bytes. OutOfRange: more than were announced.
  absl::Status Write(std::string_view bytes);
  // The blob is whole: inside a transaction it is a part of that, otherwise it
  // is committed when this returns OK. FailedPrecondition: fewer bytes than
  // were announced; errors of a commit as in Transaction::Commit.
  absl::Status Finish();

 private:
  friend class SqliteSaver;
  class Impl;
  explicit BlobWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads one version of the blob, whatever other connections do meanwhile.
class BlobReader {
 public:
  BlobReader(BlobReader&&) noexcept;
  BlobReader& operator=(BlobReader&&) = delete;
  ~BlobReader();

  std::int64_t size() const;
  // Fills the buffer as far as bytes are left and returns how many; 0 is the
  // end. DataLoss at the end: the bytes are not those of the digest that was
  // stored with them.
  absl::StatusOr<std::int64_t> Read(std::span<char> buffer);

 private:
  friend class SqliteSaver;
  class Impl;
  explicit BlobReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_BLOB_STREAM_H_
