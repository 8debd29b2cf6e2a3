#include "saver/sqlite_status.h"

#include <sqlite3.h>

#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

TEST(SqliteStatusTest, CodesAreThoseOfTheInterface) {
  const struct {
    int result;
    StatusCode code;
  } kCases[] = {
      {SQLITE_OK, StatusCode::kOk},
      {SQLITE_ROW, StatusCode::kOk},
      {SQLITE_DONE, StatusCode::kOk},
      {SQLITE_BUSY, StatusCode::kUnavailable},
      {SQLITE_BUSY_SNAPSHOT, StatusCode::kUnavailable},
      {SQLITE_LOCKED, StatusCode::kUnavailable},
      {SQLITE_FULL, StatusCode::kResourceExhausted},
      {SQLITE_NOMEM, StatusCode::kResourceExhausted},
      {SQLITE_IOERR_NOMEM, StatusCode::kResourceExhausted},
      {SQLITE_CORRUPT, StatusCode::kDataLoss},
      {SQLITE_NOTADB, StatusCode::kDataLoss},
      {SQLITE_CONSTRAINT_CHECK, StatusCode::kInvalidArgument},
      {SQLITE_CONSTRAINT_PRIMARYKEY, StatusCode::kFailedPrecondition},
      {SQLITE_TOOBIG, StatusCode::kInvalidArgument},
      {SQLITE_READONLY, StatusCode::kPermissionDenied},
      {SQLITE_CANTOPEN, StatusCode::kPermissionDenied},
      {SQLITE_IOERR_FSYNC, StatusCode::kUnknown},
      {SQLITE_INTERRUPT, StatusCode::kCancelled},
      {SQLITE_MISUSE, StatusCode::kInternal},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(SqliteStatus(c.result, nullptr, "x"), StatusIs(c.code))
        << c.result;
  }
}

TEST(SqliteStatusTest, MessageNamesTheWorkAndTheCode) {
  const absl::Status status =
      SqliteStatus(SQLITE_IOERR_FSYNC, nullptr, "commit");
  EXPECT_EQ(status.message(),
            "commit: SQLITE_IOERR_FSYNC/1034: disk I/O error");
}

TEST(SqliteStatusTest, UnlistedExtendedCodeIsNamedByItsPrimaryOne) {
  const absl::Status status = SqliteStatus(SQLITE_IOERR_SEEK, nullptr, "x");
  EXPECT_EQ(status.message(), "x: SQLITE_IOERR/5642: disk I/O error");
}

}  // namespace
}  // namespace lastcommit::saver
