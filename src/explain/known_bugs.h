// The known bugs of SQLite, beside the contract: a row for each one that
// docs/findings.md describes, with the versions that have it and the signs by
// which a finding looks like it. `lastcommit bugs` prints the table.
//
// A row gives a name to a finding and changes nothing else: the finding is
// violated, kept and counted as any other. It is a likeness, not a proof;
// another bug may have the same signs.

#ifndef LASTCOMMIT_EXPLAIN_KNOWN_BUGS_H_
#define LASTCOMMIT_EXPLAIN_KNOWN_BUGS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "explain/failure.h"
#include "plan/plan.h"

namespace lastcommit {

struct KnownBug {
  std::string_view name;
  std::string_view summary;  // one line
  // Ascending. A range without an end: no fix is known.
  std::span<const SqliteRange> versions;
  bool (*looks_like)(const Plan& plan, const Failure& failure);
  std::string_view reference;  // a page of sqlite.org; empty if there is none
  std::string_view section;    // its heading in docs/findings.md
};

std::span<const KnownBug> KnownBugs();

// nullptr if there is none.
const KnownBug* FindKnownBug(std::string_view name);

bool IsAffected(const KnownBug& bug, int sqlite_version);

// "3.7.0 to 3.44.5, 3.45.0 to 3.50.6", "before 3.44.0", "3.40.1 and later".
std::string VersionsInWords(const KnownBug& bug);

// Names of the bugs of that SQLite that the failure looks like, in the order of
// the table; mostly one or none.
std::vector<std::string> LikelyBugs(const Plan& plan, const Failure& failure,
                                    int sqlite_version);

// "wal-reset-race"; several, of which it is one at most, with "or" between
// them; none is "unknown".
std::string JoinedNames(const std::vector<std::string>& names);

// A line for each name, without newline at the end: what it is, and that this
// is no proof. Empty without names.
std::string LikenessInWords(const std::vector<std::string>& names);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_KNOWN_BUGS_H_
