#include "cli/pages.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "output/version.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kProgram[] = "lastcommit";

// Those that --help shows, in its order.
std::vector<const CLI::App*> Subcommands(const CLI::App& app) {
  return app.get_subcommands(
      [](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<const CLI::Option*> Options(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) {
    return !option->get_group().empty() && !option->get_positional();
  });
}

std::vector<const CLI::Option*> Positionals(const CLI::App& command) {
  return command.get_options(
      [](const CLI::Option* option) { return option->get_positional(); });
}

bool TakesAValue(const CLI::Option& option) {
  return !option.get_type_name().empty();
}

// "-h", "--help".
std::vector<std::string> NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) {
    names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    names.push_back("--" + name);
  }
  return names;
}

// Of "TEXT:{fork,sim}" the two; none where any value will do.
std::vector<std::string> ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t from = type.find('{');
  const std::size_t to = type.find('}', from);
  if (from == std::string::npos || to == std::string::npos) return {};
  std::vector<std::string> values =
      absl::StrSplit(type.substr(from + 1, to - from - 1), ',');
  for (std::string& value : values) {
    value = value.substr(0, value.find("->"));
  }
  return values;
}

// A description may be broken where --help breaks it.
std::string OneLine(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\n", " "}});
}

std::string Roff(const std::string& text) {
  std::string escaped =
      absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  if (absl::StartsWith(escaped, ".") || absl::StartsWith(escaped, "'")) {
    escaped.insert(0, "\\&");
  }
  return escaped;
}

std::string RoffLines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines) line = Roff(line);
  return absl::StrJoin(lines, "\n");
}

std::string ManOption(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : NamesOf(option)) {
    names.push_back(absl::StrCat("\\fB", Roff(name), "\\fR"));
  }
  std::string page = absl::StrCat(".TP\n", absl::StrJoin(names, ", "));
  if (TakesAValue(option)) {
    absl::StrAppend(&page, " \\fI", Roff(option.get_type_name()), "\\fR");
  }
  absl::StrAppend(&page, "\n", Roff(OneLine(option.get_description())));
  if (!option.get_default_str().empty()) {
    absl::StrAppend(&page, " (default: ", Roff(option.get_default_str()), ")");
  }
  return page + "\n";
}

std::string ManSynopsis(const CLI::App& command, const std::string& name) {
  std::string line = absl::StrCat("\\fB", Roff(name), "\\fR");
  if (!Subcommands(command).empty()) return line + " \\fISUBCOMMAND\\fR ...";
  line += " [\\fIOPTIONS\\fR]";
  for (const CLI::Option* const positional : Positionals(command)) {
    absl::StrAppend(&line, " \\fI", Roff(positional->get_name(true)), "\\fR",
                    positional->get_items_expected_max() > 1 ? " ..." : "");
  }
  return line;
}

std::string PageName(const std::string& name) {
  return absl::StrReplaceAll(name, {{" ", "-"}});
}

std::string ManSubcommands(const CLI::App& app) {
  const auto commands = Subcommands(app);
  if (commands.empty()) return "";
  std::string page = ".SH SUBCOMMANDS\n";
  for (const CLI::App* const command : commands) {
    absl::StrAppend(
        &page, ".TP\n\\fB", Roff(command->get_name()), "\\fR\n",
        Roff(OneLine(command->get_description())), " (\\fB",
        Roff(PageName(absl::StrCat(kProgram, " ", command->get_name()))),
        "\\fR(1))\n");
  }
  return page;
}

// Text between single quotes, as _arguments of zsh reads it.
std::string ZshText(const std::string& text) {
  return absl::StrReplaceAll(
      OneLine(text),
      {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshValue(const CLI::Option& option) {
  const std::vector<std::string> values = ValuesOf(option);
  if (values.empty()) return ":value:_files";
  return absl::StrCat(":value:(", absl::StrJoin(values, " "), ")");
}

std::string ZshOption(const CLI::Option& option) {
  std::string lines;
  for (const std::string& name : NamesOf(option)) {
    const bool is_long = absl::StartsWith(name, "--");
    absl::StrAppend(&lines, " \\\n        '", name,
                    TakesAValue(option) && is_long ? "=" : "", "[",
                    ZshText(option.get_description()), "]",
                    TakesAValue(option) ? ZshValue(option) : "", "'");
  }
  return lines;
}

absl::Status WritePage(const std::filesystem::path& path,
                       const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("cannot write ", path.string()));
}

}  // namespace

std::string ManPage(const CLI::App& command, const std::string& name) {
  const std::string page_name = PageName(name);
  std::string page = absl::StrCat(
      ".TH ", absl::AsciiStrToUpper(page_name), " 1 \"\" \"", TesterVersion(),
      "\" \"User Commands\"\n.SH NAME\n", Roff(page_name), " \\- ",
      Roff(OneLine(name == kProgram
                       ? "crash tester for programs that keep their state in "
                         "SQLite"
                       : command.get_description())),
      "\n.SH SYNOPSIS\n", ManSynopsis(command, name), "\n");
  if (name == kProgram) {
    absl::StrAppend(&page, ".SH DESCRIPTION\n",
                    RoffLines(command.get_description()), "\n");
  }
  absl::StrAppend(&page, ManSubcommands(command));
  const auto positionals = Positionals(command);
  if (!positionals.empty()) page += ".SH ARGUMENTS\n";
  for (const CLI::Option* const positional : positionals) {
    absl::StrAppend(&page, ".TP\n\\fI", Roff(positional->get_name(true)),
                    "\\fR\n", Roff(OneLine(positional->get_description())),
                    "\n");
  }
  page += ".SH OPTIONS\n";
  for (const CLI::Option* const option : Options(command)) {
    page += ManOption(*option);
  }
  if (!command.get_footer().empty()) {
    absl::StrAppend(&page, ".SH NOTES\n.nf\n", RoffLines(command.get_footer()),
                    "\n.fi\n");
  }
  return page;
}

std::string BashCompletion(const CLI::App& app) {
  std::vector<std::string> names;
  std::string options;
  std::string values;
  for (const CLI::App* const command : Subcommands(app)) {
    names.push_back(command->get_name());
    std::vector<std::string> words;
    for (const CLI::Option* const option : Options(*command)) {
      for (std::string name : NamesOf(*option)) {
        if (!ValuesOf(*option).empty()) {
          absl::StrAppend(&values, "    ", command->get_name(), name, ") ",
                          "words='", absl::StrJoin(ValuesOf(*option), " "),
                          "' ;;\n");
        }
        if (TakesAValue(*option) && absl::StartsWith(name, "--")) name += "=";
        words.push_back(name);
      }
    }
    absl::StrAppend(&options, "    ", command->get_name(), ") words='",
                    absl::StrJoin(words, " "), "' ;;\n");
  }
  return absl::StrCat(
      "# Completion of lastcommit for bash.\n"
      "_lastcommit() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\" words='' option=''\n"
      "  local command=\"${COMP_WORDS[1]}\"\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '",
      absl::StrJoin(names, " "),
      " --help --version' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  # Bash makes three words of --engine=sim.\n"
      "  if [[ $word == '=' ]]; then\n"
      "    option=\"${COMP_WORDS[COMP_CWORD - 1]}\" word=''\n"
      "  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then\n"
      "    option=\"${COMP_WORDS[COMP_CWORD - 2]}\"\n"
      "  elif [[ $word != -* ]]; then\n"
      "    option=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
      "  fi\n"
      "  case \"$command$option\" in\n",
      values,
      "  esac\n"
      "  if [[ -z $words && $word == -* ]]; then\n"
      "    case \"$command\" in\n",
      options,
      "    esac\n"
      "  fi\n"
      "  [[ -n $words ]] || return\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      "  [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] ||\n"
      "    compopt -o nospace 2>/dev/null || true\n"
      "}\n"
      "complete -o default -F _lastcommit lastcommit\n");
}

std::string ZshCompletion(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const CLI::App* const command : Subcommands(app)) {
    absl::StrAppend(&commands, "    '", command->get_name(), ":",
                    ZshText(command->get_description()), "'\n");
    absl::StrAppend(&cases, "    ", command->get_name(), ")\n      _arguments");
    for (const CLI::Option* const option : Options(*command)) {
      cases += ZshOption(*option);
    }
    cases += " \\\n        '*:file:_files'\n      ;;\n";
  }
  return absl::StrCat(
      "#compdef lastcommit\n"
      "# Completion of lastcommit for zsh.\n"
      "_lastcommit() {\n"
      "  local -a commands\n"
      "  commands=(\n",
      commands,
      "  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe -t commands subcommand commands\n"
      "    _arguments '--help[Print this help message]' "
      "'--version[Print the versions]'\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n",
      cases,
      "  esac\n"
      "}\n"
      "_lastcommit \"$@\"\n");
}

absl::Status WritePages(const CLI::App& app, const std::string& directory) {
  const std::filesystem::path top = directory;
  const std::string program(kProgram);
  RETURN_IF_ERROR(
      WritePage(top / "man1" / (program + ".1"), ManPage(app, program)));
  for (const CLI::App* const command : Subcommands(app)) {
    const std::string name = absl::StrCat(program, " ", command->get_name());
    RETURN_IF_ERROR(WritePage(top / "man1" / (PageName(name) + ".1"),
                              ManPage(*command, name)));
  }
  RETURN_IF_ERROR(WritePage(top / "bash" / program, BashCompletion(app)));
  return WritePage(top / "zsh" / ("_" + program), ZshCompletion(app));
}

}  // namespace lastcommit
