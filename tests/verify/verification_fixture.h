// A directory whose databases are verified, and the place of the copies: what
// is verified stays as it was, and nothing is left of a copy.

#ifndef LASTCOMMIT_TESTS_VERIFY_VERIFICATION_FIXTURE_H_
#define LASTCOMMIT_TESTS_VERIFY_VERIFICATION_FIXTURE_H_

#include <filesystem>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "saver/sqlite_saver.h"
#include "tree.h"
#include "verify/databases.h"
#include "verify/verification.h"

namespace lastcommit {

inline std::string Text(const Verification& verification) {
  std::string text;
  for (const Remark& remark : verification.remarks) {
    absl::StrAppend(&text, remark.about, ": ", remark.text, "\n");
  }
  return text;
}

MATCHER_P(Is, soundness, "has the expected soundness") {
  *result_listener << arg.summary << "\n" << Text(arg);
  return arg.soundness == soundness;
}

class VerificationFixture : public testing::Test {
 protected:
  // Everything that is verified in these tests stays as it was.
  Verification Check(const std::string& name = "a.db") {
    const Tree before = TreeOf(directory_.path());
    absl::StatusOr<Verification> result =
        Verify(directory_.Path(name), options_);
    EXPECT_EQ(TreeOf(directory_.path()), before);
    EXPECT_THAT(place_.Names(), testing::IsEmpty());
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : Verification();
  }
  // A file of tests/verify/cases and its WAL, as a.db.
  void TakeCase(const std::string& name) {
    for (const char* suffix : {"", "-wal"}) {
      const std::string from = absl::StrCat(CASES, name, ".db", suffix);
      if (!std::filesystem::exists(from)) continue;
      std::filesystem::copy_file(from,
                                 directory_.Path(absl::StrCat("a.db", suffix)));
    }
    ASSERT_TRUE(directory_.Has("a.db"));
  }
  void MakeOurs() {
    auto saver =
        saver::SqliteSaver::Open(directory_.Path("a.db"), saver::Options());
    ASSERT_THAT(saver, IsOk());
    ASSERT_THAT((*saver)->PutBlob("t", "b", "bytes"), IsOk());
  }
  // As a process leaves it that is killed after `sql`.
  void MakeKilled(const std::string& sql) {
    const Directory made;
    Sql connection(made.Path("a.db"));
    connection.Run(sql);
    CopyAsKilled(made, directory_);
  }

  Directory directory_;
  Directory place_;
  VerifyOptions options_ = {.directory = place_.path()};
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_VERIFY_VERIFICATION_FIXTURE_H_
