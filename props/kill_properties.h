// The properties of a store under SIGKILL, each with the planted saver that
// breaks it: written once, checked on the real saver and on the twin.

#ifndef LASTCOMMIT_PROPS_KILL_PROPERTIES_H_
#define LASTCOMMIT_PROPS_KILL_PROPERTIES_H_

#include <string>
#include <vector>

#include "props/trial_property.h"

namespace lastcommit {

// What was acknowledged is there, wherever the process was killed.
TrialProperty AcknowledgedCommitsSurviveAnyKill(const std::string& saver);
// Killed inside a transaction or an operation: nothing of it is there.
TrialProperty NothingUncommittedSurvives(const std::string& saver);
// Opening again and again after a crash changes nothing.
TrialProperty RecoveryIsIdempotent(const std::string& saver);
// Crashes in recovery, and in the recovery from that, end in a legal state.
TrialProperty RepeatedCrashesConverge(const std::string& saver);
// Killed while it is created, a store is empty or complete.
TrialProperty CreationIsAllOrNothing(const std::string& saver);

struct PropertyTwin {
  TrialProperty (*property)(const std::string& saver);
  std::string saver;  // the planted one
};
std::vector<PropertyTwin> PropertyTwins();

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_KILL_PROPERTIES_H_
