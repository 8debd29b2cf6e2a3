#!/usr/bin/env python3
"""GNU parallel, as docs/scale.md has it, on one machine.

usage: parallel_test.py PROJECT BUILD

It is killed in the middle with all that it had started, and resumed: shards
that had ended are not run again, one that had not goes on, and what is merged
is what one campaign comes to that was never divided. Exit code 77: there is no
parallel here.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import campaigns
from campaigns import check


class Machine:
    def __init__(self, project, build, night):
        self.night = night
        nightly = " ".join([
            str(project / "scripts/nightly"), "1", f"--dir={night}/shard-{{}}",
            f"--seed={campaigns.SEED}", f"--shard={{}}/{campaigns.SHARDS}",
            "--properties=none", "--", *campaigns.CAMPAIGN])
        self.command = [
            "parallel", "--will-cite", "--jobs=1", "--resume",
            f"--joblog={night}/jobs.log", nightly, ":::",
            *(str(shard + 1) for shard in range(campaigns.SHARDS))]
        self.environment = {**os.environ, "LASTCOMMIT_BUILD": str(build)}

    def start(self):
        return subprocess.Popen(self.command, env=self.environment,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def kill(self, process):
        """And all that it has started, which has other process groups."""
        process.send_signal(signal.SIGSTOP)
        for pid in descendants_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()

    def jobs_that_ended(self):
        try:
            lines = (self.night / "jobs.log").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [line.split("\t")[0] for line in lines[1:]]


def descendants_of(pid):
    """The stopped ones first, so that none of them starts another one."""
    found = []
    for child in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = child.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == pid:
            one = int(child.parent.name)
            os.kill(one, signal.SIGSTOP)
            found += [one] + descendants_of(one)
    return found


def main():
    project, build = (pathlib.Path(path) for path in sys.argv[1:3])
    if not shutil.which("parallel"):
        print("skipped: no parallel; scripts/setup --slow installs it")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        campaigns.run_undivided(build, work / "whole")
        night = work / "night"
        night.mkdir()
        machine = Machine(project, build, night)
        process = machine.start()
        campaigns.wait_until(lambda: campaigns.trials_of(night / "shard-2"),
                             "results of the second shard")
        machine.kill(process)
        before = campaigns.trials_of(night / "shard-2")
        check(machine.jobs_that_ended() == ["1"],
              "the first shard had ended, and no other one")
        machine.start().wait()
        check(sorted(machine.jobs_that_ended()) == ["1", "2", "3", "4"],
              "after --resume all have")
        check(len(campaigns.records_of(night / "shard-1", "start")) == 1,
              "the first one was not run again")
        campaigns.check_went_on(night / "shard-2", before)
        subprocess.run(
            [project / "scripts/merge-nights", night / "merged",
             *sorted(night.glob("shard-?"))],
            env=machine.environment, stdout=subprocess.DEVNULL, check=True)
        campaigns.check_equal(night / "merged", work / "whole")


if __name__ == "__main__":
    main()
