// Directory: a new, empty directory of a test, removed with all that is in it.

#ifndef LASTCOMMIT_TESTS_DIRECTORY_H_
#define LASTCOMMIT_TESTS_DIRECTORY_H_

#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "status/status.h"

namespace lastcommit {

class Directory {
 public:
  // On a tmpfs if there is one: the tests are about kills, not about disks.
  Directory()
      : path_((access("/dev/shm", W_OK) == 0
                   ? std::string("/dev/shm")
                   : std::filesystem::temp_directory_path().string()) +
              "/lastcommit-test-XXXXXX") {
    CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~Directory() {
    if (is_mounted_) umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  void Put(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  std::string Get(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool Has(const std::string& name) const {
    return std::filesystem::exists(Path(name));
  }
  // What is in it, sorted.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // Makes a small file system of it ("size=2m", "ro"), for this process and
  // its children only. Otherwise says why not: a reason to skip the test.
  std::string MountTmpfs(const std::string& options) {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) != 0) {
      return std::string("mounting is not allowed here: ") +
             std::strerror(errno);
    }
    is_mounted_ = true;
    return "";
  }
  // Gives a file system that was mounted other options ("size=9m").
  std::string Grow(const std::string& options) {
    if (mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT, options.c_str()) ==
        0) {
      return "";
    }
    return std::string("remounting failed: ") + std::strerror(errno);
  }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_DIRECTORY_H_
