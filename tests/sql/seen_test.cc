// What a transaction has read before its BEGIN, in the model.

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "sql/dialect.h"
#include "store/rows.h"

namespace lastcommit::sql {
namespace {

class SeenTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto dialect = UseScript(SCRIPTS "/planted-read-before-begin.sql");
    ASSERT_TRUE(dialect.ok()) << dialect.status();
    vocabulary_ = &(*dialect)->vocabulary();
    vocabulary_->create(rows_);
    rows_.set_cut(0);
  }
  // Takes 7 from the first account, whose balance it has read at that cut.
  Outcome Pay(std::int64_t seen) {
    const OperationSpec& pay = *vocabulary_->FindOperation("pay");
    Operation operation(pay);
    operation.Set(*vocabulary_->FindField("in_id"), 1);
    operation.Set(*vocabulary_->FindField("in_amount"), 7);
    operation.values[pay.first_seen] = seen + 1;
    const Outcome outcome = pay.apply(operation, rows_);
    if (outcome.code == absl::StatusCode::kOk) {
      rows_.set_cut(rows_.state().cut + 1);
    }
    return outcome;
  }
  bool HasBalance(const std::string& balance) const {
    for (const auto& [key, row] : rows_.state().rows) {
      if (Describe(key) == "account (1, " + balance + ")") return true;
    }
    return false;
  }

  const Vocabulary* vocabulary_ = nullptr;
  Rows rows_;
};

TEST_F(SeenTest, AReadIsMadeAtTheCutThatItSaw) {
  EXPECT_EQ(Pay(0).code, absl::StatusCode::kOk);
  EXPECT_TRUE(HasBalance("93"));
  EXPECT_EQ(Pay(1).code, absl::StatusCode::kOk);
  EXPECT_TRUE(HasBalance("86"));
  EXPECT_EQ(Pay(0).code, absl::StatusCode::kOk);
  EXPECT_TRUE(HasBalance("93"));
}

TEST_F(SeenTest, OfWhatComesAfterItNothingIsSeen) {
  EXPECT_EQ(Pay(1).code, absl::StatusCode::kDataLoss);
  EXPECT_EQ(Pay(0).code, absl::StatusCode::kOk);
  EXPECT_EQ(Pay(1).code, absl::StatusCode::kOk);
}

TEST_F(SeenTest, OneThatIsNotKnownIsTheNewest) {
  EXPECT_EQ(Pay(0).code, absl::StatusCode::kOk);
  EXPECT_EQ(Pay(-1).code, absl::StatusCode::kOk);
  EXPECT_TRUE(HasBalance("86"));
}

}  // namespace
}  // namespace lastcommit::sql
