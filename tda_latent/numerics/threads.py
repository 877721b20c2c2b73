"""How many cores a computation may use: those of this process, or as many as its environment allows."""

from __future__ import annotations

import os


def available_threads() -> int:
    """Cores for one computation: ``NUMBA_NUM_THREADS`` where it is set, as in workers, else those of the process.

    Results do not depend on it.
    """
    allowed = os.environ.get("NUMBA_NUM_THREADS", "")
    if allowed.isdigit() and int(allowed) > 0:
        return int(allowed)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
