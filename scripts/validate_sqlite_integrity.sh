#!/usr/bin/env bash
# Checks a database, or the whole way from a crash to its recovery.
set -euo pipefail

usage() {
  cat <<'END'
usage: scripts/validate_sqlite_integrity.sh [DB]

With DB: `lastcommit verify DB`, a check of that SQLite database that changes
nothing: integrity, foreign keys, its WAL, its journal, its schema.

Without: a simulated cycle of crash and recovery. The saver is killed in the
middle of its work a few hundred times, and what it recovers is compared with
what it had promised; what one kill left is checked by `lastcommit verify`. So
that this is seen to be able to fail, a saver with a planted bug has to be
caught, and a database that is damaged on purpose has to be called so.

Installs and builds what is missing. LASTCOMMIT_PROGRAM names a binary to use
instead, LASTCOMMIT_SEED other crashes than those of seed 1, LASTCOMMIT_TRIALS
another number than 500.

The last line begins with OK, DAMAGED, CANNOT CHECK or, without DB, VIOLATED.
Exit codes: 0 OK, 1 damaged or violated, 2 usage or bad input, 3 the tester
itself (or its build) failed, 4 not exercised.
END
}

# The last line, and the end.
conclude() {
  local code="$1"
  shift
  echo "$*"
  exit "$code"
}

run_program() {
  local result=0
  "$program" "$@" >"$work/log" 2>&1 || result=$?
  return "$result"
}

# Shows what a step printed, which did not end as it should have.
unexpected() {
  local what="$1" result="$2"
  cat "$work/log"
  case "$result" in
    1) conclude 1 "VIOLATED: $what" ;;
    4) conclude 4 "CANNOT CHECK: $what: not exercised" ;;
    *) conclude 3 "CANNOT CHECK: $what: exit code $result" ;;
  esac
}

step() { echo "$1 ..."; }

kill_the_saver() {
  local result=0
  step "killing the saver $trials times, seed $seed"
  run_program fuzz --fault=kill --clients=1 --seed="$seed" \
    --trials="$trials" --findings="$findings" || result=$?
  [[ $result -eq 0 ]] || unexpected "the saver; see $findings" "$result"
  # Global: how many trials held, and how many were skipped.
  held="$(tail -n 1 "$work/log")"
  echo "$held"
}

catch_a_planted_bug() {
  local result=0
  step "the same with a saver that acknowledges before it commits"
  run_program fuzz --saver=planted-ack-before-commit --fault=kill \
    --clients=1 --seed="$seed" --trials=500 --stop-after=1 --findings="$work/planted" ||
    result=$?
  case "$result" in
    1) echo "caught" ;;
    0) conclude 3 "CANNOT CHECK: a planted bug was not caught" ;;
    *) unexpected "a planted bug" "$result" ;;
  esac
}

# A database that was killed in the middle of a checkpoint, and one damaged by
# hand.
verify_what_a_kill_left() {
  local result=0 killed="$work/kept/round-1/state.db" size
  step "verifying what a kill left"
  run_program replay corpus/checkpoint-killed-half-way.plan \
    --keep="$work/kept" || unexpected "a replay" "$?"
  run_program verify "$killed" || result=$?
  [[ $result -eq 0 ]] || unexpected "what a kill left" "$result"
  tail -n 1 "$work/log"

  step "verifying a database whose pages are zeros but the first"
  size="$(stat -c %s "$killed")"
  head -c 4096 "$killed" >"$work/damaged.db"
  head -c "$((size - 4096))" /dev/zero >>"$work/damaged.db"
  result=0
  run_program verify "$work/damaged.db" || result=$?
  case "$result" in
    1) echo "called damaged" ;;
    0) conclude 3 "CANNOT CHECK: a damaged database was called intact" ;;
    *) unexpected "a damaged database" "$result" ;;
  esac
}

main() {
  local caller="$PWD" database=""
  case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
  esac
  [[ $# -le 1 ]] || { usage >&2; exit 2; }
  [[ $# -eq 0 ]] || database="$1"
  # Global: functions and the trap use them.
  program="${LASTCOMMIT_PROGRAM:-}"
  seed="${LASTCOMMIT_SEED:-1}"
  trials="${LASTCOMMIT_TRIALS:-500}"
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  if [[ -z "$program" ]]; then
    scripts/build release lastcommit ||
      conclude 3 "CANNOT CHECK: the build failed"
    program="$PWD/build/release/lastcommit"
  fi
  if [[ $# -eq 1 ]]; then
    cd "$caller"
    exec "$program" verify "$database"
  fi
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 3' INT TERM
  findings="$PWD/build/findings/validate"
  kill_the_saver
  catch_a_planted_bug
  verify_what_a_kill_left
  conclude 0 "OK: ${held#HELD: }; the planted bug and the damage were seen"
}

main "$@"
