// A judgement as a document: the verdict, what was found, what happened at
// which call, and what was judged.

#ifndef LASTCOMMIT_JUDGE_JUDGEMENT_PAGE_H_
#define LASTCOMMIT_JUDGE_JUDGEMENT_PAGE_H_

#include "judge/judgement.h"
#include "page/document.h"

namespace lastcommit {

Document PageOf(const Judgement& judgement);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_JUDGEMENT_PAGE_H_
