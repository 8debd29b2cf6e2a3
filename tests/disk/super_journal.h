// A database with a hot journal that names a super-journal, as a commit over
// several files leaves it that is cut short, or as somebody makes it who wants
// that file deleted.

#ifndef LASTCOMMIT_TESTS_DISK_SUPER_JOURNAL_H_
#define LASTCOMMIT_TESTS_DISK_SUPER_JOURNAL_H_

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gtest/gtest.h"

namespace lastcommit {

inline std::string BigEndian(std::size_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(number >> shift & 0xff));
  }
  return bytes;
}

// What ends a journal that names `name`
// (https://sqlite.org/fileformat2.html#the_rollback_journal).
inline std::string SuperJournalRecord(const std::string& name) {
  constexpr std::size_t kLockPage = 0x40000000 / 4096 + 1;
  std::size_t sum = 0;
  for (const char byte : name) sum += static_cast<std::size_t>(byte);
  return BigEndian(kLockPage) + name + BigEndian(name.size()) +
         BigEndian(sum & 0xffffffff) + "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
}

// The table t has the one value 'old'; with the journal left alone, 'new'.
inline void MakeDatabaseWithSuperJournal(const std::string& path,
                                         const std::string& super_journal) {
  const std::string at_work = path + "-at-work";
  const std::string journal = at_work + "-journal";
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(at_work.c_str(), &connection), SQLITE_OK);
  const auto run = [&](const char* sql) {
    ASSERT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(connection);
  };
  run("PRAGMA page_size = 4096; CREATE TABLE t (a); INSERT INTO t VALUES "
      "('old')");
  run("BEGIN; UPDATE t SET a = 'new'");
  ASSERT_EQ(sqlite3_db_cacheflush(connection), SQLITE_OK);
  constexpr auto kAnew = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(at_work, path, kAnew);
  std::filesystem::copy_file(journal, path + "-journal", kAnew);
  std::ofstream(path + "-journal", std::ios::binary | std::ios::app)
      << SuperJournalRecord(super_journal);
  sqlite3_close(connection);
  std::filesystem::remove(at_work);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_DISK_SUPER_JOURNAL_H_
