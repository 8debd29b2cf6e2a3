// Processes outside of a recording that can change the files of the watched
// directory: those that still have one of them open for writing, or mapped so,
// once all that was recorded has ended.

#ifndef LASTCOMMIT_RECORD_OUTSIDE_PROCESSES_H_
#define LASTCOMMIT_RECORD_OUTSIDE_PROCESSES_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace lastcommit {

struct OutsideWriter {
  pid_t process = 0;
  std::string name;  // what the kernel calls it
  std::string file;  // one of its files, below the directory
};

// At most so many, the lowest number first, and never the caller. `directory`
// is a real path. Those of other users may not be looked at, and are left out.
std::vector<OutsideWriter> OutsideWriters(const std::string& directory,
                                          std::size_t most);

// Who changed a file of the directory that is not as it was recorded, in words
// that people can see; nobody is accused who has ended.
std::string OutsideWritersInWords(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_OUTSIDE_PROCESSES_H_
