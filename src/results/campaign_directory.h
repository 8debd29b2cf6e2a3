// CampaignDirectory: the directory of a campaign, for the one process that
// works on it (docs/results-format.md has what is in it). Readers that change
// nothing, such as reports, need none.

#ifndef LASTCOMMIT_RESULTS_CAMPAIGN_DIRECTORY_H_
#define LASTCOMMIT_RESULTS_CAMPAIGN_DIRECTORY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "results/identity.h"

namespace lastcommit {

// Of a campaign that was begun: campaign.json. NotFound, InvalidArgument.
absl::StatusOr<Identity> ReadIdentity(const std::string& directory);

class CampaignDirectory {
 public:
  // Makes it, if need be, and locks it; the lock falls when this process ends
  // and is not inherited by its children. FailedPrecondition: another process
  // works on it, or it has something else in it. PermissionDenied, ...
  static absl::StatusOr<CampaignDirectory> Lock(const std::string& path);
  ~CampaignDirectory();
  CampaignDirectory(CampaignDirectory&& other) noexcept;
  CampaignDirectory& operator=(CampaignDirectory&&) = delete;

  const std::string& path() const { return path_; }
  std::string findings() const { return path_ + "/findings"; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // What is there, or a new one that is then there. FailedPrecondition if they
  // do not agree.
  absl::StatusOr<Identity> Begin(const WantedIdentity& wanted) const;

 private:
  CampaignDirectory(std::string path, int lock);

  std::string path_;
  int lock_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_CAMPAIGN_DIRECTORY_H_
