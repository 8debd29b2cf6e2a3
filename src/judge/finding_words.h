// What was found, in words: for the text of a judgement, its JSON, its page and
// what is kept of it.

#ifndef LASTCOMMIT_JUDGE_FINDING_WORDS_H_
#define LASTCOMMIT_JUDGE_FINDING_WORDS_H_

#include <string>
#include <string_view>

#include "judge/check.h"
#include "judge/judgement.h"
#include "judge/power.h"
#include "judge/timeline.h"

namespace lastcommit {

// As a part of a line, however long it is.
std::string Brief(std::string_view text);

// Why something is lost: for people, for programs, and whether it is allowed.
struct Reason {
  std::string text;
  std::string name;
  bool is_setting = false;
};
Reason ReasonOf(const KillFinding& kill);
Reason ReasonOf(const Timeline& timeline, const PowerFinding& finding);

// A sentence without its end, escaped.
std::string InWords(const Judgement& judgement, const KillFinding& kill);
std::string InWords(const Judgement& judgement, const PowerFinding& finding);
std::string InWords(const CheckFinding& finding);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_FINDING_WORDS_H_
