"""The circumstances of a run: code, packages, machine. Recorded beside the results, part of no key."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = (
    "tda-latent", "numpy", "scipy", "scikit-learn", "gudhi", "ripser", "persim", "kmapper", "networkx", "torch",
    "matplotlib", "pydantic",
)  # fmt: skip


def circumstances(folder: Path) -> dict[str, Any]:
    """Time, Python, packages, BLAS, hardware and the git state of ``folder``."""
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory(),
        "threads_per_task": 1,
        "packages": {name: _version(name) for name in PACKAGES},
        "git": git_state(folder),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
    }


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def git_state(folder: Path) -> dict[str, str]:
    """Revision and whether files differ from it; empty outside a repository or without git."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout.strip()

    try:
        revision, status = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"revision": revision, "state": "modified" if status else "clean"}
