#include "record/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "names/names.h"
#include "record/recording_codec.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMagic = "lastcommit recording 2\n";
// What a record begins with, before the length of the rest.
enum class Tag : unsigned char {
  kHeader = 'H',
  kStack = 'S',
  kCall = 'C',
  kEnd = 'E',
};
// Of any record but a call.
constexpr std::uint64_t kMaxText = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxCall = std::uint64_t{1} << 31;

constexpr Names<EffectKind, EffectKind::kExit> kNames(
    "create", "create_nameless", "create_directory", "symlink", "link",
    "unlink", "remove_directory", "rename", "exchange", "write", "truncate",
    "zero", "sync", "sync_data", "sync_directory", "sync_all", "lock", "unlock",
    "output", "ack", "exit");

// Whatever bytes there are in names become text.
std::string TextOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string TextOf(const RecordingHeader& header) {
  return TextOf(
      Json{{"command", header.command}, {"directory", header.directory}});
}

std::string TextOf(const RecordingEnd& end) {
  return TextOf(Json{{"how", static_cast<int>(end.how)},
                     {"status", end.status},
                     {"calls", end.calls},
                     {"processes", end.processes},
                     {"outside", end.outside},
                     {"outside_paths", end.outside_paths},
                     {"disturbance", end.disturbance},
                     {"disturbed_at", end.disturbed_at}});
}

RecordingHeader HeaderOf(const Json& json) {
  return {json.at("command").get<std::vector<std::string>>(),
          json.at("directory").get<std::string>()};
}

RecordingEnd EndOf(const Json& json) {
  RecordingEnd end;
  const int how = json.at("how").get<int>();
  constexpr int kLast = static_cast<int>(RecordingEnd::How::kGoesOn);
  if (how >= 0 && how <= kLast) end.how = static_cast<RecordingEnd::How>(how);
  end.status = json.at("status").get<int>();
  end.calls = json.at("calls").get<std::uint64_t>();
  end.processes = json.at("processes").get<std::int64_t>();
  end.outside = json.at("outside").get<std::int64_t>();
  end.outside_paths = json.at("outside_paths").get<std::vector<std::string>>();
  end.disturbance = json.value("disturbance", "");
  end.disturbed_at = json.value("disturbed_at", std::uint64_t{0});
  return end;
}

template <typename Value, typename Of>
bool Parse(const std::string& text, Of of, Value& value) {
  try {  // nlohmann-json reports by exceptions; they end here
    value = of(Json::parse(text));
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

// The beginning of a record: its tag, and how much follows.
constexpr std::size_t kFrame = 1 + sizeof(std::uint64_t);

std::array<char, kFrame> FrameOf(Tag tag, std::uint64_t size) {
  std::array<char, kFrame> frame;
  frame[0] = static_cast<char>(tag);
  for (std::size_t i = 1; i < kFrame; ++i) {
    frame[i] = static_cast<char>(size >> (8 * (i - 1)));
  }
  return frame;
}

struct CloseStream {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeHash {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

class RunningHash {
 public:
  RunningHash() : state_(XXH3_createState()) {
    CHECK(state_ != nullptr);
    XXH3_64bits_reset(state_.get());
  }
  void Add(std::string_view bytes) {
    XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
  }
  std::uint64_t Value() const { return XXH3_64bits_digest(state_.get()); }

 private:
  std::unique_ptr<XXH3_state_t, FreeHash> state_;
};

}  // namespace

std::string_view Name(EffectKind kind) { return kNames.Of(kind); }

bool IsOfNames(EffectKind kind) { return kind <= EffectKind::kExchange; }
bool LeavesFiles(EffectKind kind) { return kind >= EffectKind::kLock; }

class RecordingWriter::Impl {
 public:
  Impl(std::string path, std::FILE* file)
      : path_(std::move(path)), file_(file) {}

  absl::Status Put(std::string_view bytes) {
    hash_.Add(bytes);
    return Write(bytes);
  }
  absl::Status PutRecord(Tag tag, std::string_view payload) {
    const auto frame = FrameOf(tag, payload.size());
    RETURN_IF_ERROR(Put({frame.data(), frame.size()}));
    return Put(payload);
  }
  absl::Status PutDigest() {
    const std::uint64_t digest = hash_.Value();
    std::string bytes;
    for (int i = 0; i < 8; ++i) {
      bytes.push_back(static_cast<char>(digest >> (8 * i)));
    }
    RETURN_IF_ERROR(Write(bytes));
    return std::fflush(file_.get()) == 0 ? absl::OkStatus() : Failed();
  }

  absl::StatusOr<StackNumber> PutStackOnce(const std::string& payload) {
    const auto found = stacks_.find(payload);
    if (found != stacks_.end()) return found->second;
    if (stack_bytes_ + payload.size() > RecordingLimits::kMaxStacks) return 0;
    stack_bytes_ += payload.size();
    RETURN_IF_ERROR(PutRecord(Tag::kStack, payload));
    const auto number = static_cast<StackNumber>(stacks_.size() + 1);
    stacks_.emplace(payload, number);
    return number;
  }

  std::string& buffer() {
    buffer_.clear();
    return buffer_;
  }

 private:
  absl::Status Write(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) ==
        bytes.size()) {
      return absl::OkStatus();
    }
    return Failed();
  }
  absl::Status Failed() const {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path_));
  }

  std::string path_;
  std::unique_ptr<std::FILE, CloseStream> file_;
  RunningHash hash_;
  std::string buffer_;
  std::unordered_map<std::string, StackNumber> stacks_;
  std::size_t stack_bytes_ = 0;
};

RecordingWriter::RecordingWriter(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
RecordingWriter::~RecordingWriter() = default;

absl::StatusOr<std::unique_ptr<RecordingWriter>> RecordingWriter::Create(
    const std::string& path, const RecordingHeader& header) {
  const int descriptor =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  std::FILE* file = descriptor < 0 ? nullptr : fdopen(descriptor, "wb");
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  }
  auto impl = std::make_unique<Impl>(path, file);
  RETURN_IF_ERROR(impl->Put(kMagic));
  RETURN_IF_ERROR(impl->PutRecord(Tag::kHeader, TextOf(header)));
  return std::unique_ptr<RecordingWriter>(new RecordingWriter(std::move(impl)));
}

absl::Status RecordingWriter::Add(const RecordedCall& call) {
  std::string& payload = impl_->buffer();
  PutCall(call, payload);
  return impl_->PutRecord(Tag::kCall, payload);
}

absl::StatusOr<StackNumber> RecordingWriter::AddStack(RecordedStack stack) {
  Shorten(stack);
  std::string& payload = impl_->buffer();
  PutStack(stack, payload);
  return impl_->PutStackOnce(payload);
}

absl::Status RecordingWriter::Finish(const RecordingEnd& end) {
  RETURN_IF_ERROR(impl_->PutRecord(Tag::kEnd, TextOf(end)));
  return impl_->PutDigest();
}

class RecordingReader::Impl {
 public:
  Impl(std::string path, std::FILE* file)
      : path_(std::move(path)), file_(file) {}

  absl::Status Begin() {
    std::string magic(kMagic.size(), '\0');
    if (!Take(magic) || magic != kMagic) {
      return absl::InvalidArgumentError(absl::StrCat(
          path_, " is no recording of this version of lastcommit"));
    }
    hash_.Add(magic);
    ASSIGN_OR_RETURN(const Tag tag, TakeRecord());
    if (tag != Tag::kHeader || !Parse(payload_, HeaderOf, header_)) {
      return Bad("its header cannot be read");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(RecordedCall& call) {
    ASSIGN_OR_RETURN(const Tag tag, TakeRecordAfterStacks());
    if (tag == Tag::kCall) {
      if (!TakeCall(payload_, call) || call.number != calls_ ||
          static_cast<std::size_t>(call.stack) > stacks_.size()) {
        return Bad("it has something else there than that call");
      }
      ++calls_;
      return true;
    }
    if (tag != Tag::kEnd || !Parse(payload_, EndOf, end_)) {
      return Bad("its end cannot be read");
    }
    const std::uint64_t expected = hash_.Value();
    std::string digest(sizeof(expected), '\0');
    std::uint64_t found = 0;
    if (!Take(digest)) return Bad("it is cut short");
    for (std::size_t i = 0; i < digest.size(); ++i) {
      found |= std::uint64_t{static_cast<unsigned char>(digest[i])} << (8 * i);
    }
    if (found != expected || std::fgetc(file_.get()) != EOF) {
      return Bad("its bytes are not those that were written");
    }
    return false;
  }

  const RecordingHeader& header() const { return header_; }
  const RecordingEnd& end() const { return end_; }
  const RecordedStack& StackOf(const RecordedCall& call) const {
    return stacks_[static_cast<std::size_t>(call.stack) - 1];
  }

 private:
  absl::StatusOr<Tag> TakeRecordAfterStacks() {
    while (true) {
      ASSIGN_OR_RETURN(const Tag tag, TakeRecord());
      if (tag != Tag::kStack) return tag;
      stack_bytes_ += payload_.size();
      if (stack_bytes_ > RecordingLimits::kMaxStacks ||
          !TakeStack(payload_, stacks_.emplace_back())) {
        return Bad("it has a stack there that cannot be");
      }
    }
  }

  bool Take(std::string& bytes) {
    return std::fread(bytes.data(), 1, bytes.size(), file_.get()) ==
           bytes.size();
  }

  absl::StatusOr<Tag> TakeRecord() {
    std::string frame(kFrame, '\0');
    if (!Take(frame)) return Bad("it is cut short");
    std::uint64_t size = 0;
    for (std::size_t i = 1; i < kFrame; ++i) {
      size |= std::uint64_t{static_cast<unsigned char>(frame[i])}
              << (8 * (i - 1));
    }
    const auto tag = static_cast<Tag>(frame[0]);
    if (size > (tag == Tag::kCall ? kMaxCall : kMaxText)) {
      return Bad("it has something else there than that call");
    }
    // In pieces: a length that was made up takes no more memory than there are
    // bytes.
    payload_.clear();
    constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
    while (payload_.size() < size) {
      std::string piece(std::min(kPiece, size - payload_.size()), '\0');
      if (!Take(piece)) return Bad("it is cut short");
      payload_ += piece;
    }
    hash_.Add(frame);
    hash_.Add(payload_);
    return tag;
  }

  absl::Status Bad(std::string_view why) const {
    return absl::InvalidArgumentError(
        absl::StrCat("the recording ", path_, " cannot be read at call ",
                     calls_, ": ", std::string(why)));
  }

  std::string path_;
  std::unique_ptr<std::FILE, CloseStream> file_;
  RunningHash hash_;
  std::string payload_;
  RecordingHeader header_;
  RecordingEnd end_;
  std::uint64_t calls_ = 0;
  std::vector<RecordedStack> stacks_;
  std::size_t stack_bytes_ = 0;
};

RecordingReader::RecordingReader(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
RecordingReader::~RecordingReader() = default;

absl::StatusOr<std::unique_ptr<RecordingReader>> RecordingReader::Open(
    const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path));
  }
  auto impl = std::make_unique<Impl>(path, file);
  RETURN_IF_ERROR(impl->Begin());
  return std::unique_ptr<RecordingReader>(new RecordingReader(std::move(impl)));
}

const RecordingHeader& RecordingReader::header() const {
  return impl_->header();
}
absl::StatusOr<bool> RecordingReader::Next(RecordedCall& call) {
  return impl_->Next(call);
}
const RecordingEnd& RecordingReader::end() const { return impl_->end(); }
const RecordedStack& RecordingReader::StackOf(const RecordedCall& call) const {
  return impl_->StackOf(call);
}

absl::StatusOr<RecordingFrame> ReadRecording(
    const std::string& path,
    const std::function<absl::Status(const RecordedCall&)>& take) {
  ASSIGN_OR_RETURN(const auto reader, RecordingReader::Open(path));
  RecordedCall call;
  while (true) {
    ASSIGN_OR_RETURN(const bool is_there, reader->Next(call));
    if (!is_there) return RecordingFrame{reader->header(), reader->end()};
    RETURN_IF_ERROR(take(call));
  }
}

}  // namespace lastcommit
