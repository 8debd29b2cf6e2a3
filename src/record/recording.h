// A recording: what a program did to the files of one directory, call by call
// in the order of the kernel, and what left the program. A file that is written
// and read as a stream; docs/recording-format.md has its bytes.
//
// Nothing in it is trusted when it is read: lengths are bounded, names stay
// below the directory, and a file that ends early or was changed is an error.

#ifndef LASTCOMMIT_RECORD_RECORDING_H_
#define LASTCOMMIT_RECORD_RECORDING_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

// A file of the directory, whatever its names are: 1, 2, ... in the order in
// which they came to be, never used again.
using FileId = std::int64_t;

// What one system call did. Paths are relative to the directory, "" is the
// directory itself.
enum class EffectKind : std::uint8_t {
  kCreate,           // path: a new empty file
  kCreateNameless,   // path: what to call it (O_TMPFILE)
  kCreateDirectory,  // path
  kSymlink,          // path, and to: what it says
  kLink,             // path: another name of the file
  kUnlink,           // path
  kRemoveDirectory,  // path
  kRename,           // path, to
  kExchange,         // path, to
  kWrite,            // offset, bytes
  kTruncate,         // offset: the new size, smaller or larger
  kZero,             // offset, amount: a hole, or zeros
  kSync,             // everything of the file
  kSyncData,         // the same without what reading does not need
  kSyncDirectory,    // path
  kSyncAll,          // sync, syncfs
  kLock,             // offset, amount (0: to the end), exclusive
  kUnlock,           // offset, amount
  // What left the program: bytes has the beginning of it, amount its length.
  kOutput,
  kAck,   // bytes: a line that the program acknowledged with
  kExit,  // of a process; offset: 0 for exit(0); exclusive: the first process
};
inline constexpr int kEffectKinds = static_cast<int>(EffectKind::kExit) + 1;

struct Effect {
  EffectKind kind = EffectKind::kWrite;
  FileId file = 0;
  std::int64_t offset = 0;
  std::int64_t amount = 0;
  bool exclusive = false;
  std::string path = {};
  std::string to = {};
  std::string bytes = {};

  bool operator==(const Effect&) const = default;
};

// One of the functions that led to a call.
struct StackFrame {
  std::string function;      // as people write it; "": it has no name
  std::string module;        // the file that it is in; "": none
  std::uint64_t offset = 0;  // in the module
  std::string source;        // the file of its source; "": unknown
  std::int32_t line = 0;     // there; 0: unknown

  bool operator==(const StackFrame&) const = default;
};

// Where in the program a call was made.
struct RecordedStack {
  std::string program;             // the file that the process executes
  std::vector<StackFrame> frames;  // the innermost first

  bool operator==(const RecordedStack&) const = default;
};

// Which of the stacks of a recording: 1, 2, ...; 0: none is known.
using StackNumber = std::int32_t;

// One system call. Its effects came about together.
struct RecordedCall {
  std::uint64_t number = 0;  // 1, 2, ...; 0: what was there at the beginning
  std::int32_t process = 0;  // 1 is the first
  std::int32_t thread = 0;   // 1 is the first, over all processes
  std::string name;          // of the system call
  std::vector<Effect> effects;
  StackNumber stack = 0;

  bool operator==(const RecordedCall&) const = default;
};

struct RecordingHeader {
  std::vector<std::string> command;
  std::string directory;  // the absolute path that the program saw
};

// How the recording of the program ended.
struct RecordingEnd {
  enum class How {
    kExited,
    kKilled,
    kStopped,  // by us
    kGoesOn,   // and may be recorded again
  };
  How how = How::kExited;
  int status = 0;           // kExited: its exit code; kKilled: the signal
  std::uint64_t calls = 0;  // recorded
  std::int64_t processes = 0;
  std::int64_t outside = 0;  // changes of files outside of the directory
  std::vector<std::string> outside_paths = {};  // the first of them
  // What the recorder did to the program: "all processes were killed before
  // write"; "": nothing. Then the number of the first call after it.
  std::string disturbance = {};
  std::uint64_t disturbed_at = 0;
};

struct RecordingLimits {
  static constexpr std::size_t kMaxPath = 4096;
  static constexpr std::size_t kMaxWrite = std::size_t{16} << 20;
  static constexpr std::size_t kMaxEffects = 1'000'000;  // of a call
  static constexpr std::size_t kMaxOutput = 512;  // what is kept of an output
  static constexpr std::size_t kMaxFrames = 48;   // of a stack
  static constexpr std::size_t kMaxStacks = std::size_t{16} << 20;  // bytes
};

// The name of a kind in the documentation: "write".
std::string_view Name(EffectKind kind);
// It changes what names there are.
bool IsOfNames(EffectKind kind);
// It changes no file and makes none durable: a lock, an output, an end.
bool LeavesFiles(EffectKind kind);

class RecordingWriter {
 public:
  // Makes the file anew; it must not be there. PermissionDenied, ...
  static absl::StatusOr<std::unique_ptr<RecordingWriter>> Create(
      const std::string& path, const RecordingHeader& header);
  ~RecordingWriter();
  RecordingWriter(const RecordingWriter&) = delete;
  RecordingWriter& operator=(const RecordingWriter&) = delete;

  // ResourceExhausted: the disk is full.
  absl::Status Add(const RecordedCall& call);
  // Writes it once, however often it comes, and with no more than the limits
  // allow; calls that are added later may refer to it. 0: there is no room for
  // another one.
  absl::StatusOr<StackNumber> AddStack(RecordedStack stack);
  absl::Status Finish(const RecordingEnd& end);

 private:
  class Impl;
  explicit RecordingWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class RecordingReader {
 public:
  // NotFound, ...; InvalidArgument: no recording, or one of another version.
  static absl::StatusOr<std::unique_ptr<RecordingReader>> Open(
      const std::string& path);
  ~RecordingReader();
  RecordingReader(const RecordingReader&) = delete;
  RecordingReader& operator=(const RecordingReader&) = delete;

  const RecordingHeader& header() const;
  // The next call; false at the end, from which on end() says how it ended.
  // InvalidArgument: it is cut short, or no call is there. `call` is reused.
  absl::StatusOr<bool> Next(RecordedCall& call);
  const RecordingEnd& end() const;
  // That of a call that was read, whose number is not 0.
  const RecordedStack& StackOf(const RecordedCall& call) const;

 private:
  class Impl;
  explicit RecordingReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct RecordingFrame {
  RecordingHeader header;
  RecordingEnd end;
};

// Each call of a recording, in order, until `take` gives an error; then what
// stands around them. `take` must not keep the call.
absl::StatusOr<RecordingFrame> ReadRecording(
    const std::string& path,
    const std::function<absl::Status(const RecordedCall&)>& take);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_RECORDING_H_
