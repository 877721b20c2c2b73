"""What workers print, in one log: the beginning of it for each task, however much it prints."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MOST = 1 << 20  # bytes of one task that are kept


@dataclass
class _Task:
    label: str
    kept: int = 0
    left_out: int = 0


@dataclass
class Messages:
    """A log file that many workers share; it exists once somebody says something, and never stops the work.

    path : the file, appended to
    """

    path: Path
    _tasks: dict[str, _Task] = field(default_factory=dict)
    _file: IO[bytes] | None = None

    def begin(self, worker: str, label: str) -> None:
        """What this worker prints from now on belongs to another task."""
        self._end(worker)
        self._tasks[worker] = _Task(label)

    def write(self, worker: str, data: bytes) -> None:
        """Keep what a worker printed, as far as its task has not yet printed too much."""
        task = self._tasks.setdefault(worker, _Task("no task"))
        if not data:
            return
        part = data[: MOST - task.kept]
        if part:
            self._append((f"--- {task.label}\n".encode() if not task.kept else b"") + part)
        task.kept += len(part)
        task.left_out += len(data) - len(part)

    def close(self) -> None:
        """Note what was left out, and close the file."""
        for worker in list(self._tasks):
            self._end(worker)
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _end(self, worker: str) -> None:
        task = self._tasks.pop(worker, None)
        if task is not None and task.left_out:
            self._append(f"\n--- {task.label} printed {task.left_out:,} bytes more, left out here.\n".encode())

    def _append(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk or a closed door is for the results to report
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab", buffering=0)
            self._file.write(data)
