#include "disk/smallest_loss.h"

#include <cstddef>
#include <utility>

#include "status/status.h"

namespace lastcommit {
namespace {

class Search {
 public:
  Search(Loss loss, const LossFails& fails) : fails_(fails) {
    found_.loss = std::move(loss);
  }

  absl::StatusOr<SmallestLoss> Run() {
    const absl::Status status = Minimize();
    if (!absl::IsCancelled(status)) {
      RETURN_IF_ERROR(status);
      found_.is_minimal = true;
    }
    return std::move(found_);
  }

 private:
  absl::Status Minimize() {
    ASSIGN_OR_RETURN(const bool is_nothing_enough, Take({}));
    if (is_nothing_enough) return absl::OkStatus();
    RETURN_IF_ERROR(Take({{}, best().names}).status());
    RETURN_IF_ERROR(TakeAwayUntilNoneCanGo());
    RETURN_IF_ERROR(LoseInsteadOfTearing());
    // Something that was torn before may have needed more beside it.
    return TakeAwayUntilNoneCanGo();
  }

  absl::Status TakeAwayUntilNoneCanGo() {
    std::int64_t before = 0;
    do {
      before = best().size();
      for (std::size_t chunk = best().fates.size(); chunk > 0; chunk /= 2) {
        RETURN_IF_ERROR(TakeAwayFates(chunk));
      }
      RETURN_IF_ERROR(TakeAwayNames());
    } while (best().size() < before);
    return absl::OkStatus();
  }

  // Chunks of that many, from the end.
  absl::Status TakeAwayFates(std::size_t chunk) {
    for (std::size_t end = best().fates.size(); end > 0;) {
      const std::size_t begin = end > chunk ? end - chunk : 0;
      Loss less = best();
      less.fates.erase(less.fates.begin() + static_cast<std::ptrdiff_t>(begin),
                       less.fates.begin() + static_cast<std::ptrdiff_t>(end));
      RETURN_IF_ERROR(Take(std::move(less)).status());
      end = begin;
    }
    return absl::OkStatus();
  }

  // The fewest: names survive up to some point, and what survives longer may
  // fail where what is shorter holds.
  absl::Status TakeAwayNames() {
    for (std::int64_t names = 0; names < best().names; ++names) {
      RETURN_IF_ERROR(Take({best().fates, names}).status());
    }
    return absl::OkStatus();
  }

  // A write that is not there at all is easier to understand.
  absl::Status LoseInsteadOfTearing() {
    for (std::size_t i = 0; i < best().fates.size(); ++i) {
      Loss simpler = best();
      Fate& fate = simpler.fates[i];
      if (fate.kind == FateKind::kLost) continue;
      fate = {fate.change, FateKind::kLost, 0};
      RETURN_IF_ERROR(Take(std::move(simpler)).status());
    }
    return absl::OkStatus();
  }

  // Whether it still fails; then it is the best.
  absl::StatusOr<bool> Take(Loss loss) {
    ASSIGN_OR_RETURN(const bool is_failing, fails_(loss));
    ++found_.trials;
    if (is_failing) found_.loss = std::move(loss);
    return is_failing;
  }

  const Loss& best() const { return found_.loss; }

  const LossFails& fails_;
  SmallestLoss found_;
};

}  // namespace

Loss LossOf(const Survival& survival, std::int64_t pending_names) {
  return {survival.fates,
          survival.directory < 0 ? 0 : pending_names - survival.directory};
}

Survival WithLoss(Survival survival, const Loss& loss,
                  std::int64_t pending_names) {
  survival.fates = loss.fates;
  survival.directory = loss.names == 0 ? -1 : pending_names - loss.names;
  return survival;
}

absl::StatusOr<SmallestLoss> FindSmallestLoss(Loss loss,
                                              const LossFails& fails) {
  return Search(std::move(loss), fails).Run();
}

}  // namespace lastcommit
