// A campaign that has some records.

#ifndef LASTCOMMIT_TESTS_RESULTS_RECORDS_H_
#define LASTCOMMIT_TESTS_RESULTS_RECORDS_H_

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "matchers.h"
#include "results/campaign_directory.h"
#include "results/identity.h"
#include "results/results_file.h"

namespace lastcommit {

// Of seed 7, in a new directory.
inline void MakeCampaign(const std::string& path, const Shard& shard,
                         const std::vector<Record>& records) {
  const auto locked = CampaignDirectory::Lock(path);
  EXPECT_THAT(locked, IsOk());
  WantedIdentity wanted;
  wanted.seed = 7;
  wanted.shard = shard;
  EXPECT_THAT(locked->Begin(wanted), IsOk());
  const auto file = ResultsFile::Open(path, Results());
  EXPECT_THAT(file, IsOk());
  for (const Record& record : records) {
    EXPECT_THAT((*file)->Append(record), IsOk());
  }
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_RESULTS_RECORDS_H_
