// What a database on a simulated disk holds, page by page, behind the recovery
// of a hot journal or a WAL. Crash images that differ in their files mostly
// hold the same pages.

#ifndef LASTCOMMIT_DISK_PAGE_DIGEST_H_
#define LASTCOMMIT_DISK_PAGE_DIGEST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "disk/sim_vfs.h"

struct sqlite3;

namespace lastcommit {

// Has the connection recover the database, and copy all of its WAL into the
// file, whose digest this is then: where it is the same, every query gives the
// same, and so does PRAGMA integrity_check. nullopt: SQLite could not, or there
// is nothing in it. `wal_frames`: so many were recovered.
std::optional<std::uint64_t> DigestOfPages(sqlite3* connection, SimDisk& disk,
                                           const std::string& path,
                                           std::int64_t& wal_frames);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_PAGE_DIGEST_H_
