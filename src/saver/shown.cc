#include "saver/shown.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace lastcommit::saver {

std::string Shown(std::string_view value, std::size_t most) {
  const std::string_view part = value.substr(0, most);
  const std::string escaped =
      absl::CHexEscape(absl::string_view(part.data(), part.size()));
  if (part.size() == value.size()) return absl::StrCat("\"", escaped, "\"");
  return absl::StrCat("\"", escaped, "...\" (of ", value.size(), " bytes)");
}

std::string Shown(const ArgumentName& argument) {
  const std::string name(argument.name);
  return argument.index < 0 ? name
                            : absl::StrCat(name, "[", argument.index, "]");
}

std::string Shown(const CheckpointKey& key) {
  return absl::StrCat("thread_id ", Shown(key.thread_id), ", checkpoint_ns ",
                      Shown(key.checkpoint_ns), ", checkpoint_id ",
                      Shown(key.checkpoint_id));
}

std::string Shown(const TaskKey& key) {
  return absl::StrCat("thread_id ", Shown(key.thread_id), ", task_id ",
                      Shown(key.task_id));
}

}  // namespace lastcommit::saver
