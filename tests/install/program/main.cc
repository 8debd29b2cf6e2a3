#include <iostream>

#include "saver/sqlite_saver.h"

int main() {
  const auto saver = lastcommit::saver::SqliteSaver::Open("state.db", {});
  if (!saver.ok()) return std::cerr << saver.status() << "\n", 1;
  const absl::Status put =
      (*saver)->PutBlob("thread-1", "greeting", "hello, disk");
  if (!put.ok()) return std::cerr << put << "\n", 1;
  std::cout << (*saver)->GetBlob("thread-1", "greeting").value() << "\n";
}
