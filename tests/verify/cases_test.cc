// Databases that were found to get the wrong verdict, as files: each kind of
// damage, and of what only looks like it, has one.

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "verify/verification_fixture.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Case {
  std::string name;  // in tests/verify/cases
  Soundness soundness;
  std::string summary;                  // a part of it
  std::vector<std::string> texts = {};  // parts of remarks
};

class CasesTest : public VerificationFixture,
                  public testing::WithParamInterface<Case> {};

TEST_P(CasesTest, GetsItsVerdictAndItsWords) {
  TakeCase(GetParam().name);
  const Verification found = Check();
  EXPECT_THAT(found, Is(GetParam().soundness));
  EXPECT_THAT(found.summary, HasSubstr(GetParam().summary));
  for (const std::string& text : GetParam().texts) {
    EXPECT_THAT(Text(found), HasSubstr(text));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kept, CasesTest,
    testing::Values(
        Case{"digest",
             Soundness::kDamaged,
             "1 of 1 blob does not match the digest",
             {"blob b of thread thread-1: its bytes are not those of its "
              "digest"}},
        Case{"foreign_keys",
             Soundness::kOk,
             "1 row with broken foreign keys",
             {"row 1 of message refers to a row of session"}},
        Case{"newer_function", Soundness::kCannotCheck,
             "last written by SQLite 3.53.4, this is "},
        Case{"newer_syntax",
             Soundness::kCannotCheck,
             "last written by SQLite 3.53.4, this is ",
             {"integrity: ok"}},
        Case{"wal_header",
             Soundness::kWarning,
             "SQLite ignores 3 commits in the WAL, since its header is none",
             {"3 frames"}},
        Case{
            "wal_first_frame",
            Soundness::kWarning,
            "SQLite ignores 3 commits in the WAL, since frame 1 does not match",
            {"0 committed in 0 transactions"}},
        Case{"header_bit", Soundness::kDamaged,
             "the header is overwritten: it begins almost like"},
        Case{"header_zeros", Soundness::kDamaged,
             "the header is overwritten: all its 8192 bytes are zeros"},
        Case{"format_255", Soundness::kCannotCheck,
             "unknown format: the header asks for version 255"},
        Case{"fts5", Soundness::kDamaged,
             "fts5 table f fails its own check: database disk image is"},
        Case{"integrity_rows",
             Soundness::kDamaged,
             "integrity_check reports 5 errors",
             {"Page 11: btreeInitPage() returns", "Page 7: btreeInitPage()",
              "integrity: database disk image is malformed"}},
        Case{"collation",
             Soundness::kDamaged,
             "integrity_check reports 1 error",
             {"t: On tree page 3 cell 1: Rowid 4 out of order",
              "table u cannot be checked: no such collation sequence: mine"}}),
    [](const auto& kept) { return kept.param.name; });

}  // namespace
}  // namespace lastcommit
