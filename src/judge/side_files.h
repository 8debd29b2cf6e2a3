// SideFiles: files beside the databases, of which something was not synced when
// the program promised something.

#ifndef LASTCOMMIT_JUDGE_SIDE_FILES_H_
#define LASTCOMMIT_JUDGE_SIDE_FILES_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "judge/timeline.h"
#include "record/rebuild.h"

namespace lastcommit {

struct SideFile {
  std::string path;
  bool is_renamed = false;  // its name is, its content was not synced
  std::uint64_t call = 0;   // of the promise
};

class SideFiles {
 public:
  SideFiles(const Timeline& timeline, DiskModel model)
      : timeline_(timeline), model_(model) {}

  // Before the effect is applied: a file that replaces another one is written
  // first.
  void SeeBefore(const Effect& effect, const Rebuild& files);
  // After it is.
  void See(const Effect& effect);

  // Something is promised: adds each file to `found` once.
  void Take(std::uint64_t call, const Rebuild& files,
            std::vector<SideFile>& found);

 private:
  const Timeline& timeline_;
  const DiskModel model_;
  std::set<FileId> unsynced_;
  std::set<FileId> ever_synced_;  // some content of it
  std::set<FileId> renamed_;
  std::set<std::string> named_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_SIDE_FILES_H_
