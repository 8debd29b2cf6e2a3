#include "saver_side.h"

#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "status/status.h"

namespace lastcommit {

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

absl::Status SaverSide::Begin() {
  ASSIGN_OR_RETURN(transaction_, saver_->Begin());
  return absl::OkStatus();
}

absl::Status SaverSide::Commit() {
  RETURN_IF_ERROR(transaction_->Commit().status());
  transaction_.reset();
  return absl::OkStatus();
}

absl::Status SaverSide::Do(Kind kind, const Inputs& inputs) {
  switch (kind) {
    case Kind::kPutCheckpoint:
      return saver_->PutCheckpoint(inputs.checkpoint);
    case Kind::kCommitStep:
      return saver_->CommitStep(inputs.checkpoint, inputs.writes);
    case Kind::kAppendLog:
      return saver_->AppendLog(inputs.checkpoint.key.thread_id, inputs.log)
          .status();
    case Kind::kStreamBlob:
      return StreamBlob(inputs);
  }
  return absl::InternalError("no such kind");
}

absl::Status SaverSide::StreamBlob(const Inputs& inputs) {
  const std::string_view bytes = inputs.blob;
  ASSIGN_OR_RETURN(
      BlobWriter writer,
      saver_->WriteBlob(inputs.checkpoint.key.thread_id, inputs.blob_name,
                        static_cast<std::int64_t>(bytes.size())));
  for (std::size_t at = 0; at < bytes.size(); at += Inputs::kPieceBytes) {
    RETURN_IF_ERROR(writer.Write(bytes.substr(at, Inputs::kPieceBytes)));
  }
  return writer.Finish();
}

}  // namespace lastcommit
