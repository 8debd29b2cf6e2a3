#include "driven/recorded_driver.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
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

// Each instance has requests of its own.
std::string CommandOf(const DriverCommand& command, const std::string& scratch,
                      const std::string& answers) {
  return WithDescriptors(command, absl::StrCat(scratch, "/requests-"), answers,
                         "\"${LASTCOMMIT_INSTANCE:-0}\"");
}

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
    const DriverCommand& command, int clients, const std::string& scratch) {
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
                     CommandOf(command, scratch, driver->answers_)};
  options.instances = clients;
  options.directory = scratch;
  options.ack = driver->answers_;
  options.output = driver->output_;
  options.has_own_group = true;
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
  AnswerReader reader;
  absl::Status answered;
  AnswerWatch watch(part.time);
  Asker& asker = part.asker;
  Feed feed;
  std::deque<Requests> asked;  // the feed has their text
  PartOptions options;
  options.directory = part.directory;
  options.recording = part.recording;
  options.time = kMost;
  options.feed = &feed;
  options.conductor = asker.conductor();
  options.on_one_cpu = requests_.size() == 1 || options.conductor != nullptr;
  options.ends = [&](std::string_view bytes) {
    answered = reader.Take(bytes);
    if (answered.ok()) asker.TakeAnswers(reader.answers());
    watch.Answers();
    return !answered.ok() || asker.is_over();
  };
  asker.Begin([&](Requests requests) {
    watch.Answers();
    const Requests& one = asked.emplace_back(std::move(requests));
    reader.Expect(one.first, one.count);
    feed.Give(requests_[static_cast<std::size_t>(one.client)].descriptor(),
              one.lines);
    feed.Write();
  });
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
  const bool goes_on = said.end.how == RecordingEnd::How::kGoesOn;
  is_over_ = !goes_on || asker.has_killed();
  if (!goes_on) said.last = LastLineOf(TailOf(output_));
  return said;
}

}  // namespace lastcommit::driven
