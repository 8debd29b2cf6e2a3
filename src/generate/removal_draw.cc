#include "generate/removal_draw.h"

#include <algorithm>
#include <cstddef>

namespace lastcommit {
namespace {

// A WAL is what most clean-up scripts take for a leftover. Without one to
// remove nothing must change, either.
DatabaseFile DrawFile(Draw& draw, const Profile& profile) {
  const bool has_wal = profile.journal_mode == saver::JournalMode::kWal;
  return has_wal ? draw.Weighted<DatabaseFile>({{5, DatabaseFile::kWal},
                                                {3, DatabaseFile::kDatabase},
                                                {3, DatabaseFile::kIndex}})
                 : draw.Weighted<DatabaseFile>(
                       {{6, DatabaseFile::kDatabase}, {1, DatabaseFile::kWal}});
}

}  // namespace

void DrawRemoval(Draw& draw, const Profile& profile, Round& round) {
  std::vector<Step>& steps = round.steps;
  const auto at = static_cast<std::ptrdiff_t>(1 + draw.Below(steps.size() - 1));
  Step unlink;
  unlink.kind = StepKind::kUnlink;
  unlink.file = DrawFile(draw, profile);
  const auto place = steps.insert(steps.begin() + at, unlink);
  const auto opens_the_name = [](const Step& step) {
    return OpensTheName(step.kind);
  };
  steps.erase(std::remove_if(place, steps.end(), opens_the_name), steps.end());
}

}  // namespace lastcommit
