// TrialDirectory: a directory of its own for the trials of one process, locked
// while any process of the trial lives. What a killed run left behind, its
// lock fallen, is removed by the next one that uses the same place.

#ifndef LASTCOMMIT_TRIAL_TRIAL_DIRECTORY_H_
#define LASTCOMMIT_TRIAL_TRIAL_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"

namespace lastcommit {

class TrialDirectory {
 public:
  // Makes one in `parent`, which must exist. Empty: in /dev/shm if that can be
  // written, else in the system's directory for temporary files. NotFound,
  // PermissionDenied, ResourceExhausted.
  static absl::StatusOr<TrialDirectory> Make(const std::string& parent);
  // Removes it.
  ~TrialDirectory();
  TrialDirectory(TrialDirectory&& other) noexcept;
  TrialDirectory& operator=(TrialDirectory&&) = delete;

  const std::string& path() const { return path_; }
  // Where one trial is; the only thing in the directory.
  std::string trial() const;

 private:
  TrialDirectory(std::string path, int lock);

  std::string path_;
  int lock_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TRIAL_DIRECTORY_H_
