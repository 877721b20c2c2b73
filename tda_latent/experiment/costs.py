"""Estimates of time and memory before a run: from the component where it knows, else from tasks like it.

Estimates are shown to a person and decide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from tda_latent.experiment.binding import trains
from tda_latent.experiment.plan import Task
from tda_latent.experiment.run import Run

DEFAULT_SECONDS = {"source": 0.2, "analyzer": 0.5, "step": 0.1}
TRAINING_SECONDS = 3.0  # a source that gives a model
DEFAULT_BYTES = 350 * 2**20  # a worker with its libraries


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
    """Seconds and bytes: the component's own ``cost(points, dimension)`` when it has one and the size is known."""
    recipe = run.recipes.of(task.operator)
    sample = run.experiment.sample
    if hasattr(recipe.instance, "cost") and sample is not None:
        seconds, size = recipe.instance.cost(int(sample["size"]))
        return float(seconds), DEFAULT_BYTES + int(size)
    trained = recipe.component.kind == "source" and trains(recipe.component)
    return seen or (TRAINING_SECONDS if trained else DEFAULT_SECONDS[task.operator.kind]), DEFAULT_BYTES
