// Program: the real binary, run in a directory of its own, its standard output
// and error caught. Its name is "lastcommit", wherever it stands.

#ifndef LASTCOMMIT_TESTS_E2E_PROGRAM_H_
#define LASTCOMMIT_TESTS_E2E_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "directory.h"
#include "gtest/gtest.h"

namespace lastcommit {

using Arguments = std::vector<std::string>;

struct Outcome {
  int exit_code = -1;  // -1 = ended by a signal
  std::string out;
  std::string err;
};

// A running program. Ends with the test: it is killed if nobody waited for it.
class Program {
 public:
  // Runs in `directory`.
  Program(const std::string& directory, const Arguments& arguments);
  // The same with another executable, a script for one.
  Program(const std::string& directory, const std::string& executable,
          const Arguments& arguments);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of the standard output, which is also in the outcome.
  std::string ReadLine();
  // Sends the signal again and again until the program has ended.
  void SignalUntilItEnds(int signal) const;
  // The program finds its standard output closed.
  void CloseOutput();
  // Waits until the program has forked, and sends a child the signal. False:
  // the program ended before.
  [[nodiscard]] bool SignalAnyChild(int signal) const;
  Outcome Wait();

 private:
  bool HasEnded() const;  // it still is to be waited for

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string read_;           // of the standard output so far
  std::size_t next_line_ = 0;  // where ReadLine begins in it
};

class ProgramTest : public testing::Test {
 protected:
  Outcome Run(const Arguments& arguments) {
    return Program(directory_.path(), arguments).Wait();
  }
  // A script of the repository, with the real binary instead of a build.
  Outcome RunScript(const std::string& name, const Arguments& arguments);
  // What the program says of an error is one line that names the program.
  void ExpectError(const Outcome& outcome, int exit_code,
                   const std::string& message);

  Directory directory_;
};

// With its newline.
std::string LastLine(const Outcome& outcome);

// With what differs between machines and runs put into words: versions of
// SQLite, times, the directory.
std::string Masked(const std::string& text);

// The output masked, compared with the golden file of that name.
void ExpectGoldenOutput(const std::string& name, const Outcome& outcome);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_E2E_PROGRAM_H_
