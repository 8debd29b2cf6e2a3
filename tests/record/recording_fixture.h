// RecordingTest: records small programs in a directory of the test, and reads
// what was recorded.

#ifndef LASTCOMMIT_TESTS_RECORD_RECORDING_FIXTURE_H_
#define LASTCOMMIT_TESTS_RECORD_RECORDING_FIXTURE_H_

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "directory.h"
#include "gtest/gtest.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "record/recording.h"

namespace lastcommit {

class RecordingTest : public testing::Test {
 protected:
  RecordingTest() { std::filesystem::create_directory(Files()); }

  std::string Files() const { return directory_.Path("files"); }
  std::string Recording() const { return directory_.Path("recording"); }

  RecordOptions OptionsFor(const std::vector<std::string>& command) const {
    RecordOptions options;
    options.command = command;
    options.directory = std::filesystem::canonical(Files());
    options.recording = Recording();
    options.ack = directory_.Path("ack");
    options.time = absl::Minutes(5);
    return options;
  }
  static absl::StatusOr<RecordingEnd> RecordWith(const RecordOptions& options) {
    return RecordProgram(options, [](const RecordProgress&) { return true; });
  }
  absl::StatusOr<RecordingEnd> Record(const std::vector<std::string>& command,
                                      absl::Duration time = absl::Minutes(5)) {
    RecordOptions options = OptionsFor(command);
    options.time = time;
    return RecordWith(options);
  }
  absl::StatusOr<RecordingEnd> RecordScript(const std::string& script) {
    return Record({"/bin/sh", "-c", script});
  }

  // All calls of the program, and with `from_beginning` what was there before.
  std::vector<RecordedCall> Calls(bool from_beginning = false) const {
    std::vector<RecordedCall> calls;
    const auto reader = RecordingReader::Open(Recording());
    EXPECT_TRUE(reader.ok()) << reader.status();
    if (!reader.ok()) return calls;
    RecordedCall call;
    while (true) {
      const auto is_there = (*reader)->Next(call);
      EXPECT_TRUE(is_there.ok()) << is_there.status();
      if (!is_there.ok() || !*is_there) return calls;
      if (from_beginning || !call.name.empty()) calls.push_back(call);
    }
  }
  std::vector<Effect> Effects(EffectKind kind) const {
    std::vector<Effect> effects;
    for (const RecordedCall& call : Calls()) {
      for (const Effect& effect : call.effects) {
        if (effect.kind == kind) effects.push_back(effect);
      }
    }
    return effects;
  }

  absl::Status Compare() const {
    return CompareWithFiles(Recording(), std::filesystem::canonical(Files()));
  }

  Directory directory_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_RECORD_RECORDING_FIXTURE_H_
