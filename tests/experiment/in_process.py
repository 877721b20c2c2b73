"""A pool without processes: tasks run at once and in the test itself, where its own components are registered."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Self

from tda_latent.experiment.workers.worker import attempt


class Here:
    """Stands in for `tda_latent.experiment.workers.pool.Pool`."""

    def __init__(self, size: int, log: Path, seconds: float | None = None) -> None:
        self.waiting: deque[dict[str, Any]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.waiting.clear()

    @property
    def idle(self) -> int:
        return 1 - len(self.waiting)

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(payload["label"] for payload in self.waiting)

    def submit(self, payload: dict[str, Any]) -> None:
        self.waiting.append(payload)

    def wait(self, timeout: float) -> list[dict[str, Any]]:
        replies = [{"label": payload["label"], **attempt(payload)} for payload in self.waiting]
        self.waiting.clear()
        return replies
