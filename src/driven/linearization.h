// Linearization: an order of the requests of several clients, of which some
// overlapped, in which a correct store would have answered as this one did.
// (Herlihy and Wing, "Linearizability", 1990: a request comes before another
// one if it was answered before that was asked.)

#ifndef LASTCOMMIT_DRIVEN_LINEARIZATION_H_
#define LASTCOMMIT_DRIVEN_LINEARIZATION_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "driven/conversation.h"
#include "driven/protocol.h"
#include "model/reference_model.h"
#include "plan/plan.h"

namespace lastcommit::driven {

class Linearization {
 public:
  // The plan must outlive it. `database`: as RequestFor() has it.
  Linearization(const Plan& plan, std::string database);

  // What the next question asks now; nullopt: nothing.
  std::optional<nlohmann::json> RequestOf(const Question& question) const;
  // It was asked with the number `id`, when `lines` lines were answered.
  void Ask(const Question& question, const nlohmann::json& request,
           std::int64_t id, std::size_t lines);
  void Answer(const Reply& reply);
  // It was acknowledged in that line, without an answer yet.
  void Acknowledge(std::int64_t id, std::size_t line);
  // Its client was killed: unless it was acknowledged, it may have been done.
  void Leave(std::int64_t id);

  // "": there is an order. Else what overlapped where there is none, for
  // people.
  std::string unexplained() const { return unexplained_; }
  // Too much overlapped to be tried, and no order was found.
  bool has_lost_track() const { return has_lost_track_; }
  // In that order; where there is none, in the order of the answers.
  Conversation Order() const;
  // Whether a crash when so many lines were answered may leave that: in some
  // order, and not only in that of Order(), it is what some of the requests
  // come to that were asked by then, all acknowledged ones among them.
  enum class Fit { kFits, kDoesNot, kUnknown };
  Fit MayBeAfter(std::size_t lines, const State& state) const;

  // How many are asked, or have been since nobody was.
  std::size_t open() const { return open_.size(); }
  // Requests during which another client was asked; of these, those of which
  // not all orders were tried.
  std::int64_t overlaps() const { return overlaps_; }
  std::int64_t not_judged() const { return not_judged_; }

 private:
  struct Entry {
    Question question;
    nlohmann::json request;
    std::int64_t id = 0;
    std::size_t asked_after = 0;  // lines
    std::optional<Reply> reply = {};
    std::optional<std::size_t> acknowledged = {};  // in which line
    bool is_left = false;                          // without a reply
  };
  // Requests from a moment in which nobody was asked to the next one.
  using Window = std::vector<Entry>;
  struct Place {
    std::size_t entry = 0;
    bool is_refused = false;
  };
  using Places = std::vector<Place>;  // an order
  // From a state before a window, by its number, with an order of the window.
  struct Way {
    std::size_t from = 0;
    Places order;
  };
  // The ways to a state after it.
  using Ways = std::vector<Way>;
  class Search;

  static bool Precedes(const Entry& a, const Entry& b);
  static bool Overlaps(const Window& window, std::size_t entry);
  // "busy" is right beside another client: it has had no effect.
  static bool IsRefused(const Window& window, std::size_t entry);
  static Places ByAnswers(const Window& window);
  static std::int64_t CountOverlaps(const Window& window);
  static bool HasLeft(const Window& window);
  Window LeftBefore(std::size_t window, std::size_t state) const;
  void AddEnds(std::size_t from, const Window& window, std::size_t& left,
               std::vector<ReferenceModel>& models, std::vector<Ways>& ends);
  void CloseWindow();
  std::string InWords(const Window& window) const;
  // What came of all windows before one, to that state.
  void Replay(std::size_t window, std::size_t state, ReferenceModel& model,
              Conversation& conversation) const;
  // Those before a window from which everything later is explained.
  std::vector<std::size_t> StatesBefore(std::size_t window) const;

  const Plan& plan_;
  const std::string database_;
  Window open_;  // somebody is asked
  std::vector<Window> windows_;
  std::vector<std::vector<Ways>> ends_;  // by window, and by state after it
  std::vector<ReferenceModel> models_;   // those states; not empty
  std::string unexplained_;
  std::int64_t overlaps_ = 0;
  std::int64_t not_judged_ = 0;
  bool is_incomplete_ = false;  // not all orders of some window were tried
  bool has_lost_track_ = false;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_LINEARIZATION_H_
