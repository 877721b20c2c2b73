"""The circumstances of a run: time, code, packages, machine. Recorded beside the results, part of no key."""

from __future__ import annotations

import datetime
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tda_latent
from tda_latent.errors import StoreError
from tda_latent.experiment.circumstances.environment import (
    MACHINE,
    differences,
    environment,
    keep_file,
    kept_environment,
)
from tda_latent.experiment.circumstances.git_state import GitState, git_state
from tda_latent.experiment.outcomes import Run
from tda_latent.experiment.outputs import write_file
from tda_latent.experiment.store import Store
from tda_latent.records import sha256

PATCHES = ("changes.diff", "changes-of-tda-latent.diff")
SHOWN_DIFFERENCES = 4


@dataclass(frozen=True)
class Beginning:
    """What is noted before a run: when it began, and the code as it was then.

    file : the experiment file as it was named; code : repository of tda_latent where that is another one
    """

    file: Path
    git: GitState
    code: GitState
    moment: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    clock: float = field(default_factory=time.monotonic)


def beginning(file: str | Path) -> Beginning:
    """Note the time and the state of the repositories of an experiment file and of tda_latent."""
    folder = Path(file).absolute().parent
    git, code = git_state(folder), git_state(Path(tda_latent.__file__).parent)
    return Beginning(Path(file), git, GitState() if code.facts == git.facts else code)


def keep_patch(begun: Beginning, store: Store, folder: Path) -> None:
    """Write what differs from the git revisions beside the results, and into the store for good."""
    for name, patch in zip(PATCHES, (begun.git.patch, begun.code.patch), strict=True):
        try:
            if patch:
                write_file(folder / name, patch)
            else:
                (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{folder / name} cannot be written: {error.strerror or error}.") from error
        if patch:
            keep_file(store.path, f"{sha256(patch)}.diff", patch, store.durable)


def closing(begun: Beginning, run: Run) -> dict[str, Any]:
    """`circumstances`, and a notice of the run where its results come from several environments."""
    found = circumstances(begun, run)
    if text := mixture(found["environments"]):
        run.told.append(text)
    return found


def circumstances(begun: Beginning, run: Run) -> dict[str, Any]:
    """Times, command, code and machine of a run that has ended, and the environments of its results, commonest first.

    Python, processor, linear algebra and packages are those of the workers that computed most of the results.
    """
    seconds = time.monotonic() - begun.clock
    ended = begun.moment + datetime.timedelta(seconds=seconds)
    places = environments(run)
    where = next(filter(None, (kept_environment(run.store, digest) for digest in places)), None) or environment()
    return {
        "time": ended.isoformat(timespec="seconds"),
        "started": begun.moment.isoformat(timespec="seconds"),
        "wall_seconds": round(seconds, 3),
        "task_seconds": round(sum(outcome.seconds for outcome in run.outcomes.values()), 3),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "directory": str(Path.cwd()),
        "file": str(begun.file),
        "git": begun.git.facts,
        "git_of_tda_latent": begun.code.facts,
        **{name: where[name] for name in MACHINE},
        "machine": machine(),
        "threads_per_task": 1,
        "environments": places,
        "packages": where["packages"],
    }


def machine() -> dict[str, Any]:
    """Cores, memory and graphics processors: what says how fast, not what came out."""
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "usable_cores": usable,
        "memory_bytes": int(psutil.virtual_memory().total),
        "graphics": graphics(),
    }


def graphics() -> list[str]:
    """Names of NVIDIA cards, asked of their driver: no library is loaded."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    command = [program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in told.stdout.splitlines() if line.strip()]


def environments(run: Run) -> dict[str, dict[str, Any]]:
    """By environment: how many results of the run were computed in it, and how it differs from the commonest one."""
    counts = Counter(outcome.environment for outcome in run.outcomes.values() if outcome.done and outcome.environment)
    if not counts:
        return {}
    ranked = sorted(counts, key=lambda digest: (-counts[digest], digest))
    known = {digest: kept_environment(run.store, digest) for digest in ranked}
    first = known[ranked[0]]
    found: dict[str, dict[str, Any]] = {}
    for digest in ranked:
        other = known[digest]
        found[digest] = {"results": counts[digest]}
        if other is None:
            found[digest]["unknown"] = "the store does not hold its description"
        elif first is not None and digest != ranked[0]:
            changed = differences(first, other)
            found[digest]["differs"] = {name: list(pair) for name, pair in changed.items()}
    return found


def mixture(found: dict[str, dict[str, Any]]) -> str:
    """The sentence that a run made in several environments must carry; empty when machine and Python are one."""
    parts = []
    for digest, facts in list(found.items())[1:]:
        changed = [name for name in facts.get("differs", {}) if name.split(" ")[0] in MACHINE]
        if changed or "unknown" in facts:
            why = ", ".join(changed[:SHOWN_DIFFERENCES]) or facts.get("unknown", "")
            parts.append(f"{facts['results']} in {digest[:12]} ({why})")
    if not parts:
        return ""
    first = next(iter(found))
    return f"results come from several environments: {found[first]['results']} from {first[:12]}, {'; '.join(parts)}."
