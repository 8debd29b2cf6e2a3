#include <string>

#include "driven/wire.h"
#include "queue/specs.h"

namespace lastcommit::driven {
namespace {

using queue::Kind;
using Json = nlohmann::json;

absl::Status Wrong(const char* what) {
  return absl::InvalidArgumentError(what);
}

void AskToEnqueue(Kind kind, const queue::Arguments& arguments, Json& request) {
  if (kind == Kind::kEnqueue) {
    request["job"] = queue::JobName(arguments.job);
    request["value"] = queue::ValueOf(arguments, 0);
    return;
  }
  Json jobs = Json::array();
  for (int idx = 0; idx < arguments.count; ++idx) {
    jobs.push_back(
        {queue::JobName(arguments.job + idx), queue::ValueOf(arguments, idx)});
  }
  request["jobs"] = std::move(jobs);
}

bool Ask(const Operation& operation, const Rows& rows, Json& request) {
  const Kind kind = queue::KindOf(operation);
  const queue::Arguments arguments = queue::ArgumentsOf(operation);
  request["now"] = queue::SecondsOf(arguments.time);
  switch (kind) {
    case Kind::kEnqueue:
    case Kind::kEnqueueBatch:
      for (int idx = 0; idx < arguments.count; ++idx) {
        if (rows.Has(
                {queue::kJobs, {queue::JobName(arguments.job + idx)}, 0})) {
          return false;
        }
      }
      AskToEnqueue(kind, arguments, request);
      return true;
    case Kind::kClaim:
      request["lease"] = queue::SecondsOfLease(arguments.lease);
      [[fallthrough]];
    case Kind::kClaimWaiting:
      request["worker"] = queue::WorkerName(arguments.worker);
      return true;
    case Kind::kRequeue:
      request["lease"] = queue::SecondsOfLease(arguments.lease);
      return true;
    case Kind::kComplete:
    case Kind::kCompleteLate:
    case Kind::kFail:
    case Kind::kRelease:
      break;
  }
  const auto job = queue::JobFor(operation, rows);
  if (!job.has_value()) return false;
  request["worker"] = queue::WorkerName(arguments.worker);
  request["job"] = *job;
  return true;
}

absl::StatusOr<std::optional<std::int64_t>> AnswerOfClaim(const Json& body) {
  const auto value = body.find("value");
  if (value != body.end() && value->is_null()) return queue::kNoJob;
  if (value == body.end() || !value->is_array() || value->size() != 2 ||
      !(*value)[0].is_string() || !(*value)[1].is_string()) {
    return Wrong(
        "has as the \"value\" of a claim neither null nor a list of the job "
        "and its value");
  }
  return queue::AnswerOf((*value)[0].get_ref<const std::string&>(),
                         (*value)[1].get_ref<const std::string&>());
}

absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Json& body) {
  switch (queue::KindOf(operation)) {
    case Kind::kEnqueue:
    case Kind::kEnqueueBatch:
    case Kind::kRequeue:
      return std::nullopt;
    case Kind::kClaim:
    case Kind::kClaimWaiting:
      return AnswerOfClaim(body);
    case Kind::kComplete:
    case Kind::kCompleteLate:
    case Kind::kFail:
    case Kind::kRelease:
      break;
  }
  const auto value = body.find("value");
  if (value == body.end()) return std::nullopt;
  if (!value->is_boolean()) {
    return Wrong(
        "has a \"value\" that is neither true nor false, which says whether "
        "the job was the worker's");
  }
  return value->get<bool>() ? 1 : 0;
}

absl::StatusOr<std::pair<RowKey, Fingerprint>> RowOf(const Json& row) {
  if (!row.is_array() || row.size() != 3 || !row[1].is_string() ||
      !row[2].is_string() || (row[0] != "waiting" && row[0] != "claimed")) {
    return Wrong(
        "has a row that is neither [\"waiting\", job, value] nor [\"claimed\", "
        "job, value]");
  }
  return std::pair(
      RowKey{queue::kJobs, {row[1].get<std::string>()}, 0},
      queue::RowOf(row[2].get_ref<const std::string&>(),
                   row[0] == "claimed" ? queue::JobStatus::kClaimed
                                       : queue::JobStatus::kWaiting));
}

}  // namespace

const Wire& QueueWire() {
  static const Wire kWire = {
      .dialect = &queue::kVocabulary,
      .optional = {"enqueue_batch", "claim", "claim_waiting", "complete_late",
                   "fail", "release", "requeue"},
      .one_of = {"claim", "claim_waiting"},
      .ask = Ask,
      .depends_on_rows = queue::IsOfAJob,
      .value = ValueOf,
      .row = RowOf,
      .is_same = queue::IsSame,
      .pass_time = queue::LetRunOut,
      .is_earlier = queue::IsEarlier,
      .at_time_of = queue::AtTimeOf};
  return kWire;
}

}  // namespace lastcommit::driven
