#include "output/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace lastcommit {

std::string Machine() {
  utsname kernel = {};
  uname(&kernel);  // cannot fail
  const auto processors = sysconf(_SC_NPROCESSORS_ONLN);
  return absl::StrCat(kernel.sysname, " ", kernel.release, " ", kernel.machine,
                      ", ", processors,
                      processors == 1 ? " processor" : " processors");
}

}  // namespace lastcommit
