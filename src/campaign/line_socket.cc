#include "campaign/line_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace lastcommit {

bool LineSocket::Send(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t sent =
        send(socket_, lines.data(), lines.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return false;
    if (sent > 0) lines.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void LineSocket::EndSending() { shutdown(socket_, SHUT_WR); }

std::optional<std::string> LineSocket::WaitForLine() {
  while (true) {
    const std::size_t end = partial_.find('\n');
    if (end != std::string::npos) {
      std::string line = partial_.substr(0, end);
      partial_.erase(0, end + 1);
      return line;
    }
    char buffer[4096];
    const ssize_t size = read(socket_, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return std::nullopt;
    partial_.append(buffer, static_cast<std::size_t>(size));
  }
}

bool LineSocket::ReadLines(std::vector<std::string>& lines) {
  char buffer[65536];
  const ssize_t size = read(socket_, buffer, sizeof(buffer));
  if (size < 0 && errno == EINTR) return true;
  if (size <= 0) return false;
  partial_.append(buffer, static_cast<std::size_t>(size));
  std::size_t begin = 0;
  for (std::size_t end = partial_.find('\n'); end != std::string::npos;
       end = partial_.find('\n', begin)) {
    lines.push_back(partial_.substr(begin, end - begin));
    begin = end + 1;
  }
  partial_.erase(0, begin);
  return true;
}

void LineSocket::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

}  // namespace lastcommit
