// How remarks add up to a verdict: the one place that decides which words the
// last line begins with.

#ifndef LASTCOMMIT_VERIFY_REPORT_H_
#define LASTCOMMIT_VERIFY_REPORT_H_

#include <string>
#include <vector>

#include "verify/verification.h"

namespace lastcommit {

// `about` is what a remark is about ("wal"); `text` is escaped
// (output/shown.h). `summary` is what the last line says of it.
class Report {
 public:
  void Fact(const std::string& about, const std::string& text);
  void Note(const std::string& about, const std::string& text);
  // It is intact, and a commit is lost all the same, or will be.
  void Warn(const std::string& about, const std::string& text,
            const std::string& summary);
  void Damage(const std::string& about, const std::string& text,
              const std::string& summary);
  // A detail of damage of which there is, or will be, a summary.
  void DamagedRow(const std::string& about, const std::string& text);
  // A part of it that cannot be checked: nobody says that it is intact.
  void Unchecked(const std::string& about, const std::string& text,
                 const std::string& summary);

  bool is_damaged() const { return !damages_.empty(); }
  bool has_unchecked() const { return !unchecked_.empty(); }

  // `intact` is what the last line says if nothing speaks against it.
  Verification Conclude(const std::string& intact) const;

 private:
  void Add(RemarkLevel level, const std::string& about,
           const std::string& text);

  std::vector<Remark> remarks_;
  std::vector<std::string> damages_;
  std::vector<std::string> unchecked_;
  std::vector<std::string> warnings_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_REPORT_H_
