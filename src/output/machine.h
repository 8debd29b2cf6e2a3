// What a program runs on, for those who read its results.

#ifndef LASTCOMMIT_OUTPUT_MACHINE_H_
#define LASTCOMMIT_OUTPUT_MACHINE_H_

#include <string>

namespace lastcommit {

// "Linux 6.1.0 x86_64, 2 processors": nothing that names the machine.
std::string Machine();

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_MACHINE_H_
