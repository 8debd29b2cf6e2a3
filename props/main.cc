#include <gtest/gtest.h>

#include <cstdio>

#include "campaign/story.h"
#include "disk/shim_vfs.h"
#include "props/environment.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  lastcommit::ConfigureRapidCheck();
  const absl::Status status = lastcommit::RegisterShimVfs();
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 3;
  }
  std::printf("%s, seed %llu\n", lastcommit::SqliteUnderTest().c_str(),
              static_cast<unsigned long long>(lastcommit::PropertySeed()));
  return RUN_ALL_TESTS();
}
