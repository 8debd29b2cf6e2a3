#include "generate/client_edits.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace lastcommit {
namespace {

// What is at a step that goes, to the one that comes instead.
void HandOn(const Step& from, Step& to) {
  if (from.crash.has_value() && !to.crash.has_value()) {
    to.crash = CrashPoint{.survival = from.crash->survival,
                          .is_of_one = from.crash->is_of_one};
  }
  if (from.error.has_value()) to.error = from.error;
}

void Remove(Round& round, int client) {
  std::vector<Step> kept;
  const Step* pending = nullptr;
  const std::vector<Step> steps = std::move(round.steps);
  for (const Step& step : steps) {
    if (step.client == client) {
      if (step.crash.has_value() || step.error.has_value()) pending = &step;
      continue;
    }
    kept.push_back(step);
    if (pending != nullptr)
      HandOn(*std::exchange(pending, nullptr), kept.back());
  }
  round.steps = std::move(kept);
}

// Numbers in the order of the old ones, without gaps, and switches likewise.
void Renumber(Round& round) {
  std::array<bool, kMaxClients> is_there = {};
  for (const Step& step : round.steps) {
    is_there[static_cast<std::size_t>(step.client)] = true;
  }
  std::array<int, kMaxClients> number = {};
  int next = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    number[i] = is_there[i] ? next++ : -1;
  }
  for (Step& step : round.steps) {
    step.client = number[static_cast<std::size_t>(step.client)];
    std::vector<Switch> switches;
    for (const Switch& one : step.switches) {
      const int to = number[static_cast<std::size_t>(one.to)];
      if (to >= 0 && to != step.client) switches.push_back({one.at, to});
    }
    step.switches = std::move(switches);
  }
}

void DropScheduleOfOne(Plan& plan) {
  if (Clients(plan) == 1) plan.schedule = {};
}

// Client `from` does nothing any more; its steps are those of `to`.
void GiveTo(Round& round, int from, int to) {
  std::vector<Step> kept;
  for (Step& step : round.steps) {
    const bool is_frame =
        step.kind == StepKind::kOpen || step.kind == StepKind::kClose;
    if (step.client == from) {
      if (is_frame) continue;
      step.client = to;
    }
    kept.push_back(std::move(step));
  }
  // Between its open and its close.
  const auto is_close = [to](const Step& step) {
    return step.client == to && step.kind == StepKind::kClose;
  };
  const auto is_open = [to](const Step& step) {
    return step.client == to && step.kind == StepKind::kOpen;
  };
  const auto open = std::find_if(kept.begin(), kept.end(), is_open);
  std::rotate(kept.begin(), open, open + 1);
  const auto close = std::find_if(kept.begin(), kept.end(), is_close);
  std::rotate(close, close + 1, kept.end());
  if (to != 0) {
    // Client 0's come first and last.
    const auto first =
        std::find_if(kept.begin(), kept.end(), [](const Step& s) {
          return s.client == 0 && s.kind == StepKind::kOpen;
        });
    std::rotate(kept.begin(), first, first + 1);
    const auto last = std::find_if(kept.begin(), kept.end(), [](const Step& s) {
      return s.client == 0 && s.kind == StepKind::kClose;
    });
    std::rotate(last, last + 1, kept.end());
  }
  round.steps = std::move(kept);
}

}  // namespace

void TidyClients(Round& round) {
  for (int client = 1; client < kMaxClients; ++client) {
    const auto steps = std::count_if(
        round.steps.begin(), round.steps.end(),
        [client](const Step& step) { return step.client == client; });
    if (steps == 2) Remove(round, client);
  }
  Renumber(round);
}

void DropClients(const Plan& plan, Edits& edits) {
  const int clients = Clients(plan);
  for (int client = clients - 1; client >= 1; --client) {
    edits.push_back([client](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      for (Round& round : to.rounds) {
        Remove(round, client);
        Renumber(round);
      }
      DropScheduleOfOne(to);
      return IfChanged(from, std::move(to));
    });
    for (int other = 0; other < client; ++other) {
      edits.push_back([client, other](const Plan& from) -> std::optional<Plan> {
        Plan to = from;
        for (Round& round : to.rounds) {
          if (Clients(round) <= client) continue;
          GiveTo(round, client, other);
          Renumber(round);
        }
        DropScheduleOfOne(to);
        return IfChanged(from, std::move(to));
      });
    }
  }
}

}  // namespace lastcommit
