// Asker: what the drivers of a plan are asked, and when. AllAtOnce is that of
// one client; those of several are in turn_keeper.h and free_runner.h.

#ifndef LASTCOMMIT_DRIVEN_ASKER_H_
#define LASTCOMMIT_DRIVEN_ASKER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "driven/protocol.h"
#include "record/conductor.h"

namespace lastcommit::driven {

// Requests for one client, a line each, which it answers one after the other.
struct Requests {
  int client = 0;
  std::int64_t first = 1;  // id
  std::size_t count = 0;
  std::string lines = {};
};

class Asker {
 public:
  virtual ~Asker() = default;

  // Once; `ask` will be called whenever there is something to ask.
  virtual void Begin(std::function<void(Requests)> ask) = 0;
  // One answer more, or an acknowledgement: all that are there.
  virtual void TakeAnswers(const Answers& answers) = 0;
  // All is answered that will be.
  virtual bool is_over() const = 0;
  // nullptr: the clients run as they like.
  virtual Conductor* conductor() = 0;
  // A client was killed: its place stays empty.
  virtual bool has_killed() const = 0;
};

class Linearization;

class AskerOfSeveral : public Asker {
 public:
  // What it asked and what came of it.
  virtual const Linearization& linearization() const = 0;
  // What clients are asked, for people; "": none is.
  virtual std::string UnderWay() const = 0;
};

// All requests are written at once: who reads ahead finds them.
class AllAtOnce final : public Asker {
 public:
  AllAtOnce(std::string lines, std::size_t count)
      : lines_(std::move(lines)), count_(count) {}

  void Begin(std::function<void(Requests)> ask) override {
    ask({.count = count_, .lines = std::move(lines_)});
  }
  void TakeAnswers(const Answers& answers) override {
    answered_ = answers.replies.size();
  }
  bool is_over() const override { return answered_ == count_; }
  Conductor* conductor() override { return nullptr; }
  bool has_killed() const override { return false; }

 private:
  std::string lines_;
  const std::size_t count_;
  std::size_t answered_ = 0;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_ASKER_H_
