#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "output/version.h"
#include "props/environment.h"

namespace {

// What ctest takes for "not run" (CMakeLists.txt).
constexpr int kSkipped = 77;

// With a token, its plan is all that runs: one ctest entry replays it, and the
// others neither take time nor hide it among their own results.
bool IsSkippedForReplay() {
  if (!lastcommit::ReplayToken() || GTEST_FLAG_GET(list_tests)) return false;
  const std::string asked = GTEST_FLAG_GET(filter);
  if (asked != "*" && !asked.starts_with("Replay.")) return true;
  GTEST_FLAG_SET(filter, "Replay.ThePlanOfTheToken");
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (IsSkippedForReplay()) {
    std::printf(
        "skipped: LASTCOMMIT_REPLAY is set, and props.replay runs it\n");
    return kSkipped;
  }
  lastcommit::ConfigureRapidCheck();
  absl::Status status = lastcommit::RegisterShimVfs();
  status.Update(lastcommit::RegisterSimVfs());
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 3;
  }
  std::printf("%s, seed %llu\n", lastcommit::SqliteUnderTest().c_str(),
              static_cast<unsigned long long>(lastcommit::PropertySeed()));
  return RUN_ALL_TESTS();
}
