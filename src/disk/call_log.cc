#include "disk/call_log.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

namespace lastcommit {

struct CallLog::Header {
  std::atomic<std::size_t> end;  // of what is there; bytes from the beginning
  std::atomic<bool> is_full;
};

// Its payload (name or bytes) follows.
struct CallLog::Entry {
  SystemCallKind kind;
  bool creates;
  std::atomic<bool> has_returned;
  int descriptor;
  std::int64_t offset;
  std::int64_t result;
  std::size_t name_size;
  std::size_t bytes_size;

  char* payload() { return reinterpret_cast<char*>(this + 1); }
};

namespace {

std::size_t Aligned(std::size_t size) {
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

std::mutex g_append;

}  // namespace

absl::StatusOr<std::unique_ptr<CallLog>> CallLog::Create(std::size_t capacity) {
  void* memory = mmap(nullptr, capacity, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  auto log = std::unique_ptr<CallLog>(new CallLog(memory, capacity));
  log->Clear();
  return log;
}

CallLog::CallLog(void* memory, std::size_t capacity)
    : memory_(memory), capacity_(capacity) {
  new (memory_) Header();
}

CallLog::~CallLog() { munmap(memory_, capacity_); }

CallLog::Header& CallLog::header() const {
  return *static_cast<Header*>(memory_);
}

CallLog::Entry& CallLog::EntryAt(std::size_t offset) const {
  return *reinterpret_cast<Entry*>(static_cast<char*>(memory_) + offset);
}

void CallLog::Clear() {
  // A long round must not cost its memory for ever.
  constexpr std::size_t kKept = 8 << 20;
  if (header().end > kKept) {
    madvise(static_cast<char*>(memory_) + kKept, capacity_ - kKept,
            MADV_REMOVE);
  }
  header().end = Aligned(sizeof(Header));
  header().is_full = false;
}

bool CallLog::is_full() const { return header().is_full; }

std::size_t CallLog::Begin(const SystemCall& call, std::string_view name) {
  const std::lock_guard<std::mutex> lock(g_append);
  const std::size_t begin = header().end;
  const std::size_t size =
      Aligned(sizeof(Entry) + name.size() + call.bytes.size());
  if (size > capacity_ - begin) {
    header().is_full = true;
    return 0;
  }
  auto* entry = new (&EntryAt(begin)) Entry();
  entry->kind = call.kind;
  entry->creates = call.creates;
  entry->descriptor = call.descriptor;
  entry->offset = call.offset;
  entry->name_size = name.size();
  entry->bytes_size = call.bytes.size();
  std::memcpy(entry->payload(), name.data(), name.size());
  if (!call.bytes.empty()) {
    std::memcpy(entry->payload() + name.size(), call.bytes.data(),
                call.bytes.size());
  }
  // A kill between any two instructions leaves whole entries before `end`.
  header().end.store(begin + size, std::memory_order_release);
  return begin;
}

void CallLog::End(std::size_t number, std::int64_t result) {
  if (number == 0) return;
  EntryAt(number).result = result;
  EntryAt(number).has_returned.store(true, std::memory_order_release);
}

std::vector<LoggedCall> CallLog::Calls() const {
  std::vector<LoggedCall> calls;
  const std::size_t end = header().end;
  for (std::size_t at = Aligned(sizeof(Header)); at < end;) {
    Entry& entry = EntryAt(at);
    const std::string_view name(entry.payload(), entry.name_size);
    const std::string_view bytes(entry.payload() + entry.name_size,
                                 entry.bytes_size);
    const bool has_returned = entry.has_returned;
    const bool is_open = entry.kind == SystemCallKind::kOpen;
    calls.push_back(
        {entry.kind, name,
         is_open ? static_cast<int>(entry.result) : entry.descriptor,
         entry.offset, bytes, entry.creates, has_returned, entry.result});
    at += Aligned(sizeof(Entry) + entry.name_size + entry.bytes_size);
  }
  return calls;
}

CallRecorder::CallRecorder(std::string directory, CallLog& log)
    : directory_(std::move(directory)), log_(log) {}

namespace {

// The number of the call that this thread makes; observed calls do not nest.
thread_local std::size_t g_begun = 0;

// nullopt: not in the directory, or not to be recorded.
std::optional<std::string_view> NameIn(std::string_view directory,
                                       std::string_view path) {
  if (path == directory) return "";
  if (!path.starts_with(directory)) return std::nullopt;
  path.remove_prefix(directory.size());
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  if (path.find('/') != std::string_view::npos || path.ends_with("-shm")) {
    return std::nullopt;
  }
  return path;
}

bool IsRecorded(SystemCallKind kind) {
  return kind != SystemCallKind::kRead && kind != SystemCallKind::kLock;
}

}  // namespace

SystemCallAnswer CallRecorder::BeforeCall(const SystemCall& call) {
  g_begun = 0;
  if (!IsRecorded(call.kind)) return {};
  if (const auto name = NameIn(directory_, call.path)) {
    g_begun = log_.Begin(call, *name);
  }
  return {};
}

void CallRecorder::AfterCall(const SystemCall& /*call*/, std::int64_t result) {
  log_.End(g_begun, result);
}

}  // namespace lastcommit
