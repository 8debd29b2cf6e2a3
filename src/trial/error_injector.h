// ErrorInjector: makes calls of SQLite's fail on a simulated disk, as one
// IoError of a plan says.

#ifndef LASTCOMMIT_TRIAL_ERROR_INJECTOR_H_
#define LASTCOMMIT_TRIAL_ERROR_INJECTOR_H_

#include <cstdint>
#include <optional>

#include "disk/memory_faults.h"
#include "disk/sim_vfs.h"
#include "plan/fault.h"
#include "store/store.h"

namespace lastcommit {

class ErrorInjector {
 public:
  // Armed at once; calls count from now on. The disk must outlive it.
  ErrorInjector(const IoError& error, SimDisk& disk);
  // Disarms.
  ~ErrorInjector();
  ErrorInjector(const ErrorInjector&) = delete;
  ErrorInjector& operator=(const ErrorInjector&) = delete;

  // The saver to interrupt; nullptr = none. Not owned.
  void set_saver(Store* saver) { saver_ = saver; }

  // While it is held, because another client runs, it makes nothing fail that
  // does not go through At: a full disk and a lack of memory are the client's
  // own, as with a quota.
  void Hold(bool held);

  // What the call gets instead of being made; SQLITE_OK = it is made.
  int At(const VfsCall& call);
  // A write that fails half-way: so many bytes are written, and then During
  // says what it gets.
  std::optional<std::int64_t> PrefixOf(const VfsCall& call) const;
  int During(const VfsCall& call);
  // After the call, with what it got.
  void After(int result);

  // How many were injected.
  std::int64_t errors() const;

 private:
  bool IsDue();

  const IoError error_;
  const std::optional<Allocator> allocator_;
  SimDisk& disk_;
  Store* saver_ = nullptr;
  std::int64_t calls_ = 0;
  std::int64_t errors_ = 0;
  bool is_half_way_ = false;
  bool is_full_ = false;
  std::int64_t capacity_ = 0;  // in sectors, if it is full
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ERROR_INJECTOR_H_
