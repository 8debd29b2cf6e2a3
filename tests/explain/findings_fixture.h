// FindingsTest: a directory for findings and one for trials.

#ifndef LASTCOMMIT_TESTS_EXPLAIN_FINDINGS_FIXTURE_H_
#define LASTCOMMIT_TESTS_EXPLAIN_FINDINGS_FIXTURE_H_

#include <memory>
#include <utility>

#include "directory.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "trial/trial_runner.h"

namespace lastcommit {

class FindingsTest : public testing::Test {
 protected:
  FindingsTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    auto trial = TrialRunner::Create({.directory = trials_.path()});
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
  }

  TrialResult Run(const Plan& plan) {
    absl::StatusOr<TrialResult> result = trial_->Run(plan);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : TrialResult();
  }

  Directory trials_;
  Directory findings_;
  std::unique_ptr<TrialRunner> trial_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_EXPLAIN_FINDINGS_FIXTURE_H_
