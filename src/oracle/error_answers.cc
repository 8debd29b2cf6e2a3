#include "oracle/error_answers.h"

namespace lastcommit {

bool IsAboutContent(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
      return true;
    default:
      return false;
  }
}

// Excuse: MayAnswer.
bool MayAnswer(ErrorKind kind, absl::StatusCode code) {
  switch (kind) {
    case ErrorKind::kRead:
    case ErrorKind::kWrite:
    case ErrorKind::kSync:
    case ErrorKind::kTruncate:
    case ErrorKind::kDelete:
      return code == absl::StatusCode::kUnknown;
    case ErrorKind::kFull:
      // -shm is a file, too, and SQLITE_IOERR_SHMSIZE does not say why.
      return code == absl::StatusCode::kResourceExhausted ||
             code == absl::StatusCode::kUnknown;
    case ErrorKind::kOpen:
      // By the errno that SQLite keeps: unixOpen() in os_unix.c has two tries.
      return code == absl::StatusCode::kPermissionDenied ||
             code == absl::StatusCode::kResourceExhausted ||
             code == absl::StatusCode::kUnknown;
    case ErrorKind::kBusy:
      return code == absl::StatusCode::kUnavailable;
    case ErrorKind::kNoMemory:
    case ErrorKind::kNoProcessMemory:
      return code == absl::StatusCode::kResourceExhausted;
    case ErrorKind::kInterrupt:
      return code == absl::StatusCode::kCancelled;
  }
  return false;
}

}  // namespace lastcommit
