// What a file of SQLite's is, by the flags with which it is opened, and by its
// name. For the VFSes.

#ifndef LASTCOMMIT_DISK_FILE_ROLE_H_
#define LASTCOMMIT_DISK_FILE_ROLE_H_

#include <string_view>

#include "disk/shim_vfs.h"

namespace lastcommit {

FileRole RoleOf(int open_flags);
FileRole RoleOfPath(std::string_view path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_FILE_ROLE_H_
