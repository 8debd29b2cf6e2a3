#include "driven/recorded_driver.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "output/shown.h"
#include "record/feed.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

// Of a recording: a driver that never stops writing is ended.
constexpr std::int64_t kMostRecorded = std::int64_t{1} << 30;
// The most that one plan may take, whatever the driver answers.
constexpr absl::Duration kMost = absl::Minutes(10);

std::int64_t SizeOf(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

absl::Status Empty(const std::string& file) {
  if (truncate(file.c_str(), 0) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot empty ", Shown(file)));
}

// One, or several at once; when one of those ends, the group does.
std::string CommandOf(const DriverCommand& command,
                      const std::vector<Fifo>& requests,
                      const std::string& answers) {
  if (requests.size() == 1) {
    return WithDescriptors(command, requests.front().path(), answers);
  }
  std::string all;
  for (const Fifo& fifo : requests) {
    absl::StrAppend(&all, "{\n(\n",
                    WithDescriptors(command, fifo.path(), answers),
                    "\n)\nkill -KILL 0\n} &\n");
  }
  return absl::StrCat(all, "wait");
}

// The turns of a plan: the next one begins when all before it is answered.
class Turns {
 public:
  Turns(std::span<const Turn> turns, const std::vector<Fifo>& requests)
      : turns_(turns), requests_(requests) {
    for (const Turn& turn : turns) count_ += turn.count;
    Begin();
  }

  Feed& feed() { return feed_; }
  std::size_t count() const { return count_; }
  void Answered(std::size_t replies) {
    if (replies >= given_ && next_ < turns_.size()) Begin();
  }

 private:
  void Begin() {
    const Turn& turn = turns_[next_++];
    given_ += turn.count;
    feed_.Give(requests_[static_cast<std::size_t>(turn.client)].descriptor(),
               turn.requests);
    feed_.Write();
  }

  const std::span<const Turn> turns_;
  const std::vector<Fifo>& requests_;
  Feed feed_;
  std::size_t count_ = 0;
  std::size_t given_ = 0;
  std::size_t next_ = 0;
};

// Whether it has answered something within some time. One that was asleep with
// the machine has not been late.
class AnswerWatch {
 public:
  explicit AnswerWatch(absl::Duration time) : time_(time) {}
  void Answers() { since_ = Clock::now(); }
  bool IsLate() const {
    return Clock::now() - since_ > absl::ToChronoNanoseconds(time_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  const absl::Duration time_;
  Clock::time_point since_ = Clock::now();
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordedDriver>> RecordedDriver::Make(
    const DriverCommand& command, int clients, const std::string& scratch,
    std::function<void()> end_others) {
  std::vector<Fifo> requests;
  for (int client = 0; client < clients; ++client) {
    ASSIGN_OR_RETURN(Fifo fifo,
                     Fifo::Make(absl::StrCat(scratch, "/requests-", client)));
    requests.push_back(std::move(fifo));
  }
  std::unique_ptr<RecordedDriver> driver(
      new RecordedDriver(std::move(requests), absl::StrCat(scratch, "/answers"),
                         absl::StrCat(scratch, "/output")));
  ProgramOptions options;
  options.command = {"/bin/sh", "-c",
                     CommandOf(command, driver->requests_, driver->answers_)};
  options.directory = scratch;
  options.ack = driver->answers_;
  options.output = driver->output_;
  options.has_own_group = true;
  options.end_others = std::move(end_others);
  ASSIGN_OR_RETURN(driver->recorder_, Recorder::Make(options));
  return driver;
}

RecordedDriver::RecordedDriver(std::vector<Fifo> requests, std::string answers,
                               std::string output)
    : requests_(std::move(requests)),
      answers_(std::move(answers)),
      output_(std::move(output)) {}
RecordedDriver::~RecordedDriver() = default;

absl::StatusOr<RecordedDriver::Said> RecordedDriver::Ask(const Part& part) {
  // What it has read only half of is not for the next one.
  is_over_ = true;
  ++parts_;
  RETURN_IF_ERROR(Empty(answers_));
  RETURN_IF_ERROR(Empty(output_));
  AnswerReader reader(1);
  absl::Status answered;
  AnswerWatch watch(part.time);
  Turns turns(part.turns, requests_);
  PartOptions options;
  options.directory = part.directory;
  options.recording = part.recording;
  options.time = kMost;
  options.feed = &turns.feed();
  options.ends = [&](std::string_view bytes) {
    watch.Answers();
    answered = reader.Take(bytes);
    const std::size_t replies = reader.answers().replies.size();
    turns.Answered(replies);
    return !answered.ok() || replies >= turns.count();
  };
  Said said;
  ASSIGN_OR_RETURN(
      said.end, recorder_->Record(options, [&](const RecordProgress&) {
        return !watch.IsLate() && SizeOf(part.recording) <= kMostRecorded;
      }));
  if (SizeOf(part.recording) > kMostRecorded) {
    return absl::ResourceExhaustedError(
        "the driver writes more than a GiB in one plan, and does not end");
  }
  RETURN_IF_ERROR(answered);
  said.answers = reader.answers();
  const Answers& answers = said.answers;
  if (answers.replies.size() > turns.count() ||
      (!answers.acks.empty() && answers.acks.rbegin()->first >
                                    static_cast<std::int64_t>(turns.count()))) {
    return absl::InvalidArgumentError(
        "the driver answers more than it was asked");
  }
  is_over_ = said.end.how != RecordingEnd::How::kGoesOn;
  if (is_over_) said.last = LastLineOf(TailOf(output_));
  return said;
}

}  // namespace lastcommit::driven
