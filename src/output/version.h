// Which programs speak: this one, and the SQLite that it tests.

#ifndef LASTCOMMIT_OUTPUT_VERSION_H_
#define LASTCOMMIT_OUTPUT_VERSION_H_

#include <string>

namespace lastcommit {

// "lastcommit 0.1.0": this program.
std::string TesterVersion();

// "commit 1a2b3c4d5e6f", or "commit unknown" where it was built of an archive;
// "changed" follows if files of the repository were.
std::string TesterCommit();

// "SQLite 3.40.1 (source id)": the library that is linked in, which is the one
// under test.
std::string SqliteUnderTest();

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_VERSION_H_
