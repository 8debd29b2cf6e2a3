// The fields of a finding, each once, with the name that it has wherever it is
// written: in records, messages, summaries and the results database
// (docs/results-format.md). A field of Finding that is not here does not
// compile.

#ifndef LASTCOMMIT_EXPLAIN_FINDING_FIELDS_H_
#define LASTCOMMIT_EXPLAIN_FINDING_FIELDS_H_

#include "explain/finding.h"

namespace lastcommit {

// Calls visit(name, field) for each of them; the fields of a finding that is
// not const can be set.
template <typename AnyFinding, typename Visit>
void VisitFields(AnyFinding& finding, Visit visit) {
  auto& [key, state, filed_under, verdict, directory, plan_path, token, story,
         repeats, verdicts, looks_like, shape, counted, shrink_trials, lines,
         deaths] = finding;
  visit("seed", key.seed);
  visit("index", key.index);
  visit("state", state);
  visit("class", filed_under);
  visit("verdict", verdict);
  visit("directory", directory);
  visit("plan", plan_path);
  visit("token", token);
  visit("story", story);
  visit("repeats", repeats);
  visit("verdicts", verdicts);
  visit("looks_like", looks_like);
  visit("shape", shape);
  visit("counted", counted);
  visit("shrink_trials", shrink_trials);
  visit("lines", lines);
  visit("deaths", deaths);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FINDING_FIELDS_H_
