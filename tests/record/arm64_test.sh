#!/usr/bin/env bash
# The recorder and the judge compile for arm64 without a warning: they are
# written for it, and nothing else here runs there.
set -euo pipefail

skipped=77  # as tests/record/CMakeLists.txt has it
compiler=aarch64-linux-gnu-g++

if ! command -v "$compiler" >/dev/null; then
  echo "skipped: there is no $compiler (scripts/setup --slow installs it)"
  exit "$skipped"
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for source in src/record/*.cc src/disk/*.cc src/judge/*.cc; do
  # The headers of libraries; those of the C library are the compiler's own.
  "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion \
    -Wshadow -Werror -Isrc -idirafter /usr/include "$source"
done
echo "compiled for $("$compiler" -dumpmachine)"
