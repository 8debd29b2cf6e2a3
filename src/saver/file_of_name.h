// Which file a name leads to, as one can ask a VFS that keeps its files
// elsewhere than in the file system: a simulated disk. No call that SQLite
// makes, so a VFS that names its calls to somebody does not name this one.

#ifndef LASTCOMMIT_SAVER_FILE_OF_NAME_H_
#define LASTCOMMIT_SAVER_FILE_OF_NAME_H_

#include <cstdint>

namespace lastcommit::saver {

// Tells files apart as long as they are there. No file has 0, 0.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool is_there() const { return device != 0 || inode != 0; }
  bool operator==(const FileId&) const = default;
};

// An opcode for xFileControl of the database file; those above 100 are not
// SQLite's (https://sqlite.org/c3ref/io_methods.html). A VFS that does not know
// it returns SQLITE_NOTFOUND, and names are those of the file system.
inline constexpr int kFileControlFileOfName = 0x4c6301;

// Its argument.
struct FileOfName {
  const char* name = nullptr;  // absolute
  FileId id;                   // the answer
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_FILE_OF_NAME_H_
