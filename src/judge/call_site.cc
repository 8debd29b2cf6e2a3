#include "judge/call_site.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "output/shown.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using Json = nlohmann::json;

std::string InWords(const StackFrame& frame) {
  const std::string offset = absl::StrFormat("0x%x", frame.offset);
  std::string text = frame.function.empty() ? offset : Shown(frame.function);
  if (!frame.source.empty()) {
    absl::StrAppend(&text, " at ", Shown(frame.source), ":", frame.line);
  } else if (!frame.module.empty()) {
    absl::StrAppend(&text, " in ", Shown(frame.module));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::map<std::uint64_t, CallSite>> CallSitesOf(
    const std::string& recording, const std::set<std::uint64_t>& calls) {
  std::map<std::uint64_t, CallSite> sites;
  if (calls.empty()) return sites;
  ASSIGN_OR_RETURN(const auto reader, RecordingReader::Open(recording));
  RecordedCall call;
  while (true) {
    ASSIGN_OR_RETURN(const bool is_there, reader->Next(call));
    if (!is_there) return sites;
    if (!calls.contains(call.number)) continue;
    CallSite& site = sites[call.number];
    site = {call.name, call.process, call.thread, std::nullopt};
    if (call.stack != 0) site.stack = reader->StackOf(call);
  }
}

std::string InWords(const CallSite& site) {
  return absl::StrCat(Shown(site.name), " of process ", site.process,
                      ", thread ", site.thread);
}

std::string StackInWords(const CallSite& site) {
  if (!site.stack.has_value()) return "";
  std::string text =
      absl::StrCat("stack of ", Shown(site.stack->program), ":\n");
  for (const StackFrame& frame : site.stack->frames) {
    absl::StrAppend(&text, "  ", InWords(frame), "\n");
  }
  return text;
}

Json JsonOf(const CallSite& site) {
  Json json = {{"name", Shown(site.name)},
               {"process", site.process},
               {"thread", site.thread}};
  if (!site.stack.has_value()) return json;
  json["program"] = Shown(site.stack->program);
  json["stack"] = Json::array();
  for (const StackFrame& frame : site.stack->frames) {
    json["stack"].push_back({{"function", Shown(frame.function)},
                             {"module", Shown(frame.module)},
                             {"offset", frame.offset},
                             {"source", Shown(frame.source)},
                             {"line", frame.line}});
  }
  return json;
}

}  // namespace lastcommit
