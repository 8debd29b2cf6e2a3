#include "record/socket_peers.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

struct CloseStream {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// The socket of the program as a descriptor of the caller's own; -1: none.
int Borrow(const Tracee& tracee, int descriptor) {
  const auto process =
      static_cast<int>(syscall(SYS_pidfd_open, tracee.Process(), 0U));
  if (process < 0) return -1;
  const auto closes = absl::MakeCleanup([process] { close(process); });
  return static_cast<int>(syscall(SYS_pidfd_getfd, process, descriptor, 0U));
}

template <typename Value>
std::optional<Value> OptionOf(int socket, int option) {
  Value value = {};
  socklen_t size = sizeof(value);
  if (getsockopt(socket, SOL_SOCKET, option, &value, &size) != 0) {
    return std::nullopt;
  }
  return value;
}

// A line of /proc/net/tcp. Ports tell the ends of connections of one machine
// apart; the same address is written in several ways there.
struct TcpSocket {
  unsigned local = 0;
  unsigned remote = 0;
  bool listens = false;
  ino_t inode = 0;  // 0: nobody has accepted it yet, or all have closed it
};

std::vector<TcpSocket> TcpSocketsOf(pid_t tid) {
  constexpr unsigned kListens = 10;  // TCP_LISTEN
  std::vector<TcpSocket> sockets;
  for (const char* const table : {"tcp", "tcp6"}) {
    const std::unique_ptr<std::FILE, CloseStream> file(
        std::fopen(absl::StrCat("/proc/", tid, "/net/", table).c_str(), "re"));
    char line[512];
    while (file != nullptr &&
           std::fgets(line, sizeof(line), file.get()) != nullptr) {
      TcpSocket socket;
      unsigned state = 0;
      std::uint64_t inode = 0;
      if (std::sscanf(line,
                      " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x %*s %*s %*s %*s "
                      "%*s %" SCNu64,
                      &socket.local, &socket.remote, &state, &inode) == 4) {
        socket.listens = state == kListens;
        socket.inode = static_cast<ino_t>(inode);
        sockets.push_back(socket);
      }
    }
  }
  return sockets;
}

}  // namespace

bool SocketPeers::IsRecorded(ino_t socket) const {
  const std::string name = absl::StrCat("socket:[", socket, "]");
  for (const pid_t process : processes_) {
    std::error_code error;  // it is gone
    for (fs::directory_iterator
             it(absl::StrCat("/proc/", process, "/fd"), error),
         end;
         !error && it != end; it.increment(error)) {
      std::error_code unreadable;
      if (fs::read_symlink(it->path(), unreadable) == name) return true;
    }
  }
  return false;
}

bool SocketPeers::IsOutsideOfTcp(const Tracee& tracee, ino_t socket) const {
  const std::vector<TcpSocket> all = TcpSocketsOf(tracee.tid());
  const auto mine = std::find_if(
      all.begin(), all.end(),
      [socket](const TcpSocket& one) { return one.inode == socket; });
  if (mine == all.end()) return false;
  // What is not accepted yet belongs to whoever listens.
  return std::none_of(all.begin(), all.end(), [&](const TcpSocket& one) {
    const bool is_peer =
        one.local == mine->remote && (one.listens || one.remote == mine->local);
    return is_peer && one.inode != 0 && IsRecorded(one.inode);
  });
}

bool SocketPeers::IsOutside(const Tracee& tracee, int descriptor) {
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value()) return false;
  const KernelFile key = {found->st_dev, found->st_ino};
  if (const auto known = known_.find(key); known != known_.end()) {
    return known->second;
  }
  const int socket = Borrow(tracee, descriptor);
  if (socket < 0) return false;
  const auto closes = absl::MakeCleanup([socket] { close(socket); });
  sockaddr_storage peer = {};
  socklen_t size = sizeof(peer);
  const int type = OptionOf<int>(socket, SO_TYPE).value_or(SOCK_DGRAM);
  if ((type != SOCK_STREAM && type != SOCK_SEQPACKET) ||
      getpeername(socket, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return false;
  }
  bool is_outside = false;
  switch (OptionOf<int>(socket, SO_DOMAIN).value_or(AF_UNSPEC)) {
    case AF_UNIX: {
      const auto who = OptionOf<ucred>(socket, SO_PEERCRED);
      is_outside = who.has_value() && !processes_.contains(who->pid);
      break;
    }
    case AF_INET:
    case AF_INET6:
      is_outside = IsOutsideOfTcp(tracee, found->st_ino);
      break;
    default:
      break;
  }
  known_[key] = is_outside;
  return is_outside;
}

}  // namespace lastcommit
