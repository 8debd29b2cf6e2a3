// Drivers in Python, for tests.

#ifndef LASTCOMMIT_TESTS_PYTHON_H_
#define LASTCOMMIT_TESTS_PYTHON_H_

#include <cstdlib>
#include <string>

namespace lastcommit {

// Whether there is one with sqlite3. Changes the environment: from then on
// Python keeps what it has compiled in `kept`, since a driver is started
// thousands of times.
inline bool FindPython(const std::string& python, const char* kept) {
  setenv("PYTHONPYCACHEPREFIX", kept, 1);
  unsetenv("PYTHONDONTWRITEBYTECODE");
  return std::system((python + " -c 'import sqlite3' 2> /dev/null").c_str()) ==
         0;
}

// The command of a driver of tests/programs/drivers. Without what a site adds
// to Python it starts faster.
inline std::string DriverInPython(const std::string& python,
                                  const std::string& drivers,
                                  const std::string& module,
                                  const std::string& bug) {
  return python + " -S " + drivers + "run.py " + module + " " + bug;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_PYTHON_H_
