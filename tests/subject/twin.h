// Twin: a saver and the ReferenceModel, given the same steps. Expects after
// each one that both answer and hold the same, seen through the saver and
// through a second connection.

#ifndef LASTCOMMIT_TESTS_SUBJECT_TWIN_H_
#define LASTCOMMIT_TESTS_SUBJECT_TWIN_H_

#include <cstdint>
#include <vector>

#include "directory.h"
#include "model/reference_model.h"
#include "plan/plan.h"
#include "subject/registry.h"
#include "trial/driver.h"

namespace lastcommit {

class Twin {
 public:
  // Opens a new database in a directory of its own.
  // `client`: as whom it opens the saver.
  Twin(const SaverEntry& entry, const Profile& profile, int client = 0);
  // Closes it and removes the directory.
  ~Twin();
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  void Do(const Step& step);
  void Do(StepKind kind);
  void Do(const std::vector<Step>& program);

  const ReferenceModel& model() const { return model_; }

 private:
  void ExpectSameAnswer(const Step& step);
  void ExpectSameState();
  void ExpectSameLiveState();
  // A reader may have to wait for a writer that spilled.
  bool MayBeLockedOut() const;

  const SaverEntry& entry_;
  const Profile profile_;
  const Directory directory_;
  ReferenceModel model_;
  Driver driver_;
  std::int64_t steps_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_SUBJECT_TWIN_H_
