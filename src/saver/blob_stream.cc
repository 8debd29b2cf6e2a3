#include "saver/blob_stream.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/arguments.h"
#include "saver/digest.h"
#include "saver/out_of_memory.h"
#include "saver/process.h"
#include "saver/saver_impl.h"
#include "saver/sqlite_status.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

absl::Status HasEnded() {
  return StatusWith(absl::StatusCode::kFailedPrecondition,
                    "the blob stream has ended");
}

// The bytes of one row of table contents. While it is open its connection has
// a read transaction, so that what it reads is one version.
class Content {
 public:
  Content() = default;
  ~Content() { GiveUp(); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  absl::Status Open(Database& database, std::int64_t id, bool is_written) {
    connection_ = database.connection();
    const int result =
        sqlite3_blob_open(connection_, "main", "contents", "bytes", id,
                          is_written ? 1 : 0, &blob_);
    return SqliteStatus(result, connection_, "open a blob");
  }
  absl::Status Close() {
    const int result = sqlite3_blob_close(std::exchange(blob_, nullptr));
    return SqliteStatus(result, connection_, "close a blob");
  }
  // Closes it whatever comes of that.
  void GiveUp() noexcept { sqlite3_blob_close(std::exchange(blob_, nullptr)); }
  std::int64_t size() const { return sqlite3_blob_bytes(blob_); }
  absl::Status Write(std::string_view bytes, std::int64_t offset) {
    const int result =
        sqlite3_blob_write(blob_, bytes.data(), static_cast<int>(bytes.size()),
                           static_cast<int>(offset));
    return SqliteStatus(result, connection_, "write a part of a blob");
  }
  absl::Status Read(std::span<char> buffer, std::int64_t offset) {
    const int result =
        sqlite3_blob_read(blob_, buffer.data(), static_cast<int>(buffer.size()),
                          static_cast<int>(offset));
    return SqliteStatus(result, connection_, "read a part of a blob");
  }

 private:
  sqlite3* connection_ = nullptr;
  sqlite3_blob* blob_ = nullptr;
};

// Makes room. Not an upsert: that would make SQLite hold all the zeros.
absl::Status InsertZeros(Database& database, std::int64_t content_id,
                         std::int64_t size) {
  ASSIGN_OR_RETURN(
      Statement replace,
      database.Prepare(
          "INSERT OR REPLACE INTO contents (id, bytes) VALUES (?1, ?2)"));
  return replace.BindInt(1, content_id).BindZeros(2, size).Run();
}

absl::Status SetDigest(Database& database, std::int64_t content_id,
                       const std::string& digest) {
  ASSIGN_OR_RETURN(
      Statement update,
      database.Prepare("UPDATE blobs SET digest = ?2 WHERE content_id = ?1"));
  return update.BindInt(1, content_id).BindBlob(2, digest).Run();
}

struct Head {
  std::int64_t content_id = 0;
  std::int64_t size = 0;
  std::string digest;
};

}  // namespace

class BlobWriter::Impl : public OpenStream {
 public:
  Impl(SqliteSaver::Impl& saver, std::int64_t size)
      : saver_(saver), size_(size) {}
  ~Impl() override { End(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Begin(const BlobKey& key) {
    ASSIGN_OR_RETURN(level_, saver_.stack.BeginChange());
    stage_ = Stage::kWriting;
    saver_.stream = this;
    const absl::Status status = CatchBadAlloc([&] { return PutZeros(key); });
    return status.ok() ? status : Undo(status);
  }

  absl::Status Write(std::string_view bytes) {
    if (stage_ != Stage::kWriting) return HasEnded();
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (size > size_ - written_) {
      return absl::OutOfRangeError(
          absl::StrCat("bytes: ", size, " more than the ", written_, " of ",
                       size_, " that were announced"));
    }
    const absl::Status status = content_.Write(bytes, written_);
    if (!status.ok()) return Undo(status);
    digest_.Add(bytes);
    written_ += size;
    return absl::OkStatus();
  }

  absl::Status Finish() {
    if (stage_ == Stage::kEnded) return HasEnded();
    if (written_ != size_) {
      return absl::FailedPreconditionError(absl::StrCat(
          written_, " of the ", size_, " bytes that were announced"));
    }
    if (stage_ == Stage::kWriting) {
      const absl::Status status = CatchBadAlloc([&] { return Seal(); });
      if (!status.ok()) return Undo(status);
    }
    absl::Status status = saver_.stack.FinishChange(level_);
    if (saver_.stack.Contains(level_)) return status;  // may be tried again
    Leave();
    return status;
  }

  void End() noexcept override {
    if (stage_ == Stage::kEnded) return;
    Undo(StatusWith(absl::StatusCode::kCancelled,
                    "the blob stream was given up"))
        .IgnoreError();
  }

  const OpenInProcess& process() const { return saver_.process; }

 private:
  // kSealed: whole, and waiting for a COMMIT that was busy.
  enum class Stage { kWriting, kSealed, kEnded };

  absl::Status PutZeros(const BlobKey& key) {
    ASSIGN_OR_RETURN(const ThreadRow thread,
                     GetThreadToChange(saver_.database, key.thread_id));
    ASSIGN_OR_RETURN(content_id_,
                     PutBlobHead(saver_.database, key, size_, /*digest=*/""));
    RETURN_IF_ERROR(InsertZeros(saver_.database, content_id_, size_));
    if (!thread.is_there) {
      RETURN_IF_ERROR(PutThreadRow(saver_.database, key.thread_id, thread));
    }
    return content_.Open(saver_.database, content_id_, /*is_written=*/true);
  }

  absl::Status Seal() {
    RETURN_IF_ERROR(content_.Close());
    stage_ = Stage::kSealed;
    return SetDigest(saver_.database, content_id_, digest_.Finish());
  }

  absl::Status Undo(const absl::Status& cause) noexcept {
    content_.GiveUp();
    Leave();
    return saver_.stack.UndoChange(level_, cause);
  }

  void Leave() {
    stage_ = Stage::kEnded;
    saver_.stream = nullptr;
  }

  SqliteSaver::Impl& saver_;
  Level level_;
  const std::int64_t size_;
  std::int64_t written_ = 0;
  std::int64_t content_id_ = 0;
  Content content_;
  DigestBuilder digest_;
  Stage stage_ = Stage::kEnded;  // or not begun
};

class BlobReader::Impl : public OpenStream {
 public:
  explicit Impl(SqliteSaver::Impl& saver) : saver_(saver) {
    saver_.stream = this;
  }
  ~Impl() override { End(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // The SELECT ends after the content is open, so that both are of the same
  // read transaction.
  absl::Status Begin(const BlobKey& key) {
    ASSIGN_OR_RETURN(
        Statement select,
        saver_.database.Prepare("SELECT content_id, size, digest FROM blobs"
                                " WHERE thread_id = ?1 AND name = ?2"));
    select.BindText(1, key.thread_id).BindText(2, key.name);
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return NoSuchBlob(key);
    head_ = {select.Int(0), select.Int(1), select.Bytes(2)};
    RETURN_IF_ERROR(
        content_.Open(saver_.database, head_.content_id, /*is_written=*/false));
    if (content_.size() != head_.size) return BlobIsDamaged();
    return absl::OkStatus();
  }

  std::int64_t size() const { return head_.size; }

  const OpenInProcess& process() const { return saver_.process; }

  absl::StatusOr<std::int64_t> Read(std::span<char> buffer) {
    if (is_at_end_) return 0;
    if (has_ended_) return HasEnded();
    const std::int64_t left = head_.size - read_;
    const auto part = buffer.first(static_cast<std::size_t>(
        std::min(left, static_cast<std::int64_t>(buffer.size()))));
    absl::Status status = CatchBadAlloc([&] { return ReadPart(part); });
    if (!status.ok()) {
      End();
      return saver_.stack.Read([&] { return status; });
    }
    return static_cast<std::int64_t>(part.size());
  }

  void End() noexcept override {
    if (has_ended_) return;
    has_ended_ = true;
    content_.GiveUp();
    saver_.stream = nullptr;
  }

 private:
  absl::Status ReadPart(std::span<char> part) {
    RETURN_IF_ERROR(content_.Read(part, read_));
    digest_.Add(std::string_view(part.data(), part.size()));
    read_ += static_cast<std::int64_t>(part.size());
    if (read_ < head_.size) return absl::OkStatus();
    if (digest_.Finish() != head_.digest) return BlobIsDamaged();
    is_at_end_ = true;
    End();
    return absl::OkStatus();
  }

  SqliteSaver::Impl& saver_;
  Head head_;
  std::int64_t read_ = 0;
  Content content_;
  DigestBuilder digest_;
  bool is_at_end_ = false;
  bool has_ended_ = false;
};

// What every call of a stream goes through.
template <typename Impl, typename Call>
auto Enter(const std::unique_ptr<Impl>& impl, const Call& call) noexcept
    -> decltype(call()) {
  return CatchBadAlloc([&]() -> decltype(call()) {
    if (impl == nullptr) return HasEnded();
    if (!impl->process().IsHere()) return WasInherited();
    return call();
  });
}

// In a child it belongs to a connection that must not be touched.
template <typename Impl>
void Destroy(std::unique_ptr<Impl>& impl) noexcept {
  if (impl == nullptr || impl->process().IsHere()) return;
  static_cast<void>(impl.release());
}

BlobWriter::BlobWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BlobWriter::BlobWriter(BlobWriter&&) noexcept = default;
BlobWriter::~BlobWriter() { Destroy(impl_); }

absl::Status BlobWriter::Write(std::string_view bytes) {
  return Enter(impl_, [&] { return impl_->Write(bytes); });
}

absl::Status BlobWriter::Finish() {
  return Enter(impl_, [&] { return impl_->Finish(); });
}

BlobReader::BlobReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BlobReader::BlobReader(BlobReader&&) noexcept = default;
BlobReader::~BlobReader() { Destroy(impl_); }

std::int64_t BlobReader::size() const {
  return impl_ == nullptr ? 0 : impl_->size();
}

absl::StatusOr<std::int64_t> BlobReader::Read(std::span<char> buffer) {
  return Enter(impl_, [&] { return impl_->Read(buffer); });
}

absl::StatusOr<BlobWriter> SqliteSaver::WriteBlob(const std::string& thread_id,
                                                  const std::string& name,
                                                  std::int64_t size) {
  return impl_->Enter([&]() -> absl::StatusOr<BlobWriter> {
    RETURN_IF_ERROR(impl_->CheckNoStream());
    RETURN_IF_ERROR(CheckBlob(thread_id, name, "size", size,
                              impl_->database.MaxRowBytes()));
    auto writer = std::make_unique<BlobWriter::Impl>(*impl_, size);
    RETURN_IF_ERROR(writer->Begin({thread_id, name}));
    return BlobWriter(std::move(writer));
  });
}

absl::StatusOr<BlobReader> SqliteSaver::ReadBlob(const std::string& thread_id,
                                                 const std::string& name) {
  return impl_->Enter([&]() -> absl::StatusOr<BlobReader> {
    RETURN_IF_ERROR(impl_->CheckNoStream());
    RETURN_IF_ERROR(CheckNames({{"thread_id", thread_id}, {"name", name}},
                               impl_->database.MaxRowBytes()));
    auto reader = std::make_unique<BlobReader::Impl>(*impl_);
    RETURN_IF_ERROR(impl_->stack.Read([&] {
      absl::Status status = CatchBadAlloc([&] {
        return reader->Begin({thread_id, name});
      });
      if (!status.ok()) reader->End();
      return status;
    }));
    return BlobReader(std::move(reader));
  });
}

}  // namespace lastcommit::saver
