#include "record/stack_walker.h"

#ifdef LASTCOMMIT_HAS_LIBDW
#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#endif

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace lastcommit {

#ifdef LASTCOMMIT_HAS_LIBDW

namespace {

struct EndSession {
  void operator()(Dwfl* session) const { dwfl_end(session); }
};
using Session = std::unique_ptr<Dwfl, EndSession>;

// Debug information that is not in the file itself is looked for by its build
// id; libdw's own default would also ask servers for it.
constexpr Dwfl_Callbacks kCallbacks = {
    .find_elf = dwfl_linux_proc_find_elf,
    .find_debuginfo = dwfl_build_id_find_debuginfo,
    .section_address = nullptr,
    .debuginfo_path = nullptr,
};

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

std::string Demangled(const char* name) {
  int status = 0;
  const std::unique_ptr<char, FreeText> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status));
  return status == 0 ? text.get() : name;
}

StackFrame FrameAt(Dwfl* session, Dwarf_Addr address) {
  StackFrame frame;
  Dwfl_Module* const module = dwfl_addrmodule(session, address);
  if (module == nullptr) {
    frame.offset = address;
    return frame;
  }
  Dwarf_Addr begin = 0;
  const char* const name = dwfl_module_info(module, nullptr, &begin, nullptr,
                                            nullptr, nullptr, nullptr, nullptr);
  if (name != nullptr) frame.module = name;
  frame.offset = address - begin;
  GElf_Off in_function = 0;
  GElf_Sym symbol = {};
  const char* const function = dwfl_module_addrinfo(
      module, address, &in_function, &symbol, nullptr, nullptr, nullptr);
  if (function != nullptr) frame.function = Demangled(function);
  if (Dwfl_Line* const line = dwfl_module_getsrc(module, address)) {
    int number = 0;
    const char* const source =
        dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr);
    if (source != nullptr && number > 0) {
      frame.source = source;
      frame.line = number;
    }
  }
  return frame;
}

struct Frames {
  Dwfl* session;
  std::vector<StackFrame>& frames;
};

int TakeFrame(Dwfl_Frame* state, void* argument) {
  auto& [session, frames] = *static_cast<Frames*>(argument);
  Dwarf_Addr address = 0;
  bool is_exact = false;  // or else it is where a call returns to
  if (!dwfl_frame_pc(state, &address, &is_exact)) return DWARF_CB_ABORT;
  frames.push_back(FrameAt(session, is_exact ? address : address - 1));
  return frames.size() < RecordingLimits::kMaxFrames ? DWARF_CB_OK
                                                     : DWARF_CB_ABORT;
}

}  // namespace

class StackWalker::Impl {
 public:
  static constexpr bool kIsThere = true;

  RecordedStack Walk(pid_t process, pid_t thread) {
    RecordedStack stack;
    std::error_code is_gone;
    stack.program = std::filesystem::read_symlink(
        absl::StrCat("/proc/", process, "/exe"), is_gone);
    Dwfl* const session = SessionOf(process);
    if (session == nullptr) return stack;
    Frames frames = {session, stack.frames};
    dwfl_getthread_frames(session, thread, TakeFrame, &frames);
    return stack;
  }

  void Forget(pid_t process) { sessions_.erase(process); }

 private:
  // With the modules that are loaded now; those that were known stay.
  Dwfl* SessionOf(pid_t process) {
    Session& session = sessions_[process];
    const bool is_new = session == nullptr;
    if (is_new) session.reset(dwfl_begin(&kCallbacks));
    if (session == nullptr) return nullptr;
    dwfl_report_begin(session.get());
    const bool is_reported =
        dwfl_linux_proc_report(session.get(), process) == 0;
    dwfl_report_end(session.get(), nullptr, nullptr);
    const bool is_attached =
        is_reported && (!is_new || dwfl_linux_proc_attach(
                                       session.get(), process,
                                       /*assume_ptrace_stopped=*/true) == 0);
    if (!is_attached) session.reset();
    return session.get();
  }

  std::map<pid_t, Session> sessions_;
};

#else

class StackWalker::Impl {
 public:
  static constexpr bool kIsThere = false;

  static RecordedStack Walk(pid_t /*process*/, pid_t /*thread*/) { return {}; }
  static void Forget(pid_t /*process*/) {}
};

#endif

bool StackWalker::IsThere() { return Impl::kIsThere; }
StackWalker::StackWalker() : impl_(std::make_unique<Impl>()) {}
StackWalker::~StackWalker() = default;
RecordedStack StackWalker::Walk(pid_t process, pid_t thread) {
  return impl_->Walk(process, thread);
}
void StackWalker::Forget(pid_t process) { impl_->Forget(process); }

}  // namespace lastcommit
