#!/usr/bin/env python3
"""scripts/nightly.sbatch on a real Slurm of one node.

usage: slurm_test.py PROJECT BUILD

Four tasks, of which one is killed and requeued in the middle; what is merged is
what one campaign comes to that was never divided. Exit code 77: no Slurm here.
"""

import pathlib
import sys
import tempfile

import campaigns
import slurm
from campaigns import check


def submit(cluster, project, build, night):
    """The number of the array."""
    submitted = cluster.run(
        project / "scripts/nightly.sbatch", "1", f"--dir={night}",
        f"--shards={campaigns.SHARDS}", f"--seed={campaigns.SEED}",
        "--properties=none", "--", *campaigns.CAMPAIGN,
        LASTCOMMIT_BUILD=str(build))
    print(submitted.stdout + submitted.stderr, flush=True)
    check(submitted.returncode == 0, "the jobs are submitted")
    return submitted.stdout.split("job ")[1].split(",")[0]


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


def wait_for_end(cluster):
    try:
        campaigns.wait_until(lambda: has_no_jobs(cluster), "the jobs' end")
    except AssertionError:
        print(cluster.run("scontrol", "show", "job").stdout, cluster.logs(),
              flush=True)
        raise


def run(cluster, project, build, work):
    night = work / "night of 100%a"
    job = submit(cluster, project, build, night)
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
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
