// A program that makes a backup of its store, to be crashed everywhere. With
// "--by-link" where the kernel cannot rename without replacing.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "refused_call.h"
#include "saver/sqlite_saver.h"

// A sanitizer's: who is traced cannot look for leaks.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace {

using lastcommit::saver::SqliteSaver;

void Say(std::string_view line) {
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(2);
}

bool Run() {
  const auto saver = SqliteSaver::Open("state.db", {});
  if (!saver.ok()) return false;
  for (const char* name : {"one", "two"}) {
    if (!(*saver)->PutBlob("t", name, std::string(9'000, 'x')).ok()) {
      return false;
    }
    Say("stored\n");
  }
  if (!(*saver)->Backup("backup.db").ok()) return false;
  Say("backed up\n");
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const bool by_link = argc > 1 && std::string_view(argv[1]) == "--by-link";
  if (by_link && !lastcommit::RefuseCall(SYS_renameat2, EINVAL)) return 77;
  return Run() ? 0 : 1;
}
