#include "driven/linearization.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/answer_judge.h"
#include "driven/wire.h"

namespace lastcommit::driven {
namespace {

// Of one window: more of them nobody tries.
constexpr std::size_t kMostTried = 2'000;
constexpr std::size_t kMostStates = 64;  // after one

// Whether they go on in the same way.
bool IsSameModel(const ReferenceModel& a, const ReferenceModel& b) {
  return a.state().rows == b.state().rows &&
         a.rows().facts() == b.rows().facts();
}

}  // namespace

bool Linearization::Precedes(const Entry& a, const Entry& b) {
  return (a.reply.has_value() && a.reply->line < b.asked_after) ||
         (a.acknowledged.has_value() && *a.acknowledged < b.asked_after);
}

bool Linearization::Overlaps(const Window& window, std::size_t entry) {
  const Entry& one = window[entry];
  return std::any_of(window.begin(), window.end(), [&](const Entry& other) {
    return other.question.client != one.question.client &&
           !Precedes(other, one) && !Precedes(one, other);
  });
}

std::int64_t Linearization::CountOverlaps(const Window& window) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < window.size(); ++i) {
    count += Overlaps(window, i) ? 1 : 0;
  }
  return count;
}

bool Linearization::IsRefused(const Window& window, std::size_t entry) {
  const auto& reply = window[entry].reply;
  return reply.has_value() && reply->code == absl::StatusCode::kUnavailable &&
         Overlaps(window, entry);
}

// Orders of a window that explain its answers, from a state on. What has been
// done by then, and what came of it, is gone into once.
class Linearization::Search {
 public:
  struct End {
    ReferenceModel model;
    Places order;
  };

  // `left`: what may be tried, which becomes less.
  Search(const Linearization& owner, const Window& window, std::size_t& left)
      : owner_(owner),
        window_(window),
        left_(left),
        is_placed_(window.size()) {}

  // One order for each state that the whole window may come to.
  std::vector<End> Ends(const ReferenceModel& model) {
    Go(model);
    return std::move(ends_);
  }
  // Whether the state may be what a crash after so many lines leaves.
  bool ComesTo(const ReferenceModel& model, std::size_t lines,
               const State& state) {
    lines_ = lines;
    wanted_ = &state;
    Go(model);
    return is_found_;
  }
  // Not all orders were tried.
  bool has_given_up() const { return has_given_up_; }

 private:
  void Go(const ReferenceModel& model) {
    if (is_found_ || !IsNew(model)) return;
    if (left_ == 0) {
      has_given_up_ = true;
      return;
    }
    --left_;
    if (wanted_ != nullptr) {
      is_found_ = IsAllThere() && IsWanted(model.state());
    } else if (IsAllThere()) {
      AddEnd(model);
    }
    for (const std::size_t entry : Candidates()) TryEntry(model, entry);
  }

  bool IsNew(const ReferenceModel& model) {
    auto& seen = visited_[{is_placed_, Digest(model.state())}];
    const auto& facts = model.rows().facts();
    if (std::find(seen.begin(), seen.end(), facts) != seen.end()) return false;
    seen.push_back(facts);
    return true;
  }

  // All that is known to have been done.
  bool IsAllThere() const {
    for (std::size_t i = 0; i < window_.size(); ++i) {
      const Entry& entry = window_[i];
      const bool must_be =
          wanted_ != nullptr
              ? entry.acknowledged.has_value() && *entry.acknowledged < lines_
              : entry.reply.has_value() || entry.acknowledged.has_value();
      if (must_be && !is_placed_[i]) return false;
    }
    return true;
  }

  bool IsWanted(const State& state) const {
    return IsSame(*owner_.plan_.dialect, state, *wanted_);
  }

  void AddEnd(const ReferenceModel& model) {
    const bool is_known = std::any_of(
        ends_.begin(), ends_.end(),
        [&](const End& end) { return IsSameModel(end.model, model); });
    if (!is_known) ends_.push_back({model, order_});
  }

  // By their answers, those that have none last.
  std::vector<std::size_t> Candidates() const {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < window_.size(); ++i) {
      if (is_placed_[i]) continue;
      if (wanted_ != nullptr && window_[i].asked_after > lines_) continue;
      bool is_first = true;
      for (std::size_t j = 0; j < window_.size() && is_first; ++j) {
        is_first = is_placed_[j] || !Precedes(window_[j], window_[i]);
      }
      if (is_first) candidates.push_back(i);
    }
    const auto line = [this](std::size_t entry) {
      return window_[entry].reply.has_value()
                 ? window_[entry].reply->line
                 : std::numeric_limits<std::size_t>::max();
    };
    std::stable_sort(
        candidates.begin(), candidates.end(),
        [&](std::size_t a, std::size_t b) { return line(a) < line(b); });
    return candidates;
  }

  void TryEntry(const ReferenceModel& before, std::size_t number) {
    const Entry& entry = window_[number];
    if (IsRefused(window_, number)) {
      GoOnWith({number, /*is_refused=*/true}, before);
      return;
    }
    // The operation would be another one there: of that order nobody knows what
    // the store would answer.
    if (DependsOnRows(entry.question) &&
        RequestFor(entry.question, owner_.database_, before.rows()) !=
            entry.request) {
      has_given_up_ = true;
      return;
    }
    ReferenceModel model = before;
    Conversation one;
    Add(owner_.plan_, entry.question, model, one);
    const Exchange& exchange = one.exchanges.front();
    if (entry.reply.has_value() &&
        Compare(owner_.plan_, exchange, *entry.reply).has_value()) {
      return;
    }
    // It has done nothing yet, but it is its time.
    if (wanted_ != nullptr && exchange.begun.has_value() && IsAllThere() &&
        IsWanted(*exchange.begun)) {
      is_found_ = true;
      return;
    }
    GoOnWith({number, /*is_refused=*/false}, model);
  }

  void GoOnWith(Place place, const ReferenceModel& model) {
    is_placed_[place.entry] = true;
    order_.push_back(place);
    Go(model);
    order_.pop_back();
    is_placed_[place.entry] = false;
  }

  const Linearization& owner_;
  const Window& window_;
  std::size_t& left_;
  std::size_t lines_ = 0;          // of a crash
  const State* wanted_ = nullptr;  // after that
  std::vector<bool> is_placed_;
  Places order_;
  // What else the model knows, by what was done and what it holds.
  std::map<std::pair<std::vector<bool>, std::uint64_t>,
           std::vector<std::map<RowKey, Facts>>>
      visited_;
  std::vector<End> ends_;
  bool is_found_ = false;
  bool has_given_up_ = false;
};

Linearization::Linearization(const Plan& plan, std::string database)
    : plan_(plan), database_(std::move(database)) {
  models_.emplace_back(*plan.dialect);
}

Linearization::Places Linearization::ByAnswers(const Window& window) {
  Places places;
  for (std::size_t i = 0; i < window.size(); ++i) {
    if (!window[i].is_left || window[i].acknowledged.has_value()) {
      places.push_back({i, IsRefused(window, i)});
    }
  }
  const auto line = [&](const Place& place) {
    const auto& reply = window[place.entry].reply;
    return reply.has_value() ? reply->line
                             : std::numeric_limits<std::size_t>::max();
  };
  std::stable_sort(
      places.begin(), places.end(),
      [&](const Place& a, const Place& b) { return line(a) < line(b); });
  return places;
}

std::optional<nlohmann::json> Linearization::RequestOf(
    const Question& question) const {
  if (!open_.empty() && DependsOnRows(question)) return std::nullopt;
  return RequestFor(question, database_, models_.front().rows());
}

void Linearization::Ask(const Question& question, const nlohmann::json& request,
                        std::int64_t id, std::size_t lines) {
  open_.push_back({question, request, id, lines});
}

void Linearization::Answer(const Reply& reply) {
  for (Entry& entry : open_) {
    if (entry.id != reply.id) continue;
    entry.reply = reply;
    if (reply.code == absl::StatusCode::kOk && !entry.acknowledged) {
      entry.acknowledged = reply.line;
    }
  }
  CloseWindow();
}

void Linearization::Acknowledge(std::int64_t id, std::size_t line) {
  for (Entry& entry : open_) {
    if (entry.id == id) entry.acknowledged = line;
  }
}

void Linearization::Leave(std::int64_t id) {
  for (Entry& entry : open_) {
    if (entry.id == id) entry.is_left = true;
  }
  CloseWindow();
}

void Linearization::AddEnds(std::size_t from, const Window& window,
                            std::size_t& left,
                            std::vector<ReferenceModel>& models,
                            std::vector<Ways>& ends) {
  Search search(*this, window, left);
  for (auto& end : search.Ends(models_[from])) {
    const auto same = std::find_if(
        models.begin(), models.end(),
        [&](const auto& model) { return IsSameModel(model, end.model); });
    if (same != models.end()) {
      ends[static_cast<std::size_t>(same - models.begin())].push_back(
          {from, std::move(end.order)});
    } else if (models.size() < kMostStates) {
      models.push_back(std::move(end.model));
      ends.push_back({{from, std::move(end.order)}});
    } else {
      is_incomplete_ = true;
    }
  }
  is_incomplete_ = is_incomplete_ || search.has_given_up();
}

// When nobody is asked any more.
void Linearization::CloseWindow() {
  const bool is_over =
      std::all_of(open_.begin(), open_.end(), [](const Entry& entry) {
        return entry.reply.has_value() || entry.is_left;
      });
  if (!is_over) return;
  const Window& window = windows_.emplace_back(std::exchange(open_, {}));
  overlaps_ += CountOverlaps(window);
  std::vector<ReferenceModel> models;
  std::vector<Ways> ends;
  if (plan_.dialect->has_model && unexplained_.empty() && !has_lost_track_) {
    const bool was_complete = !is_incomplete_;
    std::size_t left = kMostTried;
    for (std::size_t from = 0; from < models_.size(); ++from) {
      AddEnds(from, window, left, models, ends);
    }
    if (was_complete && is_incomplete_) not_judged_ += CountOverlaps(window);
    // What is not known may explain it.
    if (ends.empty() && is_incomplete_) has_lost_track_ = true;
    if (ends.empty() && !is_incomplete_) unexplained_ = InWords(window);
  }
  if (ends.empty()) {
    models.push_back(std::move(models_.front()));
    const Places places = ByAnswers(window);
    Conversation unused;
    for (const Place& place : places) {
      if (place.is_refused) continue;
      Add(plan_, window[place.entry].question, models.front(), unused);
    }
    ends.push_back({{0, places}});
  }
  models_ = std::move(models);
  ends_.push_back(std::move(ends));
}

std::string Linearization::InWords(const Window& window) const {
  std::string text;
  for (const Entry& entry : window) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    driven::InWords(plan_, entry.question), ": ",
                    entry.reply.has_value() ? driven::InWords(*entry.reply)
                                            : "not answered");
  }
  return text;
}

void Linearization::Replay(std::size_t window, std::size_t state,
                           ReferenceModel& model,
                           Conversation& conversation) const {
  std::vector<const Way*> ways;
  for (std::size_t w = window; w > 0; --w) {
    ways.push_back(&ends_[w - 1][state].front());
    state = ways.back()->from;
  }
  for (std::size_t w = 0; w < window; ++w) {
    for (const Place& place : ways[window - 1 - w]->order) {
      const Entry& entry = windows_[w][place.entry];
      ReferenceModel before = place.is_refused ? model : ReferenceModel();
      Add(plan_, entry.question, model, conversation);
      Exchange& exchange = conversation.exchanges.back();
      exchange.id = entry.id;
      exchange.asked_after = entry.asked_after;
      if (!place.is_refused) continue;
      if (exchange.cut_after > exchange.cut_before)
        conversation.cuts.pop_back();
      exchange.cut_after = exchange.cut_before;
      exchange.expected = {absl::StatusCode::kUnavailable};
      exchange.is_refused = true;
      model = std::move(before);
    }
  }
}

Conversation Linearization::Order() const {
  ReferenceModel model(*plan_.dialect);
  Conversation conversation;
  Replay(windows_.size(), 0, model, conversation);
  return conversation;
}

std::vector<std::size_t> Linearization::StatesBefore(std::size_t window) const {
  std::set<std::size_t> states;
  const std::size_t last = ends_.empty() ? 1 : ends_.back().size();
  for (std::size_t state = 0; state < last; ++state) states.insert(state);
  for (std::size_t w = windows_.size(); w > window; --w) {
    std::set<std::size_t> before;
    for (const std::size_t state : states) {
      for (const Way& way : ends_[w - 1][state]) before.insert(way.from);
    }
    states = std::move(before);
  }
  return {states.begin(), states.end()};
}

// Requests of killed clients that have no place on the way to the state: of
// one whose commit nobody has seen, because its client died before it told the
// others, the recovery from the next crash may find it.
Linearization::Window Linearization::LeftBefore(std::size_t window,
                                                std::size_t state) const {
  Window left;
  for (std::size_t w = window; w > 0; --w) {
    const Way& way = ends_[w - 1][state].front();
    for (std::size_t i = 0; i < windows_[w - 1].size(); ++i) {
      const bool has_place =
          std::any_of(way.order.begin(), way.order.end(),
                      [i](const Place& place) { return place.entry == i; });
      if (!has_place) left.push_back(windows_[w - 1][i]);
    }
    state = way.from;
  }
  return left;
}

Linearization::Fit Linearization::MayBeAfter(std::size_t lines,
                                             const State& state) const {
  // Without what a killed client has left open.
  const auto is_over = [lines](const Window& window) {
    return std::all_of(window.begin(), window.end(), [&](const Entry& entry) {
      return entry.is_left || entry.reply->line < lines;
    });
  };
  // The crash may also have come before the kill.
  const auto last = std::find_if_not(windows_.begin(), windows_.end(), is_over);
  auto first = last;
  while (first != windows_.begin() && HasLeft(*std::prev(first))) --first;
  std::size_t left = kMostTried;
  Fit fit = is_incomplete_ ? Fit::kUnknown : Fit::kDoesNot;
  for (auto found = first;; ++found) {
    const auto window = static_cast<std::size_t>(found - windows_.begin());
    for (const std::size_t start : StatesBefore(window)) {
      ReferenceModel model(*plan_.dialect);
      Conversation unused;
      Replay(window, start, model, unused);
      Window open = LeftBefore(window, start);
      if (found != windows_.end()) {
        open.insert(open.end(), found->begin(), found->end());
      }
      Search search(*this, open, left);
      if (search.ComesTo(model, lines, state)) return Fit::kFits;
      if (search.has_given_up()) fit = Fit::kUnknown;
    }
    if (found == last) return fit;
  }
}

bool Linearization::HasLeft(const Window& window) {
  return std::any_of(window.begin(), window.end(),
                     [](const Entry& entry) { return entry.is_left; });
}

}  // namespace lastcommit::driven
