// The files of a database on a simulated disk that nobody has open, as the
// examination reads them.

#ifndef LASTCOMMIT_TRIAL_SIM_REMAINS_H_
#define LASTCOMMIT_TRIAL_SIM_REMAINS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "disk/sim_vfs.h"
#include "disk/storage.h"
#include "trial/examine.h"
#include "trial/trial_files.h"

namespace lastcommit {

// What the images of a trial have shown so far, by their digests. Two with the
// same digest are the same bytes: what a reader finds in one it finds in the
// other, and what the saver does with one it does with the other.
struct KnownImages {
  static constexpr std::size_t kMostReads = 1024;

  std::map<std::pair<std::uint64_t, CopyWhat>, std::shared_ptr<const PlainRead>>
      reads;
  KnownPages pages;
  std::set<std::uint64_t> held;  // through the saver
  std::set<SaverCase> cases;     // that images along the way have shown it
};

// Sets the default VFS to disks of its own; they end with it.
class SimRemains : public Remains {
 public:
  // `digest` is that of the storage; `known` must outlive it.
  SimRemains(Storage storage, std::uint64_t digest, KnownImages& known)
      : storage_(std::move(storage)), digest_(digest), known_(known) {}
  ~SimRemains() override { UseSimDisk(nullptr); }

  Leftovers FindLeftovers() override;
  absl::StatusOr<std::shared_ptr<const PlainRead>> ReadCopy(
      const SaverEntry& entry, CopyWhat what) override;
  std::string database() override;

 private:
  const Storage& storage() const {
    return disk_ == nullptr ? storage_ : disk_->storage();
  }
  // Of one database.
  void AddLeftovers(const std::string& path, Leftovers& found) const;
  std::shared_ptr<const PlainRead> Read(const SaverEntry& entry,
                                        CopyWhat what) const;

  const Storage storage_;
  const std::uint64_t digest_;
  KnownImages& known_;
  std::unique_ptr<SimDisk> disk_;  // once the saver has opened it
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_REMAINS_H_
