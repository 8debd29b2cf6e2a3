// A program that writes to a file in a function whose name and line are known:
// it prints the line. With "again" it makes a file first and executes itself
// without it; with "deep" it calls itself often before.

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace rows {

void PutRow(int file) {
  constexpr int kLine = __LINE__ + 1;
  if (pwrite(file, "row", 3, 0) != 3) std::perror("pwrite");
  std::printf("line %d\n", kLine);
}

void PutDeep(int file, int depth) {
  depth > 0 ? PutDeep(file, depth - 1) : PutRow(file);
}

}  // namespace rows

int main(int argc, char** argv) {
  const char* const how = argc > 1 ? argv[1] : "";
  if (std::strcmp(how, "again") == 0) {
    open("first", O_WRONLY | O_CREAT, 0600);
    execl("/proc/self/exe", argv[0], nullptr);
    return 1;
  }
  const int file = open("file", O_WRONLY | O_CREAT, 0600);
  rows::PutDeep(file, std::strcmp(how, "deep") == 0 ? 100 : 0);
  return 0;
}
