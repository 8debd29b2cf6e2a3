#include "campaign/interrupts.h"

#include <signal.h>

namespace lastcommit {
namespace {

volatile sig_atomic_t g_raised = 0;

void Raise(int /*signal*/) { g_raised = 1; }

}  // namespace

Interrupts::Interrupts() {
  g_raised = 0;
  struct sigaction action = {};
  action.sa_handler = Raise;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Interrupts::~Interrupts() {
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
}

bool Interrupts::AreRaised() { return g_raised != 0; }

}  // namespace lastcommit
