// Super-journals, which make a transaction over several databases atomic: the
// journal of each names it at its end, and is rolled back only while it is
// there (https://sqlite.org/atomiccommit.html#multi_file_commit).

#ifndef LASTCOMMIT_DISK_SUPER_JOURNALS_H_
#define LASTCOMMIT_DISK_SUPER_JOURNALS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace lastcommit {

// "NAME-mj" and nine digits, as vdbeCommit() in vdbeaux.c makes it.
bool IsSuperJournal(std::string_view path);

// So many bytes at the end of a journal say which one it names.
inline constexpr std::size_t kSuperJournalBytes = 16 + 512;

// The path, from these bytes or more, as readSuperJournal() in pager.c finds
// it; "": it names none. Any bytes may stand in it.
std::string SuperJournalOf(std::string_view end_of_journal);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SUPER_JOURNALS_H_
