#include "sql/script.h"

#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "status/status.h"
#include "store/attached.h"

namespace lastcommit::sql {
namespace {

bool IsName(absl::string_view word) {
  return !word.empty() && word.size() <= ScriptLimits::kMaxNameBytes &&
         !absl::ascii_isdigit(static_cast<unsigned char>(word.front())) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '_';
         });
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(std::string(text)), "\"");
}

// Comments may stand before it.
std::string VerbOf(const std::string& text) {
  std::size_t from = 0;
  while (from < text.size()) {
    const absl::string_view rest = absl::string_view(text).substr(from);
    if (absl::ascii_isspace(static_cast<unsigned char>(rest.front()))) {
      ++from;
    } else if (absl::StartsWith(rest, "--")) {
      from = std::min(text.size(), text.find('\n', from));
    } else if (absl::StartsWith(rest, "/*")) {
      const std::size_t end = text.find("*/", from + 2);
      from = end == std::string::npos ? text.size() : end + 2;
    } else {
      break;
    }
  }
  std::size_t end = from;
  while (end < text.size() &&
         absl::ascii_isalpha(static_cast<unsigned char>(text[end]))) {
    ++end;
  }
  return absl::AsciiStrToUpper(text.substr(from, end - from));
}

class Parser {
 public:
  Parser(const std::string& path, std::string text) {
    script_.path = path;
    script_.text = std::move(text);
  }

  absl::StatusOr<Script> Parse() {
    if (script_.text.size() > ScriptLimits::kMaxBytes) {
      return script_.Wrong(1, "the script has more than 1 MiB");
    }
    if (script_.text.find('\0') != std::string::npos) {
      return script_.Wrong(1, "the script has a NUL byte");
    }
    for (const absl::string_view line : absl::StrSplit(script_.text, '\n')) {
      ++line_;
      RETURN_IF_ERROR(ParseLine(line));
    }
    RETURN_IF_ERROR(EndSection());
    RETURN_IF_ERROR(MarkAtomic());
    RETURN_IF_ERROR(CheckAttachedLevels());
    if (script_.transactions.empty()) {
      return script_.Wrong(line_, "the script has no \\transaction");
    }
    return std::move(script_);
  }

 private:
  enum class Section { kSetup, kTransaction, kInvariant };

  absl::Status Wrong(const std::string& what) const {
    return script_.Wrong(line_, what);
  }

  absl::Status ParseLine(absl::string_view line) {
    const absl::string_view words = absl::StripAsciiWhitespace(line);
    if (IsComment(line)) return absl::OkStatus();
    if (IsGset(words)) return EndByGset(words);
    if (absl::StartsWith(words, "\\")) return ParseDirective(words);
    const std::size_t gset = line.rfind(" \\gset");
    if (gset == absl::string_view::npos || !IsGset(line.substr(gset + 1)) ||
        !IsComplete(line.substr(0, gset))) {
      return ParseSql(line);
    }
    RETURN_IF_ERROR(ParseSql(line.substr(0, gset)));
    return EndByGset(absl::StripAsciiWhitespace(line.substr(gset)));
  }

  // It might be in a string.
  bool IsComplete(absl::string_view end) const {
    return sqlite3_complete(absl::StrCat(pending_, end, ";").c_str()) != 0;
  }

  static bool IsGset(absl::string_view words) {
    const absl::string_view rest = absl::StripPrefix(words, "\\gset");
    return rest.size() < words.size() &&
           (rest.empty() ||
            absl::ascii_isspace(static_cast<unsigned char>(rest.front())));
  }

  // SELECT a, b FROM t \gset [PREFIX], instead of a semicolon.
  absl::Status EndByGset(absl::string_view words) {
    const std::vector<std::string> parts =
        absl::StrSplit(words.substr(0, words.find("--")),
                       absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (parts.size() > 2 || (parts.size() == 2 && !IsName(parts[1]))) {
      return Wrong("\\gset [PREFIX]: letters, digits and _");
    }
    if (section_ != Section::kTransaction) {
      return Wrong("\\gset belongs to a \\transaction or a \\query");
    }
    if (pending_.empty()) {
      return Wrong("\\gset stands behind a statement, instead of its ;");
    }
    pending_ += ';';
    if (sqlite3_complete(pending_.c_str()) == 0) {
      return script_.Wrong(pending_line_,
                           "this statement does not end at its \\gset");
    }
    auto& statements = script_.transactions.back().statements;
    const std::size_t before = statements.size();
    RETURN_IF_ERROR(EndStatement());
    if (statements.size() == before) {
      return Wrong("\\gset stands behind a statement, instead of its ;");
    }
    statements.back().is_gset = true;
    if (parts.size() == 2) statements.back().prefix = parts[1];
    return absl::OkStatus();
  }

  absl::Status ParseSql(absl::string_view line) {
    // A statement ends where SQLite says that it does: strings, comments and
    // the bodies of triggers have semicolons, too.
    std::size_t from = 0;
    for (std::size_t end = line.find(';'); end != absl::string_view::npos;
         end = line.find(';', end + 1)) {
      if (IsComment(line.substr(from))) return absl::OkStatus();
      const absl::string_view part = line.substr(from, end + 1 - from);
      Append(part);
      from = end + 1;
      if (pending_.size() > ScriptLimits::kMaxStatementBytes) {
        return script_.Wrong(pending_line_, "this statement is too long");
      }
      if (sqlite3_complete(pending_.c_str()) != 0) {
        RETURN_IF_ERROR(EndStatement());
      }
    }
    const absl::string_view rest = line.substr(from);
    if (IsComment(rest)) return absl::OkStatus();
    Append(rest);
    pending_ += '\n';
    return absl::OkStatus();
  }

  // Whether nothing but that, or nothing, stands there, between statements.
  bool IsComment(absl::string_view rest) const {
    rest = absl::StripAsciiWhitespace(rest);
    return pending_.empty() && (rest.empty() || absl::StartsWith(rest, "--"));
  }

  void Append(absl::string_view part) {
    if (pending_.empty()) {
      pending_line_ = line_;
      part = absl::StripLeadingAsciiWhitespace(part);
    }
    absl::StrAppend(&pending_, part);
  }

  absl::Status EndStatement() {
    SqlStatement statement;
    statement.text = std::exchange(pending_, "");
    statement.line = pending_line_;
    statement.verb = VerbOf(statement.text);
    // A semicolon or a comment alone.
    if (statement.verb.empty()) return absl::OkStatus();
    switch (section_) {
      case Section::kSetup:
        return AddToSetup(std::move(statement));
      case Section::kTransaction:
        script_.transactions.back().statements.push_back(std::move(statement));
        return absl::OkStatus();
      case Section::kInvariant:
        if (!script_.invariants.back().query.text.empty()) {
          return script_.Wrong(
              statement.line,
              "an invariant is one query, and this is a second "
              "statement");
        }
        script_.invariants.back().query = std::move(statement);
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status AddToSetup(SqlStatement statement) {
    if (statement.verb == "VACUUM") {
      return script_.Wrong(statement.line,
                           "VACUUM has no place in the set-up, which is one "
                           "transaction");
    }
    if (statement.verb == "ATTACH") return AddAttached(statement);
    if (statement.verb != "PRAGMA") {
      if (statement.verb == "BEGIN" || statement.IsCommit()) {
        return script_.Wrong(statement.line,
                             "the set-up is one transaction of the tester's");
      }
      script_.setup.push_back(std::move(statement));
      return absl::OkStatus();
    }
    return AddPragma(std::move(statement));
  }

  // ATTACH 'file' AS name: where the file is, the tester says.
  absl::Status AddAttached(const SqlStatement& statement) {
    const std::vector<std::string> words =
        absl::StrSplit(absl::StripSuffix(statement.text, ";"),
                       absl::ByAnyChar(" \t\n"), absl::SkipEmpty());
    const bool has_word =
        words.size() > 2 && absl::EqualsIgnoreCase(words[1], "DATABASE");
    if (words.size() != (has_word ? 5U : 4U) ||
        !absl::StartsWith(words[words.size() - 3], "'") ||
        !absl::EqualsIgnoreCase(words[words.size() - 2], "AS") ||
        !IsName(words.back())) {
      return script_.Wrong(statement.line,
                           "write it as ATTACH 'file' AS name, without a "
                           "comment or a space in the file");
    }
    const std::string name = absl::AsciiStrToLower(words.back());
    if (name == "main" || name == "temp" || FindAttached(name) != nullptr) {
      return script_.Wrong(statement.line,
                           absl::StrCat("there is a database ", name));
    }
    if (script_.attached.size() == kMostAttached) {
      return script_.Wrong(
          statement.line,
          absl::StrCat("at most ", kMostAttached, " databases are attached"));
    }
    script_.attached.push_back({name, statement.line});
    return absl::OkStatus();
  }

  AttachedDatabase* FindAttached(absl::string_view name) {
    const auto found = std::find_if(
        script_.attached.begin(), script_.attached.end(),
        [name](const AttachedDatabase& one) { return one.name == name; });
    return found == script_.attached.end() ? nullptr : &*found;
  }

  // PRAGMA name.synchronous, of an attached database.
  absl::Status SetAttachedLevel(int line, absl::string_view name,
                                const std::string& value) {
    const std::vector<std::string> parts = absl::StrSplit(name, '.');
    AttachedDatabase* const attached =
        parts.size() == 2 ? FindAttached(parts.front()) : nullptr;
    if (attached == nullptr || parts.back() != "synchronous") {
      return script_.Wrong(line,
                           "a PRAGMA for one database is synchronous of one "
                           "that is attached before");
    }
    attached->synchronous = saver::ParseSynchronous(value);
    attached->level_line = line;
    if (attached->synchronous.has_value()) return absl::OkStatus();
    return script_.Wrong(line,
                         "synchronous is off, normal, full or extra, as a "
                         "word");
  }

  // What a database is worth that has a level of its own.
  absl::Status CheckAttachedLevels() const {
    for (const AttachedDatabase& attached : script_.attached) {
      if (!attached.synchronous.has_value() || script_.promises_power) continue;
      return script_.Wrong(attached.level_line,
                           "a level for one database wants \\promise power, "
                           "which says what a commit is worth");
    }
    return absl::OkStatus();
  }

  // Those of the profile are not run: each plan sets its own. Of the others
  // only those that change nothing for whoever reads the file without them.
  absl::Status AddPragma(SqlStatement statement) {
    constexpr absl::string_view kAllowed[] = {
        "foreign_keys", "recursive_triggers", "auto_vacuum", "encoding",
        "secure_delete"};
    const std::string text = absl::AsciiStrToLower(statement.text);
    const std::vector<std::string> sides = absl::StrSplit(
        absl::StripSuffix(absl::StripPrefix(text, "pragma"), ";"),
        absl::MaxSplits('=', 1));
    const std::string name(absl::StripAsciiWhitespace(sides.front()));
    const std::string value(
        sides.size() < 2 ? "" : absl::StripAsciiWhitespace(sides.back()));
    if (!value.empty() && absl::StrContains(name, ".")) {
      return SetAttachedLevel(statement.line, name, value);
    }
    if (value.empty() || !IsName(name)) {
      return script_.Wrong(
          statement.line, "write it as PRAGMA name = value, without a comment");
    }
    if (name == "journal_mode") {
      script_.journal_mode = saver::ParseJournalMode(value);
      if (script_.journal_mode.has_value() &&
          saver::IsKeptOnDisk(*script_.journal_mode)) {
        return absl::OkStatus();
      }
      return script_.Wrong(
          statement.line,
          "journal_mode is wal, delete, truncate or persist here: without a "
          "journal on disk a crash may leave anything (`lastcommit try` "
          "shows what)");
    }
    if (name == "synchronous") {
      script_.synchronous = saver::ParseSynchronous(value);
      if (script_.synchronous.has_value()) return absl::OkStatus();
      return script_.Wrong(
          statement.line,
          "synchronous is off, normal, full or extra, as a word");
    }
    if (std::find(std::begin(kAllowed), std::end(kAllowed), name) ==
        std::end(kAllowed)) {
      return script_.Wrong(
          statement.line,
          absl::StrCat(name, " is none of journal_mode, synchronous, ",
                       absl::StrJoin(kAllowed, ", ")));
    }
    // SQLite does not take a database in memory in place of another one in
    // UTF-16 (sqlite3_deserialize).
    if (name == "encoding" && !absl::StrContains(value, "utf-8")) {
      return script_.Wrong(statement.line, "the encoding is UTF-8 here");
    }
    script_.pragmas.push_back(std::move(statement));
    return absl::OkStatus();
  }

  absl::Status EndSection() {
    if (!pending_.empty()) {
      return script_.Wrong(pending_line_, "this statement does not end with ;");
    }
    if (section_ == Section::kTransaction &&
        script_.transactions.back().statements.empty()) {
      return script_.Wrong(
          script_.transactions.back().line,
          absl::StrCat(script_.transactions.back().name, " has no statement"));
    }
    if (section_ == Section::kInvariant &&
        script_.invariants.back().query.text.empty()) {
      return Wrong(absl::StrCat(
          "the invariant ", script_.invariants.back().name, " has no query"));
    }
    return absl::OkStatus();
  }

  absl::Status ParseDirective(absl::string_view words) {
    RETURN_IF_ERROR(pending_.empty()
                        ? absl::OkStatus()
                        : script_.Wrong(pending_line_,
                                        "this statement does not end with ;"));
    // What follows -- is a comment.
    words = words.substr(0, words.find("--"));
    const std::vector<std::string> parts =
        absl::StrSplit(words, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const std::string& verb = parts.front();
    if (verb == "\\transaction") return BeginTransaction(parts, false);
    if (verb == "\\query") return BeginTransaction(parts, true);
    if (verb == "\\invariant") return BeginInvariant(parts);
    if (verb == "\\set") return AddParameter(words);
    if (verb == "\\atomic") return AddAtomic(parts);
    if (verb == "\\promise") return SetPromise(parts);
    if (verb == "\\on_error") return SetOnError(parts);
    return Wrong(absl::StrCat(
        Quoted(verb),
        " is none of \\transaction, \\query, \\invariant, \\set, \\gset, "
        "\\on_error, \\atomic and \\promise"));
  }

  absl::Status BeginTransaction(const std::vector<std::string>& parts,
                                bool is_query) {
    RETURN_IF_ERROR(EndSection());
    if (parts.size() < 2 || parts.size() > 3 || !IsName(parts[1])) {
      return Wrong(absl::StrCat(parts.front(),
                                " NAME [WEIGHT]: letters, "
                                "digits and _, up to 40"));
    }
    Transaction transaction;
    transaction.name = parts[1];
    transaction.line = line_;
    transaction.is_query = is_query;
    if (parts.size() == 3 &&
        (!absl::SimpleAtoi(parts[2], &transaction.weight) ||
         transaction.weight < 1 ||
         transaction.weight > ScriptLimits::kMaxWeight)) {
      return Wrong("a weight is a number from 1 to 100");
    }
    for (const Transaction& other : script_.transactions) {
      if (other.name == transaction.name) {
        return Wrong(absl::StrCat("there is a ", other.name,
                                  " already, in line ", other.line));
      }
    }
    if (script_.transactions.size() == ScriptLimits::kMaxTransactions) {
      return Wrong("a script has 64 transactions and queries at most");
    }
    script_.transactions.push_back(std::move(transaction));
    section_ = Section::kTransaction;
    return absl::OkStatus();
  }

  absl::Status BeginInvariant(const std::vector<std::string>& parts) {
    RETURN_IF_ERROR(EndSection());
    if (parts.size() != 2 || !IsName(parts[1])) {
      return Wrong("\\invariant NAME: letters, digits and _, up to 40");
    }
    script_.invariants.push_back({parts[1], {}});
    section_ = Section::kInvariant;
    return absl::OkStatus();
  }

  // \set NAME random(1, 10) [null 5]
  absl::Status AddParameter(absl::string_view words) {
    constexpr char kUsage[] =
        "\\set NAME random(LOW, HIGH) | text(LOW, HIGH) | blob(LOW, HIGH) "
        "[null PERCENT]: the numbers are whole, and sizes in bytes";
    if (section_ != Section::kTransaction) {
      return Wrong("\\set belongs to a \\transaction or a \\query");
    }
    if (!script_.transactions.back().statements.empty()) {
      return Wrong("\\set stands before the statements");
    }
    std::string spaced(words);
    for (char& c : spaced) {
      if (c == '(' || c == ')' || c == ',') c = ' ';
    }
    const std::vector<std::string> parts =
        absl::StrSplit(spaced, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    Parameter parameter;
    if ((parts.size() != 5 && parts.size() != 7) || !IsName(parts[1]) ||
        !absl::SimpleAtoi(parts[3], &parameter.low) ||
        !absl::SimpleAtoi(parts[4], &parameter.high) ||
        parameter.low > parameter.high) {
      return Wrong(kUsage);
    }
    parameter.name = parts[1];
    if (parts[2] == "text") {
      parameter.type = Parameter::Type::kText;
    } else if (parts[2] == "blob") {
      parameter.type = Parameter::Type::kBlob;
    } else if (parts[2] != "random") {
      return Wrong(kUsage);
    }
    RETURN_IF_ERROR(CheckRange(parameter));
    if (parts.size() == 7 &&
        (parts[5] != "null" ||
         !absl::SimpleAtoi(parts[6], &parameter.null_percent) ||
         parameter.null_percent < 0 || parameter.null_percent > 100)) {
      return Wrong(kUsage);
    }
    for (const Parameter& other : script_.transactions.back().parameters) {
      if (other.name == parameter.name) {
        return Wrong(absl::StrCat(other.name, " is set twice"));
      }
    }
    script_.transactions.back().parameters.push_back(std::move(parameter));
    return absl::OkStatus();
  }

  absl::Status CheckRange(const Parameter& parameter) const {
    constexpr std::int64_t kMost = 1'000'000'000'000;
    if (parameter.type == Parameter::Type::kInteger) {
      if (parameter.low < -kMost || parameter.high > kMost) {
        return Wrong("random() is between -10^12 and 10^12");
      }
    } else if (parameter.low < 0 ||
               parameter.high > ScriptLimits::kMaxContentBytes) {
      return Wrong("a size is from 0 to 1 MiB");
    }
    return absl::OkStatus();
  }

  absl::Status AddAtomic(const std::vector<std::string>& parts) {
    if (parts.size() != 2) return Wrong("\\atomic NAME");
    atomic_.emplace_back(parts[1], line_);
    return absl::OkStatus();
  }

  absl::Status SetPromise(const std::vector<std::string>& parts) {
    if (parts.size() != 2 || (parts[1] != "power" && parts[1] != "process")) {
      return Wrong("\\promise process, or \\promise power");
    }
    script_.promises_power = parts[1] == "power";
    return absl::OkStatus();
  }

  absl::Status SetOnError(const std::vector<std::string>& parts) {
    if (section_ != Section::kTransaction) {
      return Wrong("\\on_error belongs to a \\transaction");
    }
    if (parts.size() != 2 ||
        (parts[1] != "continue" && parts[1] != "rollback")) {
      return Wrong("\\on_error continue, or \\on_error rollback");
    }
    script_.transactions.back().goes_on = parts[1] == "continue";
    return absl::OkStatus();
  }

  absl::Status MarkAtomic() {
    for (const auto& [name, line] : atomic_) {
      const auto found = std::find_if(
          script_.transactions.begin(), script_.transactions.end(),
          [&name = name](const Transaction& t) { return t.name == name; });
      if (found == script_.transactions.end()) {
        return script_.Wrong(
            line, absl::StrCat("there is no transaction ", Quoted(name)));
      }
      found->is_atomic = true;
    }
    return absl::OkStatus();
  }

  Script script_;
  Section section_ = Section::kSetup;
  int line_ = 0;
  std::string pending_;  // the statement that has not ended
  int pending_line_ = 0;
  std::vector<std::pair<std::string, int>> atomic_;
};

}  // namespace

std::int64_t Parameter::min() const {
  return null_percent > 0 ? null() : simplest();
}

std::int64_t Parameter::max() const {
  return type == Type::kInteger ? high : (high - low + 1) * kContents - 1;
}

std::size_t Transaction::ReadsBefore() const {
  if (!HasItsOwnBegin()) return 0;
  const auto begin = std::find_if(
      statements.begin(), statements.end(),
      [](const SqlStatement& statement) { return statement.verb == "BEGIN"; });
  return static_cast<std::size_t>(begin - statements.begin());
}

bool SqlStatement::IsRollbackTo() const {
  if (verb != "ROLLBACK") return false;
  const std::vector<std::string> words =
      absl::StrSplit(absl::AsciiStrToUpper(text), absl::ByAnyChar(" \t\n;"),
                     absl::SkipEmpty());
  const std::size_t to = words.size() > 1 && words[1] == "TRANSACTION" ? 2 : 1;
  return words.size() > to && words[0] == verb && words[to] == "TO";
}

bool SqlStatement::MayBeLeftOut() const {
  return verb != "BEGIN" && !IsCommit() && !IsOfSavepoint() && !is_gset;
}

std::set<std::size_t> Transaction::LeftOut(
    std::span<const std::int64_t> values) const {
  std::set<std::size_t> places;
  if (!left_out.has_value() || *left_out >= values.size()) return places;
  std::int64_t bits = values[*left_out];
  for (std::size_t i = 0; i < statements.size() && bits != 0; ++i) {
    if (!statements[i].MayBeLeftOut()) continue;
    if (bits % 2 != 0) places.insert(i);
    bits /= 2;
  }
  return places;
}

bool Transaction::HasItsOwnBegin() const {
  return std::any_of(
      statements.begin(), statements.end(),
      [](const SqlStatement& statement) { return statement.verb == "BEGIN"; });
}

absl::Status Script::Wrong(int line, const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", what));
}

absl::StatusOr<Script> ParseScript(const std::string& path, std::string text) {
  return Parser(path, std::move(text)).Parse();
}

}  // namespace lastcommit::sql
