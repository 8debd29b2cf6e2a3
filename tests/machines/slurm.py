"""A Slurm of one node, with its state in a directory of its own."""

import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol", "squeue"]
SBIN = "/usr/sbin:" + os.environ["PATH"]


def missing():
    """Why there can be none here; an empty string if there can."""
    if os.geteuid() != 0:
        return "a Slurm is started by root"
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=SBIN)]
    if lacking:
        return f"no {', '.join(lacking)}; scripts/setup --slow installs them"
    return ""


def end_with_parent():
    """In a child: it does not outlive a test that is killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={directory}/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool
SlurmctldPidFile={directory}/slurmctld.pid
SlurmdPidFile={directory}/slurmd.pid
SlurmctldLogFile={directory}/slurmctld.log
SlurmdLogFile={directory}/slurmd.log
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=1
MinJobAge=3600
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES State=UP
"""


class Slurm:
    """Started when it is made; stop() ends all that it started."""

    def __init__(self, directory, cpus):
        self.directory = pathlib.Path(directory)
        # munged's clients are not all root's.
        self.directory.chmod(0o755)
        self.processes = []
        self.environment = {
            **os.environ, "PATH": SBIN,
            "SLURM_CONF": str(self.directory / "slurm.conf")}
        (self.directory / "state").mkdir()
        (self.directory / "spool").mkdir()
        key = self.directory / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        host = socket.gethostname().split(".")[0]
        (self.directory / "slurm.conf").write_text(CONFIG.format(
            directory=self.directory, host=host, cpus=cpus,
            controller=free_port(), node=free_port()))
        munge = self.directory / "munge"
        self._start("munged", "--foreground", "--force",
                    f"--key-file={key}", f"--socket={munge}.socket",
                    f"--pid-file={munge}.pid", f"--seed-file={munge}.seed",
                    f"--log-file={munge}.log")
        self._wait_for(pathlib.Path(f"{munge}.socket").exists, "munged")
        self._start("slurmctld", "-D", "-c")
        self._start("slurmd", "-D", "-N", host)
        self._wait_for(
            lambda: self.run("sinfo", "-h", "-o", "%T").stdout.strip()
            in ("idle", "mixed", "allocated"), "a node")

    def _start(self, *command):
        log = open(self.directory / f"{command[0]}.out", "wb")
        self.processes.append(subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=self.environment, start_new_session=True,
            preexec_fn=end_with_parent))

    def _wait_for(self, is_there, what):
        # Each look is a process or a system call; nothing is judged by it.
        for _ in range(600):
            if is_there():
                return
            if any(process.poll() is not None for process in self.processes):
                break
            time.sleep(0.1)
        raise RuntimeError(f"Slurm: waited for {what}\n{self.logs()}")

    def logs(self):
        return "".join(
            f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}"
            for log in sorted(self.directory.glob("*.log")))

    def run(self, *command, directory=None, **more):
        return subprocess.run(command, env={**self.environment, **more},
                              cwd=directory, capture_output=True, text=True,
                              check=False)

    def stop(self):
        self.run("scancel", "--signal=KILL", "--full", "-u", "root")
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
