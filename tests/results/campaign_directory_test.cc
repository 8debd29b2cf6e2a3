#include "results/campaign_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

TEST(CampaignDirectoryTest, ACampaignWithALinkInItIsRefused) {
  const Directory directory;
  const Directory outside;
  directory.Put("campaign.json", "{}");
  ASSERT_EQ(mkdir(directory.Path("findings").c_str(), 0700), 0);
  ASSERT_EQ(symlink(outside.path().c_str(),
                    directory.Path("findings/lost_commit").c_str()),
            0);
  EXPECT_THAT(CampaignDirectory::Lock(directory.path()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace lastcommit
