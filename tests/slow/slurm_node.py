"""A SLURM of one node on the loopback, from the system's own packages, in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
MEMORY = 8000  # MiB that the node claims to have

CONF = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
KillWait=5
SchedulerParameters=sched_interval=2,bf_interval=2
MessageTimeout=30
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory={memory} State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> list[str]:
    """Programs that a test needs and this machine has not."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _demand(condition: bool, folder: Path, message: str) -> None:
    if not condition:
        logs = "\n".join(
            f"{path}:\n{path.read_text(errors='replace')[-2000:]}" for path in sorted(folder.glob("*.log"))
        )
        raise RuntimeError(f"{message}\n{logs}")


@contextlib.contextmanager
def slurm_node(folder: Path) -> Iterator[dict[str, str]]:
    """Start munged, slurmctld and slurmd; gives the environment in which sbatch finds them."""
    for name in ("state", "spool"):
        (folder / name).mkdir()
    folder.chmod(0o755)
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    conf = folder / "slurm.conf"
    host = socket.gethostname().partition(".")[0]
    conf.write_text(
        CONF.format(host=host, folder=folder, controller=_free_port(), node=_free_port(), memory=MEMORY),
        encoding="utf-8",
    )
    sbin = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    env = {**os.environ, "PATH": sbin, "SLURM_CONF": str(conf)}
    munge = [
        "munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
        f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munged.log",
    ]  # fmt: skip
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        for call in (munge, ["slurmctld", "-D"], ["slurmd", "-D", "-N", host]):
            with (folder / f"{call[0]}.out.log").open("wb") as log:
                daemons.append(subprocess.Popen(call, env=env, stdout=log, stderr=log, cwd=folder))
            if call is munge:
                _wait(lambda: (folder / "munge.socket").exists(), folder, "munged did not start")
        _wait(lambda: b"idle" in _said(["sinfo", "--noheader", "--format=%T"], env), folder, "the node is not idle")
        yield env
    finally:
        _said(["scancel", "--user=root"], env)
        _wait(lambda: not _said(["squeue", "--noheader"], env).strip(), folder, "jobs remain")
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(timeout=10)
            daemon.kill()
            daemon.wait()


def _said(call: list[str], env: dict[str, str]) -> bytes:
    try:
        return subprocess.run(call, env=env, capture_output=True, timeout=20).stdout
    except subprocess.TimeoutExpired:
        return b""


def _wait(condition, folder: Path, message: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        _demand(time.monotonic() < end, folder, message)
        time.sleep(0.1)
