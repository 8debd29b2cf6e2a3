#include "results/night_properties.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr const char kXml[] = "properties.xml";
constexpr const char kLog[] = "properties.log";

std::string In(const std::string& directory, const char* name) {
  return absl::StrCat(directory, "/", name);
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// Of an element `<... key="value" ...>`; "" if it has none.
std::string_view Attribute(std::string_view element, const std::string& key) {
  const std::string before = absl::StrCat(" ", key, "=\"");
  const std::size_t begin = element.find(before);
  if (begin == std::string_view::npos) return "";
  element.remove_prefix(begin + before.size());
  return element.substr(0, element.find('"'));
}

}  // namespace

// Everything that is not said to have passed has failed or was not run.
NightProperties ParseNightProperties(std::string_view xml) {
  constexpr std::string_view kCase = "<testcase ";
  NightProperties properties;
  properties.are_complete = xml.find("</testsuite>") != std::string_view::npos;
  std::size_t next = xml.find(kCase);
  while (next != std::string_view::npos) {
    const std::string_view element =
        xml.substr(next, xml.find('>', next) - next);
    const std::string_view status = Attribute(element, "status");
    if (status == "run") {
      ++properties.passed;
    } else if (status == "fail") {
      properties.failed.emplace_back(Attribute(element, "name"));
    } else {
      properties.are_complete = false;
    }
    next = xml.find(kCase, next + kCase.size());
  }
  if (properties.passed == 0 && properties.failed.empty()) {
    properties.are_complete = false;
  }
  return properties;
}

std::optional<NightProperties> ReadNightProperties(
    const std::string& directory) {
  const absl::StatusOr<std::string> xml = ReadWholeFile(In(directory, kXml));
  if (xml.ok()) return ParseNightProperties(*xml);
  if (!Exists(In(directory, kXml)) && !Exists(In(directory, kLog))) {
    return std::nullopt;
  }
  return NightProperties();
}

absl::Status CopyNightProperties(const std::string& from,
                                 const std::string& to) {
  for (const char* name : {kXml, kLog}) {
    if (!Exists(In(from, name))) continue;
    ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(In(from, name)));
    RETURN_IF_ERROR(WriteWholeFile(In(to, name), text));
  }
  return absl::OkStatus();
}

std::string Describe(const NightProperties& properties) {
  std::string text = absl::StrCat(properties.passed, " properties passed, ",
                                  properties.failed.size(), " failed");
  if (!properties.failed.empty()) {
    absl::StrAppend(&text, ": ", absl::StrJoin(properties.failed, ", "));
  }
  return properties.are_complete ? text
                                 : absl::StrCat(text, "; not all were run");
}

}  // namespace lastcommit
