"""A file system of a few mebibytes to fill up, where the tests run as root; and a user without rights to be."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def is_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """The folder as a file system of its own in memory; skips the test where none can be mounted."""
    place.mkdir(parents=True)
    call = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if not is_root() or subprocess.run(call, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def remounted(place: Path, options: str) -> None:
    """Change the options of a mounted small disk: ``ro``, ``rw``, ``size=40m``."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)
