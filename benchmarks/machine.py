"""What the numbers were measured on: processor, memory, versions; no names of hosts, users or folders."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import psutil

from benchmarks.environments import SHARED, version_of

LIBRARIES = ("numpy", "scipy", "numba", "scikit-learn", "gudhi", "ripser")


def facts() -> dict[str, Any]:
    """Processor, cores, memory, system, Python, libraries."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version_of(SHARED, name) for name in LIBRARIES},
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
