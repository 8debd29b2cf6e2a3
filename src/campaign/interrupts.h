// Ctrl-C (and SIGTERM) asks for an end instead of causing one, so that what was
// done until then is not lost; the second one ends at once. One at a time.

#ifndef LASTCOMMIT_CAMPAIGN_INTERRUPTS_H_
#define LASTCOMMIT_CAMPAIGN_INTERRUPTS_H_

namespace lastcommit {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  static bool AreRaised();
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_INTERRUPTS_H_
