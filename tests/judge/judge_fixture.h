// JudgeTest: records a program of tests/programs, and judges the recording.

#ifndef LASTCOMMIT_TESTS_JUDGE_JUDGE_FIXTURE_H_
#define LASTCOMMIT_TESTS_JUDGE_JUDGE_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "judge/judgement.h"
#include "record/recording_fixture.h"

namespace lastcommit {

// What the program that is recorded is run with; "" if there is none here.
inline std::string Python() {
  for (const char* python : {"/usr/bin/python3", "python3"}) {
    const std::string command =
        std::string(python) + " -c 'import sqlite3' 2>/dev/null";
    if (std::system(command.c_str()) == 0) return python;
  }
  return "";
}

class JudgeTest : public RecordingTest {
 protected:
  JudgeTest() {
    EXPECT_TRUE(RegisterShimVfs().ok());
    EXPECT_TRUE(RegisterSimVfs().ok());
  }

  // Of the program of that name in the file ("mistakes.py").
  Judgement JudgeProgram(const std::string& file, const std::string& name,
                         JudgeOptions options = {}) {
    return Judge({python_, std::string(PROGRAMS) + file, name}, options);
  }
  Judgement Judge(const std::vector<std::string>& command,
                  const JudgeOptions& options = {}) {
    const auto end = Record(command);
    EXPECT_TRUE(end.ok()) << end.status();
    EXPECT_TRUE(Compare().ok()) << Compare();
    if (!end.ok()) return {};
    return JudgeIt(options);
  }
  Judgement JudgeIt(const JudgeOptions& options = {}) {
    auto judgement = JudgeRecording(Recording(), options,
                                    [](const JudgeProgress&) { return true; });
    EXPECT_TRUE(judgement.ok()) << judgement.status();
    return judgement.ok() ? *std::move(judgement) : Judgement();
  }

  // Takes the syncs out of the recording that `is_left_out` says, of those
  // after the output that begins so: what a disk, or an SQLite, does that loses
  // them. It is given the name of the file, "" for the directory.
  void LeaveOutSyncs(
      const std::string& output,
      const std::function<bool(const std::string& file)>& is_left_out) {
    auto reader = RecordingReader::Open(Recording());
    ASSERT_TRUE(reader.ok()) << reader.status();
    const std::string edited = directory_.Path("edited");
    auto writer = RecordingWriter::Create(edited, (*reader)->header());
    ASSERT_TRUE(writer.ok()) << writer.status();
    std::map<FileId, std::string> names;
    bool is_after = false;
    RecordedCall call;
    while (*(*reader)->Next(call)) {
      std::erase_if(call.effects, [&](const Effect& effect) {
        const bool is_sync = effect.kind == EffectKind::kSync ||
                             effect.kind == EffectKind::kSyncData ||
                             effect.kind == EffectKind::kSyncDirectory;
        if (!effect.path.empty()) names[effect.file] = effect.path;
        is_after |= effect.kind == EffectKind::kOutput &&
                    effect.bytes.starts_with(output);
        const bool is_directory = effect.kind == EffectKind::kSyncDirectory;
        return is_sync && is_after &&
               is_left_out(is_directory ? "" : names[effect.file]);
      });
      ASSERT_TRUE((*writer)->Add(call).ok());
    }
    ASSERT_TRUE((*writer)->Finish((*reader)->end()).ok());
    std::filesystem::rename(edited, Recording());
  }

  // Puts an output of that thread behind each write to a WAL, before whatever
  // sync comes next.
  void SayBehindWalWrites(std::int32_t thread) {
    auto reader = RecordingReader::Open(Recording());
    ASSERT_TRUE(reader.ok()) << reader.status();
    const std::string edited = directory_.Path("edited");
    auto writer = RecordingWriter::Create(edited, (*reader)->header());
    ASSERT_TRUE(writer.ok()) << writer.status();
    std::map<FileId, std::string> names;
    std::uint64_t added = 0;
    RecordedCall call;
    while (*(*reader)->Next(call)) {
      call.number += added;
      ASSERT_TRUE((*writer)->Add(call).ok());
      const Effect& effect = call.effects.front();
      if (!effect.path.empty()) names[effect.file] = effect.path;
      if (effect.kind != EffectKind::kWrite ||
          !names[effect.file].ends_with("-wal")) {
        continue;
      }
      Effect output;
      output.kind = EffectKind::kOutput;
      output.amount = 1;
      output.bytes = "x";
      RecordedCall said;
      said.number = call.number + 1;
      said.process = call.process;
      said.thread = thread;
      said.name = "write";
      said.effects.push_back(output);
      ASSERT_TRUE((*writer)->Add(said).ok());
      ++added;
    }
    RecordingEnd end = (*reader)->end();
    end.calls += added;
    ASSERT_TRUE((*writer)->Finish(end).ok());
    std::filesystem::rename(edited, Recording());
  }

  // "half unprotected" of each finding after a kill.
  static std::vector<std::string> Kills(const Judgement& judgement) {
    return Findings(JsonOf(judgement).at("kills"));
  }
  static std::vector<std::string> Losses(const Judgement& judgement) {
    return Findings(JsonOf(judgement).at("power"));
  }

  const std::string python_ = Python();

 private:
  static std::vector<std::string> Findings(const nlohmann::json& json) {
    std::vector<std::string> findings;
    for (const auto& finding : json) {
      findings.push_back(finding.at("kind").get<std::string>() + " " +
                         finding.at("cause").get<std::string>());
    }
    return findings;
  }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_JUDGE_JUDGE_FIXTURE_H_
