// Operations that a driver brings.

#include "driven/own_dialect.h"

#include <set>
#include <string>

#include "driven/answer_judge.h"
#include "driven/conversation.h"
#include "driven/plans.h"
#include "driven/protocol.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "plan/codec.h"
#include "plan/dialects.h"

namespace lastcommit::driven {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Json = nlohmann::json;

Json BankList() {
  return Json::parse(R"([
    {"name": "deposit", "arguments": [
       {"name": "account", "kind": "name", "count": 3},
       {"name": "amount", "kind": "integer", "min": -2, "max": 9},
       {"name": "note", "kind": "text"}, {"name": "more", "kind": "text"}]},
    {"name": "sign", "weight": 30, "arguments": [
       {"name": "account", "kind": "name", "count": 3},
       {"name": "document", "kind": "bytes"}]},
    {"name": "balance", "changes": false, "arguments": [
       {"name": "account", "kind": "name", "count": 3}]}])");
}

const Vocabulary& Bank() {
  static const Vocabulary& kBank = **OwnDialectOf(BankList());
  return kBank;
}

Operation Deposit(std::uint64_t seed) {
  Operation operation(*Bank().FindOperation("deposit"));
  operation.Set(*Bank().FindField("in_account"), 2);
  operation.Set(*Bank().FindField("in_amount"), -1);
  operation.content = {20, seed};
  return operation;
}

TEST(OwnDialectTest, TheSameListIsTheSameVocabulary) {
  EXPECT_THAT(Bank().name, StartsWith("own-"));
  EXPECT_EQ(*OwnDialectOf(BankList()), &Bank());
  Json other = BankList();
  other[0]["weight"] = 11;
  EXPECT_NE((*OwnDialectOf(other))->name, Bank().name);
  EXPECT_FALSE(Bank().has_model);
}

TEST(OwnDialectTest, ARequestHasItsArgumentsByName) {
  const auto request = StepRequest(StepOf(Deposit(7)), Rows());
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ((*request)["do"], "deposit");
  const Json& arguments = (*request)["arguments"];
  EXPECT_EQ(arguments["account"], "account-2");
  EXPECT_EQ(arguments["amount"], -1);
  EXPECT_THAT(arguments["note"].get<std::string>(),
              StartsWith(TokenOf(Deposit(7))));
  // Nothing of a plan is there twice.
  EXPECT_NE(arguments["note"], arguments["more"]);
  EXPECT_NE(TokenOf(Deposit(7)), TokenOf(Deposit(8)));
  Operation sign(*Bank().FindOperation("sign"));
  EXPECT_TRUE(
      (*StepRequest(StepOf(sign), Rows()))["arguments"]["document"].contains(
          "base64"));
  // Bytes may be kept as they are, or in base64: nobody looks for them.
  EXPECT_EQ(TokenOf(sign), "");
}

TEST(OwnDialectTest, WhatIsSaidOfAnOperationHasItsArguments) {
  const Operation deposit = Deposit(7);
  EXPECT_EQ(deposit.spec->words(deposit),
            "\"account-2\", amount -1, 20 bytes (seed 7), 20 bytes (seed 7)");
}

TEST(OwnDialectTest, RowsAreWhateverTheyAreAndMayBeThereTwice) {
  const auto state_of = [](const std::string& rows) {
    const auto answers =
        ParseAnswers("{\"id\":1,\"rows\":" + rows + "}\n", 1, 1);
    return *StateOf(Bank(), answers->replies.at(0));
  };
  EXPECT_EQ(state_of("[[1,\"a\"],7,null,[1,\"a\"]]").rows.size(), 4u);
  EXPECT_EQ(state_of("[1,2]").rows, state_of("[2,1]").rows);
  EXPECT_NE(state_of("[1,1]").rows, state_of("[1]").rows);
  EXPECT_NE(state_of("[1]").rows, state_of("[\"1\"]").rows);
  const std::string text(500, 'x');
  EXPECT_NE(state_of("[\"" + text + "a\"]").rows,
            state_of("[\"" + text + "b\"]").rows);
}

TEST(OwnDialectTest, PlansHaveAllOfItAndComeBackFromTheirText) {
  RegisterDialect(Bank());
  GenerateOptions options;
  options.saver = "my-store";
  options.dialect = &Bank();
  options.engine = EngineChoice::kRecord;
  options.lacks = {
      StepKind::kBegin,     StepKind::kCommit,        StepKind::kRollback,
      StepKind::kSavepoint, StepKind::kRelease,       StepKind::kRollbackTo,
      StepKind::kLiveRead,  StepKind::kWalCheckpoint, StepKind::kVacuum,
      StepKind::kBackup,    StepKind::kJournalMode,   StepKind::kUnlink};
  std::set<std::string> seen;
  std::set<std::int64_t> amounts;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Plan plan = PlanAt({1, i}, options);
    for (const Step& step : plan.rounds.at(0).steps) {
      seen.emplace(NameOf(step));
      if (NameOf(step) != "deposit") continue;
      amounts.insert(step.operation.Get(*Bank().FindField("in_amount")));
    }
    const auto parsed = ParsePlan(PrintPlan(plan), "a.plan");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, plan);
  }
  for (const char* each : {"deposit", "sign", "balance", "reopen"}) {
    EXPECT_TRUE(seen.contains(each)) << each;
  }
  EXPECT_EQ(amounts.size(), 12u);
}

TEST(OwnDialectTest, AStateMayBeBusyBesideAnotherClient) {
  Plan plan = PlanOf({{.kind = StepKind::kRead}});
  plan.dialect = &Bank();
  Conversation conversation;
  Exchange& exchange = conversation.exchanges.emplace_back();
  exchange.id = 1;
  exchange.step = 1;
  exchange.state.emplace();
  const auto answers = ParseAnswers("{\"id\":1,\"error\":\"busy\"}\n", 1, 1);
  ASSERT_TRUE(answers.ok());
  TrialResult alone;
  JudgeAnswers(plan, conversation, *answers, alone);
  EXPECT_EQ(alone.verdict.violation, ViolationClass::kWrongRead);
  exchange.is_refused = true;
  TrialResult beside;
  JudgeAnswers(plan, conversation, *answers, beside);
  EXPECT_TRUE(beside.verdict.held()) << beside.verdict.why;
  EXPECT_EQ(beside.refusals, 1);
}

TEST(OwnDialectTest, WhatIsWrongWithAListIsSaid) {
  const auto why = [](const std::string& list) {
    return std::string(OwnDialectOf(Json::parse(list)).status().message());
  };
  const auto with = [&](const std::string& argument) {
    return why("[{\"name\":\"a\",\"arguments\":[" + argument + "]}]");
  };
  EXPECT_THAT(why("{}"), HasSubstr("no list of 1 to 40"));
  EXPECT_THAT(why("[7]"), HasSubstr("one without a \"name\""));
  EXPECT_THAT(why("[{\"name\":\"a\",\"weight\":0}]"),
              HasSubstr("\"weight\" from 1 to 100 of the operation a"));
  EXPECT_THAT(why("[{\"name\":\"a\",\"changes\":1}]"),
              HasSubstr("neither true nor false"));
  EXPECT_THAT(why("[{\"name\":\"a\",\"arguments\":7}]"),
              HasSubstr("no list of at most 8"));
  EXPECT_THAT(with("{\"kind\":\"text\"}"), HasSubstr("without a \"name\""));
  EXPECT_THAT(with("{\"name\":\"b\",\"kind\":7}"), HasSubstr("no \"kind\""));
  EXPECT_THAT(with("{\"name\":\"b\",\"kind\":\"name\",\"count\":0}"),
              HasSubstr("\"count\" from 1 to 10000"));
  EXPECT_THAT(with("{\"name\":\"b\",\"kind\":\"integer\","
                   "\"max\":18446744073709551615}"),
              HasSubstr("a range within"));
  EXPECT_THAT(with("{\"name\":\"b\",\"kind\":\"text\"},"
                   "{\"name\":\"b\",\"kind\":\"text\"}"),
              HasSubstr("the argument b of the operation a twice"));
  std::string many;
  for (char c = 'a'; c < 'a' + 17; ++c) {
    many += std::string(many.empty() ? "" : ",") + "{\"name\":\"op_" + c +
            "\",\"arguments\":[{\"name\":\"" + c + "\",\"kind\":\"name\"}]}";
  }
  EXPECT_THAT(why("[" + many + "]"), HasSubstr("more than 16 different"));
}

}  // namespace
}  // namespace lastcommit::driven
