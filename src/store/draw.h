// Draw: numbers and choices out of RapidCheck's splittable generator, which are
// the same on every machine. For what draws plans only,
// since RapidCheck's headers are slow to compile.

#ifndef LASTCOMMIT_STORE_DRAW_H_
#define LASTCOMMIT_STORE_DRAW_H_

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "rapidcheck.h"

namespace lastcommit {

class Draw {
 public:
  explicit Draw(const rc::Random& random) : random_(random) {}

  // 0 .. bound-1
  std::uint64_t Below(std::uint64_t bound) { return random_.next() % bound; }
  int Int(int low, int high) {
    return low +
           static_cast<int>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool Percent(int chance) { return Int(0, 99) < chance; }
  std::uint64_t Seed() { return random_.next() % 1'000'000; }

  template <typename T>
  T Element(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }
  // Of a list that is not empty.
  template <typename T>
  const T& Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

  template <typename T>
  struct Choice {
    int weight;
    T value;
  };
  template <typename T>
  T Weighted(std::initializer_list<Choice<T>> choices) {
    int total = 0;
    for (const Choice<T>& choice : choices) total += choice.weight;
    int left = Int(0, total - 1);
    for (const Choice<T>& choice : choices) {
      left -= choice.weight;
      if (left < 0) return choice.value;
    }
    return choices.begin()->value;
  }

 private:
  rc::Random random_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_DRAW_H_
