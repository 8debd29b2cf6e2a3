// Pages that are installed beside the program: a man page of it and of each
// subcommand, and completions for bash and zsh. All are made of the definitions
// that --help is made of, so that none of them says what the program does not
// know.

#ifndef LASTCOMMIT_CLI_PAGES_H_
#define LASTCOMMIT_CLI_PAGES_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"

namespace lastcommit {

// In the language of man(7). `command` is the program or one of its
// subcommands; `name` is how it is called: "lastcommit fuzz".
std::string ManPage(const CLI::App& command, const std::string& name);

std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);

// man1/*.1, bash/lastcommit and zsh/_lastcommit below the directory, which is
// made. The errors of writing.
absl::Status WritePages(const CLI::App& app, const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_PAGES_H_
