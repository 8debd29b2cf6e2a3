#!/usr/bin/env bash
# Makes the Debian packages of a build, lets lintian look at them, installs them
# into a fresh Debian 12 and uses them there: debian_test.sh BUILD SOURCE.
# Needs root, debootstrap, lintian, and the Debian mirror.
set -euo pipefail

readonly build="$1" source="$2"
fresh=""

fail() {
  echo "debian_test: $1" >&2
  exit 1
}

clean_up() {
  [[ -n "$fresh" ]] || return 0
  umount "$fresh/proc" 2>/dev/null || true
  rm -rf --one-file-system "$fresh"
}

inside() { chroot "$fresh" env DEBIAN_FRONTEND=noninteractive "$@"; }

expect() {
  local what="$1" wanted="$2" found="$3"
  [[ "$found" == *"$wanted"* ]] ||
    fail "$what says \"$found\", and not \"$wanted\""
}

make_packages() {
  rm -rf "$build/packages"
  (cd "$build" && cpack >/dev/null)
  local found
  found="$(lintian --fail-on error,warning --tag-display-limit 0 \
    --suppress-tags pkg-config-unavailable-for-cross-compilation \
    --allow-root "$build"/packages/*.deb)" || fail "lintian: $found"
}

install_them() {
  debootstrap --variant=minbase bookworm "$fresh" >/dev/null
  mount -t proc proc "$fresh/proc"
  cp "$build"/packages/*.deb "$fresh/tmp"
  inside sh -c 'apt-get -qq update && apt-get -qq install -y \
    --no-install-recommends /tmp/*.deb python3 man-db bash-completion g++ \
    cmake make pkg-config >/dev/null'
}

use_the_tool() {
  mkdir "$fresh/tmp/app"
  cat >"$fresh/tmp/app/app.py" <<'PYTHON'
import sqlite3
connection = sqlite3.connect("state.db", isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=NORMAL")
connection.execute("CREATE TABLE steps(n)")
for n in range(20):
    connection.execute("INSERT INTO steps VALUES(?)", (n,))
    print("step", n, "is stored", flush=True)
PYTHON
  local text
  text="$(inside sh -c 'cd /tmp/app && lastcommit try -- python3 app.py | cat')"
  expect "try" "after a kill:          nothing is lost" "$text"
  expect "try" "21 of 21 promised commits of state.db are lost" "$text"
  expect "man" "Run any program once" \
    "$(inside sh -c 'man lastcommit-try | cat')"
  # shellcheck disable=SC2016
  expect "completion" "--promise=" "$(inside bash -c '
    source /usr/share/bash-completion/bash_completion
    _completion_loader lastcommit || true
    COMP_WORDS=(lastcommit try --prom) COMP_CWORD=2
    _lastcommit
    echo "${COMPREPLY[@]}"')"
}

use_the_library() {
  cp -r "$source/tests/install/program" "$fresh/tmp/program"
  local greeting="hello, disk"
  inside sh -c 'cd /tmp/program && cmake -B build >/dev/null &&
    cmake --build build >/dev/null'
  expect "the program built by CMake" "$greeting" \
    "$(inside sh -c 'cd /tmp && program/build/program')"
  # shellcheck disable=SC2016
  inside sh -c 'cd /tmp/program && g++ -o by_pkg_config main.cc \
    $(pkg-config --cflags --libs lastcommit-saver)'
  expect "the program built by pkg-config" "$greeting" \
    "$(inside sh -c 'cd /tmp && rm -f state.db && program/by_pkg_config')"
}

main() {
  local tool
  for tool in debootstrap lintian; do
    command -v "$tool" >/dev/null || { echo "SKIPPED: no $tool"; exit 77; }
  done
  [[ "$(id -u)" -eq 0 ]] || { echo "SKIPPED: not root"; exit 77; }
  make_packages
  trap clean_up EXIT
  fresh="$(mktemp -d)"
  chmod 755 "$fresh"
  install_them
  use_the_tool
  use_the_library
  echo "installed and used in a fresh Debian"
}

main
