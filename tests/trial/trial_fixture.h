// TrialTest: a ForkTrial in a directory of its own.

#ifndef LASTCOMMIT_TESTS_TRIAL_TRIAL_FIXTURE_H_
#define LASTCOMMIT_TESTS_TRIAL_TRIAL_FIXTURE_H_

#include <memory>
#include <utility>

#include "directory.h"
#include "disk/shim_vfs.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "trial/fork_trial.h"

namespace lastcommit {

class TrialTest : public testing::Test {
 protected:
  explicit TrialTest(absl::Duration hang_timeout = absl::Minutes(1)) {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    auto trial = ForkTrial::Create({directory_.path(), hang_timeout});
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
  }

  TrialResult Run(const Plan& plan) {
    absl::StatusOr<TrialResult> result = trial_->Run(plan);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : TrialResult();
  }

  Directory directory_;
  std::unique_ptr<ForkTrial> trial_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TRIAL_TRIAL_FIXTURE_H_
