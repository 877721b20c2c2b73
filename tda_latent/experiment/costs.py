"""Estimates of time and memory before a run: from the component where it knows, else from tasks like it.

Estimates are shown to a person and decide nothing. A component with ``cost(size, dimension, cloud)`` tells seconds of a
reference machine; how much faster or slower this machine is, a fixed piece of work says once in a process.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist

from tda_latent.errors import TdaLatentError
from tda_latent.experiment.binding import trains
from tda_latent.experiment.plan import Task
from tda_latent.experiment.run import Run
from tda_latent.records import Latents

DEFAULT_SECONDS = {"source": 0.2, "analyzer": 0.5, "step": 0.1}
TRAINING_SECONDS = 3.0  # a source that gives a model
DEFAULT_BYTES = 350 * 2**20  # a worker with its libraries
REFERENCE_SECONDS = 0.036  # of the work that `slowness` does, on the reference machine
LARGEST_LOOK = 1 << 24  # entries of a cloud that is read for an estimate


@dataclass(frozen=True)
class StepCost:
    """All tasks of one step: how many, how many stored, seconds still to spend, bytes of the largest."""

    step: str
    tasks: int
    cached: int
    todo: int
    seconds: float
    peak_bytes: int


def planned_cost(run: Run) -> list[StepCost]:
    """One row per step in the order of the plan."""
    steps: dict[str, list[Task]] = {}
    for label, task in run.plan.tasks.items():
        parts = label.split("/")
        name = "/".join(parts[:2]) if parts[0] in ("analysis", "block", "comparison", "figure") else parts[0]
        steps.setdefault(name, []).append(task)
    return [_cost(run, name, tasks) for name, tasks in steps.items()]


def _cost(run: Run, name: str, tasks: list[Task]) -> StepCost:
    todo = [task for task in tasks if not run.outcomes[task.label].done]
    seen = [run.outcomes[task.label].seconds for task in tasks if run.outcomes[task.label].done]
    each = [_estimate(run, task, max(seen, default=0.0)) for task in todo]
    return StepCost(
        step=name,
        tasks=len(tasks),
        cached=len(tasks) - len(todo),
        todo=len(todo),
        seconds=sum(seconds for seconds, _ in each),
        peak_bytes=max((size for _, size in each), default=0),
    )


def estimated_seconds(run: Run, task: Task) -> float:
    """Seconds that a task probably takes, at least a hundredth."""
    return max(0.01, _estimate(run, task, 0.0)[0])


def _estimate(run: Run, task: Task, seen: float) -> tuple[float, int]:
    """Seconds and bytes: the component's own ``cost`` when it has one and the size is known."""
    recipe = run.recipes.of(task.operator)
    shape = _shape(run, task)
    if hasattr(recipe.instance, "cost") and shape is not None:
        try:
            seconds, size = recipe.instance.cost(*shape, _cloud(run, task, shape))
        except TdaLatentError:  # the task itself will say what is wrong
            return DEFAULT_SECONDS[task.operator.kind], DEFAULT_BYTES
        return float(seconds) * slowness(), DEFAULT_BYTES + int(size)
    trained = recipe.component.kind == "source" and trains(recipe.component)
    return seen or (TRAINING_SECONDS if trained else DEFAULT_SECONDS[task.operator.kind]), DEFAULT_BYTES


def _shape(run: Run, task: Task) -> tuple[int, int] | None:
    """Points and coordinates of the cloud that a task takes, as far as they are known before it exists."""
    given = run.outcomes.get(task.sources[0]) if task.sources else None
    if given is not None and given.shape is not None:
        return given.shape
    sample = run.experiment.sample
    return None if sample is None else (int(sample["size"]), 1)


def _cloud(run: Run, task: Task, shape: tuple[int, int]) -> Latents | None:
    """The cloud that a task takes, when it exists and is quickly read."""
    given = run.outcomes.get(task.sources[0])
    if given is None or not given.done or shape[0] * shape[1] > LARGEST_LOOK:
        return None
    record = run.record(task.sources[0])
    return record if isinstance(record, Latents) else None


@functools.cache
def slowness() -> float:
    """How many times longer this machine takes than the reference machine: the best of three short pieces of work."""
    points = np.random.default_rng(0).normal(size=(1000, 16))
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        np.sort(pdist(points))
        best = min(best, time.perf_counter() - started)
    return best / REFERENCE_SECONDS
