#include "disk/super_journals.h"

#include <string>

#include "disk/file_role.h"
#include "disk/super_journal.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(SuperJournalTest, IsNamedAtTheEndOfAJournal) {
  EXPECT_EQ(SuperJournalOf("records" + SuperJournalRecord("/a/b-mj1234569AB")),
            "/a/b-mj1234569AB");
  // Bytes are signed there.
  EXPECT_EQ(SuperJournalOf(SuperJournalRecord("/\xe4-mj1234569AB")),
            "/\xe4-mj1234569AB");
}

TEST(SuperJournalTest, WhatDoesNotFitNamesNone) {
  const std::string whole = SuperJournalRecord("/a/b-mj1234569AB");
  EXPECT_EQ(SuperJournalOf(""), "");
  EXPECT_EQ(SuperJournalOf(whole.substr(whole.size() - 15)), "");
  EXPECT_EQ(SuperJournalOf(whole.substr(5)), "");
  EXPECT_EQ(SuperJournalOf(whole + "x"), "");
  std::string other = whole;
  other[4] = '?';
  EXPECT_EQ(SuperJournalOf(other), "");
  EXPECT_EQ(SuperJournalOf(SuperJournalRecord("")), "");
  EXPECT_EQ(SuperJournalOf(SuperJournalRecord(std::string(513, 'a'))), "");
  EXPECT_EQ(SuperJournalOf(SuperJournalRecord(std::string(512, 'a'))).size(),
            512U);
}

TEST(SuperJournalTest, HasANameOfItsOwn) {
  EXPECT_TRUE(IsSuperJournal("/a/b-mj1234569AB"));
  EXPECT_EQ(RoleOfPath("/a/b-mj1234569AB"), FileRole::kSuperJournal);
  for (const char* path : {"", "-mj", "/a/b-mj123456", "/a/b-mj12345x9AB",
                           "/a/b-journal", "/a/b1234569AB"}) {
    EXPECT_FALSE(IsSuperJournal(path)) << path;
  }
}

}  // namespace
}  // namespace lastcommit
