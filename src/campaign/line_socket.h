// Lines of text over a socket, between a supervisor and a worker. A peer that
// is gone is the end of the lines, never a signal.

#ifndef LASTCOMMIT_CAMPAIGN_LINE_SOCKET_H_
#define LASTCOMMIT_CAMPAIGN_LINE_SOCKET_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

class LineSocket {
 public:
  // Owns the descriptor.
  explicit LineSocket(int socket) : socket_(socket) {}
  ~LineSocket() { Close(); }
  LineSocket(const LineSocket&) = delete;
  LineSocket& operator=(const LineSocket&) = delete;

  // False if the peer is gone.
  bool Send(std::string_view lines);
  // The peer finds the end of the lines; it can still answer.
  void EndSending();

  // The next line, without its newline; nullopt at the end.
  std::optional<std::string> WaitForLine();
  // Reads once and appends the whole lines that are there; false at the end.
  bool ReadLines(std::vector<std::string>& lines);

  int descriptor() const { return socket_; }
  void Close();

 private:
  int socket_;
  std::string partial_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_LINE_SOCKET_H_
