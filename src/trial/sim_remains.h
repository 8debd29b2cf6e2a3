// The files of a database on a simulated disk that nobody has open, as the
// examination reads them.

#ifndef LASTCOMMIT_TRIAL_SIM_REMAINS_H_
#define LASTCOMMIT_TRIAL_SIM_REMAINS_H_

#include <memory>
#include <string>
#include <utility>

#include "disk/sim_vfs.h"
#include "disk/storage.h"
#include "trial/examine.h"

namespace lastcommit {

// Sets the default VFS to disks of its own; they end with it.
class SimRemains : public Remains {
 public:
  explicit SimRemains(Storage storage) : storage_(std::move(storage)) {}
  ~SimRemains() override { UseSimDisk(nullptr); }

  Leftovers FindLeftovers() override;
  absl::StatusOr<PlainRead> ReadCopy(const SaverEntry& entry,
                                     CopyWhat what) override;
  std::string database() override;

 private:
  const Storage& storage() const {
    return disk_ == nullptr ? storage_ : disk_->storage();
  }

  const Storage storage_;
  std::unique_ptr<SimDisk> disk_;  // once the saver has opened it
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_REMAINS_H_
