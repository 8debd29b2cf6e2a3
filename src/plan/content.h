// What the numbers of a plan stand for: names and bytes. Different seeds give
// different bytes, or JSON, where there is room for that (16 bytes and more).
// The same on every machine, today and later: a change here changes what every
// plan means and needs a new version of the plan format.

#ifndef LASTCOMMIT_PLAN_CONTENT_H_
#define LASTCOMMIT_PLAN_CONTENT_H_

#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace lastcommit {

// Distinct numbers give distinct names. Some have quotes, non-ASCII letters or
// control characters, so that a saver that builds SQL from text is seen.
std::string ThreadName(int thread);
std::string NamespaceName(int ns);
std::string CheckpointName(int id);
std::string TaskName(int task);
std::string BlobName(int id);

// `content.size` pseudo-random bytes, NULs and invalid UTF-8 among them. The
// bytes of a smaller size are the beginning of those of a larger one.
std::string ContentBytes(const Content& content);

// A JSON text of `content.size` bytes, but at least 2, or, if `is_valid` is
// false, as many bytes of one that lacks its end, which no parser accepts. A
// number, a string or an object, with escapes and non-ASCII letters when there
// is room. Never a NUL byte.
std::string ContentJson(const Content& content, bool is_valid);

// The state, type and metadata of a put_checkpoint or commit_step step.
struct CheckpointContent {
  std::string type;
  std::string state;
  std::string metadata;
  // The number that metadata has under kFilterKey, 0 to PlanLimits::kMaxFilter;
  // nullopt if it is no object or too short for one.
  std::optional<int> filter;
};
inline constexpr char kFilterKey[] = "k";
CheckpointContent CheckpointOf(const Step& step);

// The writes of a put_write, put_writes or commit_step step, in order.
std::vector<PendingWrite> WritesOf(const Step& step);

// The payloads of an append_log or append_logs step, in order.
std::vector<std::string> LogPayloadsOf(const Step& step);

// The payload of a create_task or update_task step.
std::string TaskPayloadOf(const Step& step);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_CONTENT_H_
