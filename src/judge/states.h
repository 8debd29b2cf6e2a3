// States: what SQLite finds in crash images, each found once. Most images of a
// recording have the bytes of one that was looked at before, and different
// bytes mostly hold the same rows.

#ifndef LASTCOMMIT_JUDGE_STATES_H_
#define LASTCOMMIT_JUDGE_STATES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "disk/storage.h"
#include "judge/database_files.h"
#include "judge/recovered.h"

namespace lastcommit {

using StateId = std::size_t;

class States {
 public:
  // What the database holds after a crash that leaves `image`.
  StateId Of(const Storage& image, const DatabaseNames& names);
  // One more image in which the files of a database are those of an image that
  // holds this.
  StateId Again(StateId state) {
    ++images_;
    return state;
  }

  // The number of a content that was found otherwise.
  StateId Add(Recovered recovered) { return Intern(std::move(recovered)); }

  const Recovered& operator[](StateId state) const { return states_[state]; }
  // What SQLite says of the first that it cannot read; "" if there is none.
  std::string WhyUnreadable() const;
  std::int64_t images() const { return images_; }        // asked for
  std::int64_t recovered() const { return recovered_; }  // by SQLite

 private:
  StateId Intern(Recovered recovered);

  std::vector<Recovered> states_;
  std::map<std::uint64_t, StateId> by_image_;
  RecoveredPages by_pages_;
  std::map<std::uint64_t, StateId> by_content_;
  std::int64_t images_ = 0;
  std::int64_t recovered_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_STATES_H_
