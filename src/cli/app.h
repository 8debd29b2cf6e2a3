// CLI11's App, declared here so that its header, which is slow to compile,
// stays out of ours.

#ifndef LASTCOMMIT_CLI_APP_H_
#define LASTCOMMIT_CLI_APP_H_

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's
class App;
}  // namespace CLI

#endif  // LASTCOMMIT_CLI_APP_H_
