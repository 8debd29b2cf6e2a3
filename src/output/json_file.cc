#include "output/json_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "output/whole_file.h"

namespace lastcommit {

std::string PrintJson(const nlohmann::json& value) {
  return value.dump(2, ' ', /*ensure_ascii=*/true,
                    nlohmann::json::error_handler_t::replace) +
         "\n";
}

absl::Status PrepareJsonFile(const std::string& path) {
  if (path.empty() || path == "-") return absl::OkStatus();
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot write ", absl::CHexEscape(path)));
  }
  close(file);
  return absl::OkStatus();
}

absl::Status WriteJsonFile(const std::string& path,
                           const nlohmann::json& value) {
  if (path.empty()) return absl::OkStatus();
  return WriteOutput(path, PrintJson(value));
}

}  // namespace lastcommit
