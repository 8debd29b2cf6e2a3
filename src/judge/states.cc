#include "judge/states.h"

#include <utility>

#include "disk/super_journals.h"
#include "store/splitmix64.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

class Mixer {
 public:
  void Add(std::uint64_t number) {
    value_ = SplitMix64(value_ ^ number).Next();
  }
  void Add(const std::string& text) {
    Add(XXH3_64bits(text.data(), text.size()));
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

// Of all that recovery looks at.
std::uint64_t DigestOfImage(const Storage& image, const DatabaseNames& names) {
  Mixer mixer;
  for (const std::string* const path :
       {&names.database, &names.journal, &names.wal}) {
    const InodeId inode = image.Find(*path);
    mixer.Add(inode == kNoInode ? 0 : 1 + image.DigestOf(inode));
  }
  // A journal may name a super-journal.
  image.ForEachPath([&mixer](const std::string& path) {
    if (IsSuperJournal(path)) mixer.Add(path);
  });
  mixer.Add(names.database);
  return mixer.value();
}

std::uint64_t DigestOfContent(const Recovered& recovered) {
  Mixer mixer;
  mixer.Add(static_cast<std::uint64_t>(recovered.kind));
  mixer.Add(recovered.schema);
  mixer.Add(recovered.message);
  for (const auto& [name, table] : recovered.tables) {
    mixer.Add(name);
    mixer.Add(static_cast<std::uint64_t>(table.rows));
    mixer.Add(table.digest);
  }
  return mixer.value();
}

}  // namespace

StateId States::Of(const Storage& image, const DatabaseNames& names) {
  ++images_;
  const std::uint64_t digest = DigestOfImage(image, names);
  const auto known = by_image_.find(digest);
  if (known != by_image_.end()) return known->second;
  ++recovered_;
  const StateId state = Intern(Recover(image, names, by_pages_));
  by_image_.emplace(digest, state);
  return state;
}

StateId States::Intern(Recovered recovered) {
  const auto [found, is_new] =
      by_content_.try_emplace(DigestOfContent(recovered), states_.size());
  if (is_new) states_.push_back(std::move(recovered));
  return found->second;
}

std::string States::WhyUnreadable() const {
  for (const Recovered& state : states_) {
    if (state.kind == Recovered::Kind::kUnreadable) return state.message;
  }
  return "";
}

}  // namespace lastcommit
