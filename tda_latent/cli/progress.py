"""Progress of a run: a live line with time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from tda_latent.experiment.costs import estimated_seconds

if TYPE_CHECKING:
    from tda_latent.experiment.run import Outcome, Run

PLAIN_EVERY = 15.0  # seconds between lines where no terminal is attached


class Progress:
    """A listener for a run that writes to ``stream``; failures are written at once, with their reason."""

    def __init__(self, stream: IO[str], quiet: bool = False) -> None:
        self.stream, self.quiet = stream, quiet
        self.live = stream.isatty()
        self.started = self.last = time.monotonic()
        self.costs: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live and not self.quiet:
            self.stream.write("\r\x1b[K")

    def __call__(self, label: str, outcome: Outcome, run: Run) -> None:
        """Note one finished task."""
        if self.quiet:
            return
        if outcome.state == "failed":
            self._line(f"FAILED {label}: {outcome.reason}")
        now = time.monotonic()
        total, finished = len(run.plan.tasks), len(run.outcomes)
        if self.live and (now - self.last > 0.1 or finished == total):
            self.last = now
            self.stream.write(f"\r\x1b[K{finished}/{total} tasks, {self._left(run, now)}: {label}"[:110])
            self.stream.flush()
        elif not self.live and now - self.last > PLAIN_EVERY:
            self.last = now
            self._line(f"{finished}/{total} tasks, {self._left(run, now)}")

    def _left(self, run: Run, now: float) -> str:
        """Time left: the estimated cost of what is open, at the pace of what was computed so far."""
        if run.count("computed") < 3:
            return "starting"
        if not self.costs:
            self.costs = {label: estimated_seconds(run, task) for label, task in run.plan.tasks.items()}
        spent = sum(self.costs[name] for name, outcome in run.outcomes.items() if outcome.state == "computed")
        remaining = sum(cost for name, cost in self.costs.items() if name not in run.outcomes)
        seconds = remaining * (now - self.started) / spent
        return f"about {seconds / 60:.0f} min left" if seconds >= 90 else f"about {seconds:.0f} s left"

    def _line(self, text: str) -> None:
        self.stream.write(f"{chr(13)}\x1b[K{text}\n" if self.live else f"{text}\n")
        self.stream.flush()
