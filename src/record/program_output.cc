#include "record/program_output.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

void See(int descriptor, Outlets& outlets) {
  struct stat found = {};
  if (fstat(descriptor, &found) != 0) return;
  if (!S_ISCHR(found.st_mode)) {
    outlets.outputs.insert({found.st_dev, found.st_ino});
  } else if (isatty(descriptor) != 0) {
    outlets.terminals.insert(found.st_rdev);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<ProgramOutput>> ProgramOutput::Open(
    const std::string& file, bool is_terminal) {
  std::unique_ptr<ProgramOutput> output(new ProgramOutput());
  if (!file.empty()) {
    output->file_ =
        open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
             0600);
    if (output->file_ < 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", file));
    }
  }
  if (!is_terminal) return output;
  if (openpty(&output->master_, &output->slave_, nullptr, nullptr, nullptr) !=
      0) {
    return absl::ErrnoToStatus(errno, "cannot make a pseudo-terminal");
  }
  for (const int end : {output->master_, output->slave_}) {
    fcntl(end, F_SETFD, FD_CLOEXEC);
  }
  fcntl(output->master_, F_SETFL, O_RDWR | O_NONBLOCK);
  // Each byte comes out as it is.
  termios settings = {};
  tcgetattr(output->slave_, &settings);
  settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  tcsetattr(output->slave_, TCSANOW, &settings);
  return output;
}

ProgramOutput::~ProgramOutput() {
  for (const int descriptor : {file_, master_, slave_}) {
    if (descriptor >= 0) close(descriptor);
  }
}

Outlets ProgramOutput::OutletsWith(const std::string& ack) const {
  Outlets outlets;
  See(slave_ >= 0 ? slave_ : file_ >= 0 ? file_ : STDOUT_FILENO, outlets);
  See(file_ >= 0 ? file_ : STDERR_FILENO, outlets);
  struct stat found = {};
  // The terminal of the process itself, whatever it is.
  if (stat("/dev/tty", &found) == 0) outlets.terminals.insert(found.st_rdev);
  if (stat(ack.c_str(), &found) == 0) {
    outlets.ack = {found.st_dev, found.st_ino};
  }
  return outlets;
}

bool ProgramOutput::Attach() const {
  const int output = slave_ >= 0 ? slave_ : file_;
  if (output >= 0 && dup2(output, STDOUT_FILENO) < 0) return false;
  return file_ < 0 || dup2(file_, STDERR_FILENO) >= 0;
}

void ProgramOutput::Attached() {
  if (slave_ >= 0) close(slave_);
  slave_ = -1;
}

void ProgramOutput::Copy() const {
  char bytes[4096];
  ssize_t size = 0;
  while (master_ >= 0 && (size = read(master_, bytes, sizeof(bytes))) > 0) {
    for (ssize_t done = 0; done < size;) {
      const ssize_t written =
          write(file_ >= 0 ? file_ : STDOUT_FILENO, bytes + done,
                static_cast<std::size_t>(size - done));
      if (written < 0 && errno != EINTR) break;  // nobody reads it
      if (written > 0) done += written;
    }
  }
}

}  // namespace lastcommit
