#!/usr/bin/env python3
"""scripts/nightly.sbatch on a real Slurm of one node.

usage: slurm_test.py PROJECT BUILD

Four tasks, of which one is killed and requeued in the middle; what is merged is
what one campaign comes to that was never divided, also by a merge that is
requeued. A task ends with what it has before its time limit, and with its hours
when it is started again behind them; who waits learns of a finding. Exit code
77: no Slurm here.
"""

import json
import pathlib
import sys
import tempfile

import campaigns
import slurm
from campaigns import check


class Night:
    """scripts/nightly.sbatch with one directory."""

    def __init__(self, cluster, project, build, directory, shards):
        self.cluster = cluster
        self.project = project
        self.script = project / "scripts/nightly.sbatch"
        self.build = build
        self.directory = directory
        self.shards = shards

    def run(self, part, *campaign, options=(), **environment):
        ran = self.cluster.run(
            self.script, *part, "1", f"--dir={self.directory}",
            f"--shards={self.shards}", f"--seed={campaigns.SEED}",
            "--properties=none", *options, "--", *campaign,
            directory=self.project, LASTCOMMIT_BUILD=str(self.build),
            **environment)
        print(ran.stdout + ran.stderr, flush=True)
        return ran

    def submit(self, *campaign, **environment):
        """The numbers of the array and of the merge."""
        submitted = self.run([], *campaign, **environment)
        check(submitted.returncode == 0, "the jobs are submitted")
        return (submitted.stdout.split("job ")[1].split(",")[0],
                submitted.stdout.split()[-1])


def requeue(cluster, task, directory):
    """Kills a task when it has results; returns how many."""
    campaigns.wait_until(lambda: campaigns.trials_of(directory),
                         f"results of task {task}")
    requeued = cluster.run("scontrol", "requeue", task)
    check(requeued.returncode == 0,
          f"task {task} is killed and requeued {requeued.stderr}")
    return campaigns.trials_of(directory)


def has_no_jobs(cluster):
    queue = cluster.run("squeue", "-h")
    return queue.returncode == 0 and not queue.stdout.strip()


def wait_for_end(cluster, minutes=2):
    try:
        campaigns.wait_until(lambda: has_no_jobs(cluster), "the jobs' end",
                             minutes)
    except AssertionError:
        print(cluster.run("scontrol", "show", "job").stdout, cluster.logs(),
              flush=True)
        raise


def check_merged_again(cluster, night, merge, whole):
    (night / "merged/left behind").touch()
    requeued = cluster.run("scontrol", "requeue", merge)
    check(requeued.returncode == 0, f"the merge is requeued {requeued.stderr}")
    wait_for_end(cluster)
    check(not (night / "merged/left behind").exists(),
          "what it had merged is made anew")
    campaigns.check_equal(night / "merged", whole)


def check_time_limit(cluster, project, build, work):
    night = Night(cluster, project, build, work / "limited", 1)
    # In minutes: the signal comes after a half, or up to one later.
    job, _ = night.submit("--engine=sim", SBATCH_TIMELIMIT="3")
    wait_for_end(cluster, minutes=6)
    shard = night.directory / "shard-1"
    ends = campaigns.records_of(shard, "end")
    check(len(ends) == 1 and ends[0]["interrupted"],
          "a task that comes near its time limit ends by itself")
    shown = cluster.run("scontrol", "show", "job", f"{job}_1").stdout
    check("JobState=COMPLETED" in shown or "JobState=FAILED" in shown,
          "Slurm has not killed it")
    summary = json.loads(
        (night.directory / "merged/summary.json").read_text())
    check(summary["trials"] == campaigns.trials_of(shard) > 0,
          f"its {summary['trials']} trials are merged")


def check_hours_that_run_out(cluster, project, build, work):
    night = Night(cluster, project, build, work / "late", 1)
    shard = night.directory / "shard-1"

    def start(trials):
        return night.run(["shard"], f"--trials={trials}", "--engine=sim",
                         SLURM_ARRAY_TASK_ID="1")

    check(start(40).returncode == 4, "40 trials are too few to hold")
    # As if they had taken an hour, which is all that it had.
    results = shard / "results.jsonl"
    records = [json.loads(line) for line in results.read_text().splitlines()]
    next(record for record in records
         if record["record"] == "trials")["seconds"] += 3600
    results.write_text("".join(json.dumps(record) + "\n" for record in records))
    before = campaigns.trials_of(shard)
    again = start(campaigns.TRIALS)
    trials = campaigns.trials_of(shard)
    check("shard 1 goes on; 36" in again.stdout and
          before <= trials < campaigns.TRIALS,
          f"a task whose hours are over does {trials - before} trials more")


def check_exit_code_of_who_waits(cluster, project, build, work):
    night = Night(cluster, project, build, work / "planted", 2)
    ran = night.run([], "--saver=planted-ack-before-commit", "--trials=40",
                    "--engine=sim", "--fault=kill", options=["--wait"])
    check(ran.returncode == 1, "who waits for the merge learns of a finding")
    check((night.directory / "merged/report.html").exists(),
          "the merge has ended by then")


def run(cluster, project, build, work):
    night = work / "night of 100%a"
    job, merge = Night(cluster, project, build, night,
                       campaigns.SHARDS).submit(*campaigns.CAMPAIGN)
    before = requeue(cluster, f"{job}_2", night / "shard-2")
    wait_for_end(cluster)
    for log in sorted(night.glob("*.log")):
        print(f"== {log.name}\n{log.read_text()}", flush=True)
    shown = cluster.run("scontrol", "show", "job", f"{job}_2").stdout
    check("Restarts=1" in shown, "Slurm has restarted the killed task")
    campaigns.check_went_on(night / "shard-2", before)
    check(len(campaigns.records_of(night / "shard-1", "start")) == 1,
          "another task was started once")
    campaigns.check_equal(night / "merged", work / "whole")
    check_merged_again(cluster, night, merge, work / "whole")
    for refused in (["--shards=3"], ["--shards=4", "--seed=1"]):
        again = cluster.run(project / "scripts/nightly.sbatch", "1",
                            f"--dir={work / 'again'}", *refused,
                            LASTCOMMIT_BUILD=str(build))
        check(again.returncode == 2 and "the shards in" in again.stderr,
              f"{' '.join(refused)} of other shards is refused: "
              + again.stderr.strip())
    check((night / "merged" / "report.html").exists(), "there is a report")


def main():
    project, build = (pathlib.Path(path) for path in sys.argv[1:3])
    why = slurm.missing()
    if why:
        print(f"skipped: {why}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        campaigns.run_undivided(build, work / "whole")
        (work / "again/shard-1").mkdir(parents=True)
        (work / "again/shard-1/campaign.json").write_text(
            '{"seed": 5, "shards_of": 4}')
        (work / "slurm").mkdir()
        cluster = slurm.Slurm(work / "slurm", cpus=campaigns.SHARDS)
        try:
            run(cluster, project, build, work)
            check_hours_that_run_out(cluster, project, build, work)
            check_exit_code_of_who_waits(cluster, project, build, work)
            check_time_limit(cluster, project, build, work)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
