"""What a place where tasks run must offer; the runner knows nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


class Executor(Protocol):
    """Takes task specifications (plain JSON), gives plain replies; records go through the store.

    A task that was submitted gets exactly one reply, whatever happens to the process that runs it. When the place
    itself goes away, `wait` raises `tda_latent.errors.ExecutorFailure`.
    """

    @property
    def idle(self) -> int:
        """How many more tasks can be submitted now."""

    @property
    def running(self) -> tuple[str, ...]:
        """Labels of the tasks that were submitted and not answered."""

    def submit(self, payload: Mapping[str, Any]) -> None:
        """Hand over a task; call only while `idle` is positive."""

    def wait(self, timeout: float) -> list[dict[str, Any]]:
        """Replies that arrived within ``timeout`` seconds."""

    def close(self) -> None:
        """Stop everything at once; what is finished is in the store."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class Job:
    """What an executor must know of a run besides its tasks.

    store : folder; log : file for what workers print; seconds : longest time of one task, or None
    components : ``kind:name`` of all that will be called, for the comparison of code and versions
    """

    store: Path
    log: Path
    seconds: float | None = None
    components: tuple[str, ...] = field(default=(), repr=False)
