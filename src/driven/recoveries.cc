#include "driven/recoveries.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/protocol.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

// What a process loses of memory and descriptors each time it loses no longer.
constexpr int kMostUses = 100;

// Open, state, close: of each image.
constexpr std::size_t kRequestsOfOne = 3;

std::string RequestsFor(const std::vector<std::string>& databases) {
  std::string requests;
  std::int64_t id = 1;
  for (const std::string& database : databases) {
    for (nlohmann::json request :
         {OpenRequest(database), Request("state"), Request("close")}) {
      absl::StrAppend(&requests, RequestLine(id++, std::move(request)), "\n");
    }
  }
  return requests;
}

std::string Refusal(const char* what, const Reply& reply) {
  return absl::StrCat(what, " answers ", InWords(reply));
}

// Of the image whose replies begin at `first`.
Recovery RecoveryOf(const Vocabulary& dialect,
                    const std::vector<Reply>& replies, std::size_t first) {
  Recovery recovery;
  const char* const what[] = {"open", "state", "close"};
  for (std::size_t i = 0; i < kRequestsOfOne; ++i) {
    const Reply& reply = replies[first + i];
    if (reply.code == absl::StatusCode::kOk) continue;
    recovery.kind = Recovery::Kind::kRefused;
    recovery.message = Refusal(what[i], reply);
    return recovery;
  }
  absl::StatusOr<State> state = StateOf(dialect, replies[first + 1]);
  if (state.ok()) {
    recovery.state = *std::move(state);
  } else {
    recovery.kind = Recovery::Kind::kRefused;
    recovery.message = std::string(state.status().message());
  }
  return recovery;
}

Recovery Ended(const DriverProcess::Said& said) {
  Recovery recovery;
  recovery.kind = said.is_hung ? Recovery::Kind::kHung : Recovery::Kind::kDied;
  recovery.message = said.how;
  return recovery;
}

}  // namespace

Recoverer::Recoverer(DriverCommand command, std::string scratch,
                     absl::Duration time)
    : command_(std::move(command)), scratch_(std::move(scratch)), time_(time) {}

absl::StatusOr<std::vector<Recovery>> Recoverer::RecoverAll(
    const Vocabulary& dialect, const std::vector<std::string>& databases) {
  if (process_ == nullptr || process_->is_over() || uses_ == kMostUses) {
    process_.reset();
    ASSIGN_OR_RETURN(process_, DriverProcess::Start(command_, scratch_));
    uses_ = 0;
  }
  ++uses_;
  ASSIGN_OR_RETURN(const DriverProcess::Said said,
                   process_->Ask(RequestsFor(databases),
                                 databases.size() * kRequestsOfOne, time_));
  std::vector<Recovery> recoveries;
  const std::size_t whole = said.answers.replies.size() / kRequestsOfOne;
  for (std::size_t i = 0; i < whole; ++i) {
    recoveries.push_back(
        RecoveryOf(dialect, said.answers.replies, i * kRequestsOfOne));
  }
  if (recoveries.size() < databases.size()) recoveries.push_back(Ended(said));
  return recoveries;
}

absl::StatusOr<Recovery> Recoverer::RecoverAlone(const Vocabulary& dialect,
                                                 const std::string& database) {
  if (!used_is_enough_) End();
  absl::StatusOr<std::vector<Recovery>> recoveries =
      RecoverAll(dialect, {database});
  if (!used_is_enough_) End();
  RETURN_IF_ERROR(recoveries.status());
  return std::move(recoveries->front());
}

}  // namespace lastcommit::driven
