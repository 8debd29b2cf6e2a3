// FileReader: reads files of the recorded program back, through descriptors of
// the recorder's own that stay open for a while. What a call has written is
// read from the file and not from the program's memory, which another thread
// may change meanwhile.

#ifndef LASTCOMMIT_RECORD_FILE_READER_H_
#define LASTCOMMIT_RECORD_FILE_READER_H_

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "record/recording.h"

namespace lastcommit {

class FileReader {
 public:
  FileReader() = default;
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // `path` leads to the file now. nullopt: it cannot be read, or it ends
  // before.
  std::optional<std::string> Read(FileId file, const std::string& path,
                                  std::int64_t offset, std::int64_t amount);
  // All of it, also later, when no path leads to it any more; if it has been
  // read before.
  std::optional<std::string> ReadAll(FileId file);
  // Keeps it open until the end.
  bool Keep(FileId file, const std::string& path);

 private:
  static constexpr std::size_t kMostOpen = 128;
  int Open(FileId file, const std::string& path);

  struct Opened {
    int descriptor = -1;
    std::list<FileId>::iterator age;
  };
  std::map<FileId, Opened> open_;
  std::list<FileId> by_age_;  // the newest first
  std::map<FileId, int> kept_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_FILE_READER_H_
