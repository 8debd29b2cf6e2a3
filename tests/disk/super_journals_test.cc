#include "disk/super_journals.h"

#include <string>

#include "disk/file_role.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

std::string BigEndian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift & 0xffU);
  }
  return bytes;
}

// As writeSuperJournal() in pager.c ends a journal.
std::string Ending(const std::string& name, std::uint32_t sum_off = 0) {
  std::uint32_t sum = sum_off;
  for (const char byte : name) {
    sum += static_cast<std::uint32_t>(static_cast<signed char>(byte));
  }
  return name + BigEndian(static_cast<std::uint32_t>(name.size())) +
         BigEndian(sum) + "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
}

TEST(SuperJournalTest, IsNamedAtTheEndOfAJournal) {
  EXPECT_EQ(SuperJournalOf("records" + Ending("/a/b-mj1234569AB")),
            "/a/b-mj1234569AB");
  // Bytes are signed there.
  EXPECT_EQ(SuperJournalOf(Ending("/\xe4-mj1234569AB")), "/\xe4-mj1234569AB");
}

TEST(SuperJournalTest, WhatDoesNotFitNamesNone) {
  const std::string whole = Ending("/a/b-mj1234569AB");
  EXPECT_EQ(SuperJournalOf(""), "");
  EXPECT_EQ(SuperJournalOf(whole.substr(whole.size() - 15)), "");
  EXPECT_EQ(SuperJournalOf(whole.substr(1)), "");
  EXPECT_EQ(SuperJournalOf(whole + "x"), "");
  EXPECT_EQ(SuperJournalOf(Ending("/a/b-mj1234569AB", 1)), "");
  EXPECT_EQ(SuperJournalOf(Ending("")), "");
  EXPECT_EQ(SuperJournalOf(Ending(std::string(513, 'a'))), "");
  EXPECT_EQ(SuperJournalOf(Ending(std::string(512, 'a'))).size(), 512U);
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
