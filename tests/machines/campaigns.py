"""What the tests of several machines know of campaigns."""

import json
import pathlib
import subprocess
import time

SEED = 5
TRIALS = 1200
SHARDS = 4
CAMPAIGN = [f"--trials={TRIALS}", "--engine=sim", "--clients=1"]


def run_undivided(build, directory):
    """The campaign that is to be divided, as one."""
    subprocess.run(
        [build / "lastcommit", "campaign", directory, f"--seed={SEED}",
         *CAMPAIGN], stdout=subprocess.DEVNULL, check=True)


def records_of(directory, kind):
    """Those of results.jsonl whose lines are whole."""
    try:
        text = (pathlib.Path(directory) / "results.jsonl").read_text()
    except FileNotFoundError:
        return []
    records = [json.loads(line) for line in text.splitlines(True)
               if line.endswith("\n")]
    return [record for record in records if record["record"] == kind]


def trials_of(directory):
    return sum(end - first for record in records_of(directory, "trials")
               for first, end in record["indexes"])


def wait_until(holds, what, minutes=2):
    # Of what takes some seconds, as a rule.
    for _ in range(minutes * 1200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain: {what}")


def check(claim, what):
    if not claim:
        raise AssertionError(what)
    print(f"ok: {what}", flush=True)


def check_went_on(directory, before):
    starts = len(records_of(directory, "start"))
    check(starts == 2 and 0 < before < TRIALS // SHARDS,
          f"a shard that was killed after {before} of {TRIALS // SHARDS} "
          "trials went on where it was")


def check_equal(merged, whole):
    """What both have in summary.json, but for times."""
    merged, whole = (
        json.loads((pathlib.Path(directory) / "summary.json").read_text())
        for directory in (merged, whole))
    for name in ["digest", "trials", "judged", "ledger", "outcome"]:
        shown = "" if name == "ledger" else f": {merged[name]}"
        check(merged[name] == whole[name],
              f"{name} of the merged and of the undivided campaign are equal"
              + shown)
    # What was new in the last tenth depends on the order of the records.
    for name in ["crashes", "signatures", "seen_once", "unseen"]:
        check(merged["residual_risk"][name] == whole["residual_risk"][name],
              f"{name} of the residual risk are equal")
