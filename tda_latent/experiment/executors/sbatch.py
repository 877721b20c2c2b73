"""Talking to SLURM through its own commands; what it says is passed on in its own words."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tda_latent.errors import InvalidInput

PATIENCE = 60  # seconds for an answer of the controller


def is_here() -> bool:
    """Whether this machine can submit jobs."""
    return shutil.which("sbatch") is not None


def check(script: Path) -> None:
    """Ask whether the script would be accepted; nothing is submitted.

    Raises
    ------
    InvalidInput
        With what sbatch says when it would not.
    """
    _sbatch("--test-only", str(script))


def submit(script: Path) -> str:
    """Submit the script and give the number of its job.

    Raises
    ------
    InvalidInput
        With what sbatch says when it refuses.
    """
    return _sbatch("--parsable", str(script)).strip().partition(";")[0]


def _sbatch(*arguments: str) -> str:
    try:
        done = subprocess.run(["sbatch", *arguments], capture_output=True, text=True, timeout=PATIENCE)
    except FileNotFoundError:
        raise InvalidInput("sbatch is not on this machine; start this on a login node of the cluster.") from None
    except subprocess.TimeoutExpired:
        raise InvalidInput(f"sbatch gave no answer within {PATIENCE} s; see with sinfo whether SLURM is up.") from None
    if done.returncode:
        raise InvalidInput(f"SLURM rejects the job {arguments[-1]}: {' '.join(done.stderr.split())}")
    return done.stdout


def cancel(jobs: Iterable[str]) -> None:
    """End jobs; those that have ended already are no matter."""
    if numbers := [job for job in jobs if job]:
        _quietly(["scancel", *numbers])


def states(jobs: Iterable[str]) -> str:
    """One ``number state reason`` for each job that the queue still knows, for a message."""
    numbers = ",".join(job for job in jobs if job)
    lines = _quietly(["squeue", "--noheader", "--format=%i %T %r", "--jobs", numbers]).splitlines() if numbers else []
    return "; ".join(line.strip() for line in lines) or "none of its jobs is left in the queue"


def _quietly(call: list[str]) -> str:
    try:
        return subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def clock(seconds: float) -> str:
    """A time limit as SLURM writes it, rounded up to whole minutes: ``1-02:03:00``."""
    minutes = math.ceil(seconds / 60)
    days, rest = divmod(minutes, 24 * 60)
    text = f"{rest // 60:02d}:{rest % 60:02d}:00"
    return f"{days}-{text}" if days else text


def mebibytes(size: int) -> str:
    """Memory as SLURM writes it, rounded up: ``3815M``."""
    return f"{math.ceil(size / 2**20)}M"
