#include "record/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lastcommit {
namespace {

std::optional<std::string> ReadFrom(int descriptor, std::int64_t offset,
                                    std::int64_t amount) {
  std::string bytes(static_cast<std::size_t>(amount), '\0');
  for (std::int64_t done = 0; done < amount;) {
    const ssize_t read =
        pread(descriptor, bytes.data() + done,
              static_cast<std::size_t>(amount - done), offset + done);
    if (read <= 0) return std::nullopt;
    done += read;
  }
  return bytes;
}

}  // namespace

FileReader::~FileReader() {
  for (const auto& [file, opened] : open_) close(opened.descriptor);
  for (const auto& [file, descriptor] : kept_) close(descriptor);
}

int FileReader::Open(FileId file, const std::string& path) {
  if (const auto kept = kept_.find(file); kept != kept_.end()) {
    return kept->second;
  }
  if (const auto found = open_.find(file); found != open_.end()) {
    by_age_.splice(by_age_.begin(), by_age_, found->second.age);
    return found->second.descriptor;
  }
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return -1;
  if (open_.size() >= kMostOpen) {
    const auto oldest = open_.find(by_age_.back());
    close(oldest->second.descriptor);
    open_.erase(oldest);
    by_age_.pop_back();
  }
  by_age_.push_front(file);
  open_[file] = {descriptor, by_age_.begin()};
  return descriptor;
}

std::optional<std::string> FileReader::Read(FileId file,
                                            const std::string& path,
                                            std::int64_t offset,
                                            std::int64_t amount) {
  const int descriptor = Open(file, path);
  if (descriptor < 0) return std::nullopt;
  return ReadFrom(descriptor, offset, amount);
}

std::optional<std::string> FileReader::ReadAll(FileId file) {
  const int descriptor = Open(file, "");
  struct stat found = {};
  if (descriptor < 0 || fstat(descriptor, &found) != 0) return std::nullopt;
  return ReadFrom(descriptor, 0, found.st_size);
}

bool FileReader::Keep(FileId file, const std::string& path) {
  if (kept_.contains(file)) return true;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  kept_[file] = descriptor;
  return true;
}

}  // namespace lastcommit
