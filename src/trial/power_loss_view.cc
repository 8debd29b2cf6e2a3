#include "trial/power_loss_view.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "disk/shared_memory.h"
#include "disk/survival.h"
#include "status/status.h"
#include "trial/change_words.h"
#include "trial/sim_guest.h"

namespace lastcommit {
namespace {

// Plain data, for the child may die at any moment.
struct Shared {
  static constexpr std::size_t kMaxText = std::size_t{1} << 20;

  bool is_seen = false;
  bool is_too_long = false;
  std::size_t round = 0;
  std::int64_t changes = 0;
  std::int64_t directory_changes = 0;
  std::uint64_t number = 0;
  std::int64_t directory = -1;
  char fates[kMaxText] = {};
  char lines[kMaxText] = {};
};

class Viewer : public SimGuest {
 public:
  Viewer(int page_size, Shared& shared)
      : page_size_(page_size), shared_(shared) {}

  void SeePowerLoss(std::size_t round, const Storage& before,
                    const Survived& survived) override {
    const Survival chosen = Chosen(survived);
    shared_.is_seen = true;
    shared_.round = round;
    shared_.changes = survived.changes;
    shared_.directory_changes = survived.directory_changes;
    shared_.number = chosen.number;
    shared_.directory = chosen.directory;
    shared_.is_too_long = !Put(PrintFates(chosen.fates), shared_.fates) ||
                          !Put(Lines(before, survived), shared_.lines);
  }

 private:
  static bool Put(const std::string& text, char (&place)[Shared::kMaxText]) {
    std::snprintf(place, sizeof(place), "%s", text.c_str());
    return text.size() < sizeof(place);
  }

  std::string Lines(const Storage& before, const Survived& survived) const {
    const std::vector<PendingChange> all = before.PendingChanges();
    std::string lines;
    std::size_t count = 0;
    std::int64_t files = 0;
    auto fate = survived.fates.files.begin();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].is_of_directory()) continue;
      if (fate == survived.fates.files.end()) break;
      if (fate->change != files++) continue;
      if (++count > PowerLossView::kMaxLines) break;
      absl::StrAppend(&lines, FateInWords(*fate, all[i], Words(before, all, i)),
                      "\n");
      ++fate;
    }
    std::int64_t entries = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].is_of_directory()) continue;
      if (entries++ < survived.fates.directory) continue;
      if (++count > PowerLossView::kMaxLines) break;
      absl::StrAppend(&lines, "lost: ", Words(before, all, i), "\n");
    }
    return lines;
  }

  // On the disk as it was when change `i` of `all` had been made.
  std::string Words(const Storage& before,
                    const std::vector<PendingChange>& all,
                    std::size_t i) const {
    const Survived until = Resolve(before, {SurvivalKind::kPrefix, i + 1});
    return InWords(all[i], before.AfterCrash(until.fates), page_size_);
  }

  const int page_size_;
  Shared& shared_;
};

}  // namespace

absl::StatusOr<PowerLossView> ViewPowerLoss(SimTrial& trial, const Plan& plan) {
  ASSIGN_OR_RETURN(const SharedMemory<Shared> shared,
                   MakeSharedMemory<Shared>());
  Viewer viewer(plan.profile.page_size, *shared);
  RETURN_IF_ERROR(trial.RunWith(plan, viewer).status());
  if (!shared->is_seen) {
    return absl::NotFoundError("no power is lost in this plan");
  }
  const std::optional<std::vector<Fate>> fates = ParseFates(shared->fates);
  if (shared->is_too_long || !fates.has_value()) {
    return absl::ResourceExhaustedError(
        "more unsynced changes were lost than a plan can say");
  }
  PowerLossView view;
  view.round = shared->round;
  view.changes = shared->changes;
  view.directory_changes = shared->directory_changes;
  view.chosen.kind = SurvivalKind::kChosen;
  view.chosen.number = shared->number;
  view.chosen.fates = *fates;
  view.chosen.directory = shared->directory;
  view.lines = absl::StrSplit(shared->lines, '\n', absl::SkipEmpty());
  return view;
}

}  // namespace lastcommit
