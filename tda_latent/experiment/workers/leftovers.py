"""What tasks leave behind on their machine: processes that outlive them, and files in the folder for temporaries."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

_PREFIX = "tda-latent-"
_DAY = 86400.0


def kill_marked(variable: str, mark: str) -> int:
    """Kill the processes of this user whose environment variable has the mark or begins with it; returns how many.

    A process inherits its environment, so this finds those that left the group of their worker or outlived it.
    """
    killed = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            found = process.environ().get(variable, "")
            if (found == mark or found.startswith(f"{mark}-")) and process.pid != os.getpid():
                process.kill()
                killed += 1
    return killed


def private_folder() -> Path | None:
    """A new folder for the temporary files of one worker; None where none can be made.

    Those of runners that died more than a day ago are removed on the way.
    """
    try:
        home = Path(tempfile.gettempdir())
        made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=home))
    except OSError:
        return None
    for old in home.glob(f"{_PREFIX}*-*"):
        number = old.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if number.isdigit() and not psutil.pid_exists(int(number)) and time.time() - old.stat().st_mtime > _DAY:
                shutil.rmtree(old, ignore_errors=True)
    return made
