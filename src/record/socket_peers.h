// SocketPeers: whether what a recorded process sends through a socket leaves
// the recorded processes: an answer to a client, a request to a server.
// Connections only: what a datagram says promises nothing.

#ifndef LASTCOMMIT_RECORD_SOCKET_PEERS_H_
#define LASTCOMMIT_RECORD_SOCKET_PEERS_H_

#include <sys/types.h>

#include <map>
#include <set>
#include <utility>

#include "record/tracee.h"

namespace lastcommit {

// Which file of the kernel: device and number.
using KernelFile = std::pair<dev_t, ino_t>;

class SocketPeers {
 public:
  // A process that is recorded.
  void AddProcess(pid_t process) { processes_.insert(process); }
  // The other end of the socket is held by a process that is not.
  bool IsOutside(const Tracee& tracee, int descriptor);

 private:
  bool IsOutsideOfTcp(const Tracee& tracee, ino_t socket) const;
  bool IsRecorded(ino_t socket) const;

  std::set<pid_t> processes_;
  // An end of a connection stays where it is.
  std::map<KernelFile, bool> known_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_SOCKET_PEERS_H_
