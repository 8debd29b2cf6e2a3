#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

// What is installed beside the program.
class ManPagesTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    ASSERT_EQ(Run({"pages", directory_.Path("pages")}).exit_code, 0);
  }

  std::string Page(const std::string& name) {
    return directory_.Get("pages/" + name);
  }

  Outcome RunShell(const std::string& line) {
    return Program(directory_.path(), "/bin/bash", {"-c", line}).Wait();
  }

  // What bash offers for the last of the words that it makes of a line.
  std::vector<std::string> Completed(const std::string& words) {
    const Outcome outcome = RunShell(
        absl::StrCat("source ", directory_.Path("pages/bash/lastcommit"),
                     "; COMP_WORDS=(", words,
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
                     "_lastcommit; printf '%s\\n' ${COMPREPLY[@]}"));
    EXPECT_EQ(outcome.err, "");
    return absl::StrSplit(outcome.out, '\n', absl::SkipEmpty());
  }
};

// The names that --help has in front of their descriptions.
std::set<std::string> OptionsOf(const std::string& help) {
  std::set<std::string> options;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(help, '\n'))) {
    if (line.rfind("  -", 0) != 0) continue;
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" ,"), absl::SkipEmpty());
    for (const std::string& word : words) {
      if (word.front() != '-') break;
      options.insert(word);
    }
  }
  return options;
}

std::vector<std::string> Subcommands(const std::string& help) {
  std::vector<std::string> names;
  const std::size_t list = help.find("\nSubcommands:\n");
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(help.substr(list + 14), '\n'))) {
    const std::vector<std::string> words =
        absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (!words.empty()) names.push_back(words.front());
  }
  return names;
}

TEST_F(ManPagesTest, EachSubcommandHasAManPageWithEachOption) {
  const std::vector<std::string> names = Subcommands(Run({"--help"}).out);
  EXPECT_THAT(names, IsSupersetOf({"fuzz", "try", "savers"}));
  const std::string program = Page("man1/lastcommit.1");
  for (const std::string& name : names) {
    EXPECT_THAT(program,
                HasSubstr(absl::StrCat("\\fBlastcommit\\-", name, "\\fR(1)")));
    const std::string page = Page(absl::StrCat("man1/lastcommit-", name, ".1"));
    EXPECT_THAT(page, HasSubstr(absl::StrCat("\n.SH SYNOPSIS\n\\fBlastcommit ",
                                             name, "\\fR")));
    const std::set<std::string> options = OptionsOf(Run({name, "--help"}).out);
    EXPECT_GE(options.size(), 2u) << name;  // -h,--help
    for (const std::string& option : options) {
      EXPECT_THAT(page, HasSubstr(absl::StrCat(
                            "\\fB", absl::StrReplaceAll(option, {{"-", "\\-"}}),
                            "\\fR")))
          << name;
    }
  }
}

// groff comes with man-db; without it there is nobody to ask.
TEST_F(ManPagesTest, GroffFindsNothingWrongWithTheManPages) {
  if (RunShell("command -v groff").exit_code != 0) {
    GTEST_SKIP() << "there is no groff";
  }
  const Outcome outcome =
      RunShell(absl::StrCat("groff -man -Tascii -ww ",
                            directory_.Path("pages/man1"), "/*.1 >/dev/null"));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(ManPagesTest, BashCompletesSubcommandsOptionsAndTheirValues) {
  EXPECT_THAT(Completed("lastcommit tr"), ElementsAre("try"));
  EXPECT_THAT(Completed("lastcommit fuzz --eng"), ElementsAre("--engine="));
  EXPECT_THAT(Completed("lastcommit fuzz --engine = s"), ElementsAre("sim"));
  EXPECT_THAT(Completed("lastcommit fuzz --engine ="),
              ElementsAre("fork", "sim", "mixed"));
  EXPECT_THAT(Completed("lastcommit fuzz --engine f"), ElementsAre("fork"));
  // It takes no value.
  EXPECT_THAT(Completed("lastcommit try --bi"), ElementsAre("--big"));
  EXPECT_THAT(Completed("lastcommit nonsense --eng"), ElementsAre());
}

TEST_F(ManPagesTest, ZshIsOfferedTheSame) {
  const std::string zsh = Page("zsh/_lastcommit");
  EXPECT_THAT(zsh, HasSubstr("#compdef lastcommit\n"));
  EXPECT_THAT(zsh, HasSubstr(":value:(fork sim mixed)'"));
  EXPECT_THAT(zsh, HasSubstr("'--big[Also copy"));
  EXPECT_THAT(zsh, Not(HasSubstr("pages:")));
  if (RunShell("command -v zsh").exit_code == 0) {
    EXPECT_EQ(RunShell("zsh -n " + directory_.Path("pages/zsh/_lastcommit"))
                  .exit_code,
              0);
  }
}

TEST_F(ManPagesTest, TheDirectoryMustBeWritable) {
  const Outcome outcome =
      Run({"pages", directory_.Path("pages/bash/lastcommit")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("cannot write "));
}

}  // namespace
}  // namespace lastcommit
