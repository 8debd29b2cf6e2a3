// A program that makes a backup of its store, to be crashed everywhere.

#include <unistd.h>

#include <string>
#include <string_view>

#include "saver/sqlite_saver.h"

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

int main() { return Run() ? 0 : 1; }
