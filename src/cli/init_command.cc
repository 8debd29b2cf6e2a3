#include "cli/init_command.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "disk/confined_vfs.h"
#include "output/shown.h"
#include "saver/sqlite_status.h"
#include "sql/starter.h"
#include "status/status.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"
#include "verify/private_copy.h"

namespace lastcommit {
namespace {

struct InitCommand {
  std::string database;
  std::string output;  // "": standard output
};

// What is wrong with the database is the caller's.
absl::Status AsUsage(const absl::Status& status) {
  if (status.ok() || absl::IsResourceExhausted(status)) return status;
  return absl::InvalidArgumentError(status.message());
}

absl::StatusOr<std::string> ScriptOf(const std::string& copy,
                                     const std::string& name) {
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(copy.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE, nullptr);
  const absl::Cleanup close = [&connection] { sqlite3_close(connection); };
  RETURN_IF_ERROR(
      AsUsage(saver::SqliteStatus(result, connection, "opening the copy")));
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  absl::StatusOr<std::string> script = sql::StarterScript(connection, name);
  if (script.ok()) return script;
  const std::string message(script.status().message());
  return AsUsage(absl::Status(script.status().code(),
                              message.find(name) == 0
                                  ? message
                                  : absl::StrCat(Shown(name), ": ", message)));
}

// Nothing that is there is written over.
absl::Status WriteNew(const std::string& path, const std::string& text) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0 && errno == EEXIST) {
    return absl::InvalidArgumentError(
        absl::StrCat("--output: ", Shown(path), " is there already"));
  }
  if (file < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  }
  const ssize_t written = write(file, text.data(), text.size());
  const int error = errno;
  if (close(file) == 0 && written == static_cast<ssize_t>(text.size())) {
    return absl::OkStatus();
  }
  unlink(path.c_str());
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot write ", Shown(path), ": ",
                   written < 0 ? std::generic_category().message(error)
                               : "there is no room"));
}

absl::StatusOr<ExitCode> Init(const InitCommand& options) {
  ASSIGN_OR_RETURN(const std::string database, ResolvedPath(options.database));
  std::error_code error;
  const auto place = std::filesystem::temp_directory_path(error);
  if (error) {
    return absl::NotFoundError("there is no directory for temporary files");
  }
  ASSIGN_OR_RETURN(const TrialDirectory directory,
                   TrialDirectory::Make(place.string()));
  if (!std::filesystem::create_directory(directory.trial(), error)) {
    return absl::ErrnoToStatus(error.value(), "making a directory");
  }
  const std::string copy = absl::StrCat(directory.trial(), "/", kDatabaseName);
  ASSIGN_OR_RETURN(
      const CopyRefused copied,
      CopyDatabase(database, copy,
                   [](const std::string& /*doing*/) { return true; }));
  if (!copied.why.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(Shown(options.database), ": ", copied.why));
  }
  RETURN_IF_ERROR(ConfineSqlite(directory.trial()));
  ASSIGN_OR_RETURN(
      const std::string script,
      ScriptOf(copy,
               std::filesystem::path(options.database).filename().string()));
  const auto is_control = [](char c) {
    return absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\n' &&
           c != '\t';
  };
  if (options.output.empty() || options.output == "-") {
    if (isatty(STDOUT_FILENO) == 1 &&
        std::any_of(script.begin(), script.end(), is_control)) {
      return absl::InvalidArgumentError(
          "the schema has control characters, which are not for a terminal: "
          "use --output");
    }
    std::fwrite(script.data(), 1, script.size(), stdout);
    return ExitCode::kHeld;
  }
  RETURN_IF_ERROR(WriteNew(options.output, script));
  std::printf("next: lastcommit fuzz --sql=%s\n",
              Shown(options.output).c_str());
  return ExitCode::kHeld;
}

}  // namespace

void AddInit(CLI::App& app, ExitCode& code) {
  CLI::App* command = app.add_subcommand(
      "init", "Write a script to start from, of a database that exists");
  command->footer(
      "The script has the schema of the database, none of its rows, and for "
      "each table an\ninsert, an update and a delete. Edit them to what your "
      "program does, add what must always\nhold as an \\invariant, and run\n\n"
      "  lastcommit fuzz --sql=app.sql\n\n"
      "The database is copied, with its WAL, and not changed.");
  const auto options = std::make_shared<InitCommand>();
  command->add_option("--sql", options->database, "The database")
      ->type_name("DATABASE")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "The script, a file that is not there yet; without it, "
                   "standard output")
      ->type_name("FILE");
  command->callback([options, &code] { code = Checked(Init, *options); });
}

}  // namespace lastcommit
