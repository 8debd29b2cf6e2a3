#include "saver_sides.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hand_saver.h"
#include "status/status.h"

namespace lastcommit {
namespace {

class SqliteSaverSide : public Side {
 public:
  explicit SqliteSaverSide(std::unique_ptr<saver::SqliteSaver> saver)
      : saver_(std::move(saver)) {}

  absl::Status Begin() override {
    ASSIGN_OR_RETURN(transaction_, saver_->Begin());
    return absl::OkStatus();
  }
  absl::Status Commit() override {
    RETURN_IF_ERROR(transaction_->Commit().status());
    transaction_.reset();
    return absl::OkStatus();
  }
  absl::Status Do(Kind kind, const Inputs& inputs) override {
    switch (kind) {
      case Kind::kPutCheckpoint:
        return saver_->PutCheckpoint(inputs.checkpoint);
      case Kind::kCommitStep:
        return saver_->CommitStep(inputs.checkpoint, inputs.writes);
      case Kind::kAppendLog:
        return saver_->AppendLog(Thread(inputs), inputs.log).status();
      case Kind::kStreamBlob:
        return StreamBlob(inputs);
    }
    return absl::InternalError("no such kind");
  }
  sqlite3* connection() override { return saver_->connection(); }

 private:
  static const std::string& Thread(const Inputs& inputs) {
    return inputs.checkpoint.key.thread_id;
  }
  absl::Status StreamBlob(const Inputs& inputs) {
    const std::string_view bytes = inputs.blob;
    ASSIGN_OR_RETURN(
        saver::BlobWriter writer,
        saver_->WriteBlob(Thread(inputs), inputs.blob_name,
                          static_cast<std::int64_t>(bytes.size())));
    for (std::size_t at = 0; at < bytes.size(); at += Inputs::kPieceBytes) {
      RETURN_IF_ERROR(writer.Write(bytes.substr(at, Inputs::kPieceBytes)));
    }
    return writer.Finish();
  }

  std::unique_ptr<saver::SqliteSaver> saver_;
  std::optional<saver::Transaction> transaction_;
};

class HandSaverSide : public Side {
 public:
  HandSaverSide(const std::string& path, std::string digest)
      : hand_(path, saver::Options(), std::move(digest)) {}

  absl::Status Begin() override {
    hand_.Begin();
    return absl::OkStatus();
  }
  absl::Status Commit() override {
    hand_.Commit();
    return absl::OkStatus();
  }
  absl::Status Do(Kind kind, const Inputs& inputs) override {
    const std::string& thread = inputs.checkpoint.key.thread_id;
    switch (kind) {
      case Kind::kPutCheckpoint:
        hand_.PutCheckpoint(inputs.checkpoint);
        break;
      case Kind::kCommitStep:
        hand_.CommitStep(inputs.checkpoint, inputs.writes);
        break;
      case Kind::kAppendLog:
        hand_.AppendLog(thread, inputs.log);
        break;
      case Kind::kStreamBlob:
        hand_.StreamBlob(thread, inputs.blob_name, inputs.blob,
                         Inputs::kPieceBytes);
        break;
    }
    return absl::OkStatus();
  }
  sqlite3* connection() override { return hand_.connection(); }

 private:
  HandSaver hand_;
};

}  // namespace

Inputs::Inputs() {
  checkpoint.key = {"thread-0", "", ""};
  checkpoint.type = "msgpack";
  checkpoint.state = std::string(1000, 's');
  checkpoint.metadata = R"({"source":"loop","step":7})";
  for (std::int64_t idx = 0; idx < 3; ++idx) {
    writes.push_back({"task-0", idx, "channel", "msgpack",
                      std::string(200, 'w'), /*is_replaceable=*/false});
  }
  log = R"({"message":")" + std::string(150, 'm') + R"("})";
  for (std::size_t i = 0; i < kBlobBytes; ++i) {
    blob += static_cast<char>(i * i >> 7);
  }
}

void Inputs::SetNumber(int number) {
  checkpoint.key.checkpoint_id = absl::StrFormat("checkpoint-%08d", number);
  blob_name = absl::StrCat("blob-", number % kBlobs);
}

std::unique_ptr<Side> SaverSide(std::unique_ptr<saver::SqliteSaver> saver) {
  return std::make_unique<SqliteSaverSide>(std::move(saver));
}

std::unique_ptr<Side> HandSide(const std::string& path, std::string digest) {
  return std::make_unique<HandSaverSide>(path, std::move(digest));
}

}  // namespace lastcommit
