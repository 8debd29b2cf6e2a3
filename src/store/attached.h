// Attached databases: what a store has in further files of SQLite's beside its
// main one, each with a journal or a WAL of its own
// (https://sqlite.org/lang_attach.html). They are numbered from 1; 0 is the
// main database. Of which one a file is, its name says.

#ifndef LASTCOMMIT_STORE_ATTACHED_H_
#define LASTCOMMIT_STORE_ATTACHED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "store/profile.h"

namespace lastcommit {

inline constexpr int kMostAttached = 3;

// A number for each of them, that of database 1 first.
using OfEachAttached = std::array<std::int64_t, kMostAttached>;

inline std::int64_t& Of(int database, OfEachAttached& numbers) {
  return numbers[static_cast<std::size_t>(database - 1)];
}
inline std::int64_t Of(int database, const OfEachAttached& numbers) {
  return numbers[static_cast<std::size_t>(database - 1)];
}

// Whether a commit to several of them is all there or nothing after a crash: by
// a super-journal, which SQLite makes with a rollback journal on disk, unless
// `synchronous` is OFF (vdbeCommit() in vdbeaux.c). Otherwise each of them has
// a commit of its own, and in WAL mode also a snapshot of its own.
bool IsAtomicOverAttached(const Profile& profile);

// Beside the main one, whose path is given.
std::string AttachedPath(std::string_view main, int database);

// Of a database or of a file that SQLite keeps beside it. What has no such name
// is of the main one, also a super-journal.
int DatabaseOf(std::string_view path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_ATTACHED_H_
