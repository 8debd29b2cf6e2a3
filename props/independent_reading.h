// What a stock SQLite finds in the files of a database, read in a child and
// without the program's own checks: the measure of what `verify` says of them.

#ifndef LASTCOMMIT_PROPS_INDEPENDENT_READING_H_
#define LASTCOMMIT_PROPS_INDEPENDENT_READING_H_

#include <map>
#include <string>

namespace lastcommit {

// "" is the database, "-wal" and "-journal" stand beside it: their bytes.
using DatabaseFiles = std::map<std::string, std::string>;

// The rows of each table, and under "" the schema.
using Tables = std::map<std::string, std::string>;

enum class Found {
  kIntact,  // integrity_check and the tables' own checks hold, each row is read
  kDamaged,     // one of them says that it is not
  kNoDatabase,  // SQLITE_NOTADB
  kRefused,     // another error
  kCrashed,     // SQLite was ended by a signal, or never ended
};

struct IndependentReading {
  Found found = Found::kCrashed;
  std::string why;  // SQLite's words
  Tables tables;    // of kIntact
};

IndependentReading ReadIndependently(const DatabaseFiles& files);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_INDEPENDENT_READING_H_
