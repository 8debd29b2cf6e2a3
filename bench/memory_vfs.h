// The least VFS on which SQLite can recover a database: files are strings,
// nobody else is there, so that every lock is granted, and nothing is ever
// synced. What a loop written by hand would use.

#ifndef LASTCOMMIT_BENCH_MEMORY_VFS_H_
#define LASTCOMMIT_BENCH_MEMORY_VFS_H_

#include <map>
#include <string>

namespace lastcommit {

using MemoryFiles = std::map<std::string, std::string>;  // by path

// Registers it, not as the default. False if SQLite refuses.
bool RegisterMemoryVfs();
inline constexpr char kMemoryVfs[] = "bench-memory";

// The files that there are from now on. Not owned; no connection may be open.
void UseMemoryFiles(MemoryFiles* files);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_MEMORY_VFS_H_
