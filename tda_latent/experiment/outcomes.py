"""A run: a plan and what became of each of its tasks; what the store already holds of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tda_latent.errors import InvalidInput, MissingLibrary, StoreUnavailable, TdaLatentError
from tda_latent.experiment.binding import takes
from tda_latent.experiment.file.config import Experiment
from tda_latent.experiment.identity.keys import Recipes, key_fields, key_of, settled
from tda_latent.experiment.plan import Plan, Task
from tda_latent.experiment.store import Store, Stored
from tda_latent.records import Latents, Measures, Record, canonical_json, sha256
from tda_latent.registry.assets import asset


@dataclass(frozen=True)
class Outcome:
    """What became of a task: "cached", "computed", "failed", "blocked" (an input failed) or "waiting".

    shape : points and coordinates of the cloud that came out, or None for another record
    caveat : what must be said beside the numbers, such as that they are approximate and by how much
    environment : digest of where it was computed, see `tda_latent.experiment.circumstances.environment`
    """

    state: str
    key: str = ""
    digest: str = ""
    reason: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0
    shape: tuple[int, int] | None = None
    caveat: str = ""
    environment: str = ""

    @property
    def done(self) -> bool:
        """Whether the result exists."""
        return self.state in ("cached", "computed")


@dataclass
class Run:
    """A plan with the outcome of each of its tasks.

    told : what stores of workers had to say; lost : whether an input disappeared from the store during the run
    stopped : why the place where tasks ran went away before all were done, or nothing
    held : where the store keeps cached results that nobody has read yet
    """

    plan: Plan
    store: Store
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    interrupted: bool = False
    told: list[str] = field(default_factory=list)
    lost: bool = False
    stopped: str = ""
    recipes: Recipes = field(default_factory=Recipes, repr=False)
    held: dict[str, Stored] = field(default_factory=dict, repr=False)
    _loaded: dict[str, Record] = field(default_factory=dict, repr=False)

    @property
    def experiment(self) -> Experiment:
        """The experiment that was planned."""
        return self.plan.experiment

    @property
    def root(self) -> str:
        """Digest of all numeric results by label: two runs are equal iff their roots are. Figures are left out."""
        pairs = [[label, o.digest] for label, o in sorted(self.outcomes.items()) if o.done and not is_figure(label)]
        return sha256(canonical_json(pairs))

    @property
    def complete(self) -> bool:
        """Whether every planned task has its result."""
        return all(label in self.outcomes and self.outcomes[label].done for label in self.plan.tasks)

    def count(self, state: str) -> int:
        """Number of tasks in a state."""
        return sum(outcome.state == state for outcome in self.outcomes.values())

    def record(self, label: str) -> Record | None:
        """The result of a task, read from the store and verified; None when it does not exist."""
        outcome = self.outcomes.get(label)
        if outcome is None or not outcome.done:
            return None
        if label not in self._loaded:
            stored = self.held.pop(label, None) or self._stored(outcome.key)
            found = self.store.load(stored) if stored and stored.digest == outcome.digest else None
            if found is None:
                self.outcomes[label] = Outcome("failed", reason="its stored result is damaged; run again.")
                return None
            self._loaded[label] = found
        return self._loaded[label]

    def _stored(self, key: str) -> Stored | None:
        action = self.store.find(key)
        return action.outputs["result"] if action else None

    @property
    def notices(self) -> list[str]:
        """What the store has to say: damaged files that were put aside, results that differ from earlier ones."""
        ending = [self.stopped] if self.stopped else []
        return list(dict.fromkeys([*ending, *self.told, *(notice.text for notice in self.store.notices)]))

    def verify(self) -> bool:
        """Read every result that tables and figures show; a damaged one does not count as done any more."""
        read = {source for task in self.plan.tasks.values() for source in task.sources}
        for label, task in self.plan.tasks.items():
            measured = task.operator.kind == "analyzer" and takes(self._output(task), Measures)
            if measured or label not in read:
                done = label in self.outcomes and self.outcomes[label].done
                if done and self.record(label) is None:
                    self.lost = True
        return not self.lost

    def _output(self, task: Task) -> Any:
        return self.recipes.of(task.operator).component.output


def is_figure(label: str) -> bool:
    """Whether a task draws; its bytes depend on the drawing library and stay out of the root digest."""
    return label.startswith("figure/")


def look_up(plan: Plan, store: Store) -> Run:
    """What the store already holds; tasks behind a missing one are "waiting". Nothing is computed."""
    run = Run(plan, store)
    for task in plan.tasks.values():
        ready = (any if task.partial else all)(run.outcomes[name].done for name in task.sources)
        run.outcomes[task.label] = known(run, task)[0] if ready else Outcome("waiting")
    run.verify()
    return run


def known(run: Run, task: Task) -> tuple[Outcome, Task, Mapping[str, Any]]:
    """The stored outcome of a task whose inputs exist ("waiting" with its key when there is none), the task as it is
    settled for the shape of its input, and its fields."""
    try:
        final = settled(task, lambda label: shape_of(run, label), run.recipes)
        fields = key_fields(final, lambda label: run.outcomes[label].digest, run.recipes)
    except StoreUnavailable:
        raise
    except TdaLatentError as error:
        return Outcome("failed", reason=str(error)), task, {}
    key = key_of(fields)
    action = run.store.find(key)
    if action is None:
        return Outcome("waiting", key), final, fields
    run.held[task.label] = action.outputs["result"]
    return Outcome("cached", key, action.digests["result"], "", *noted(action.facts)), final, fields


def require_assets(run: Run) -> None:
    """Refuse sources that need data or weights which are not here, unless the store holds what they gave.

    Raises
    ------
    MissingLibrary
        With the command that brings them.
    """
    for task in run.plan.tasks.values():
        if task.operator.kind != "source" or task.inputs:
            continue
        needed = (asset(name) for name in getattr(run.recipes.of(task.operator).instance, "assets", ()))
        absent = next((item for item in needed if item.folder() is None), None)
        if absent is not None and known(run, task)[0].state == "waiting":
            raise MissingLibrary(f"{task.label}: {absent.missing()}")


def shape_of(run: Run, label: str) -> tuple[int, int]:
    """Points and coordinates of the cloud that a finished task gave; read from the record where nobody noted them.

    Raises
    ------
    InvalidInput
        When the result is damaged or no cloud.
    """
    noted = run.outcomes[label].shape
    if noted is not None:
        return noted
    record = run.record(label)
    if not isinstance(record, Latents):
        raise InvalidInput(f"the result of {label} is no intact cloud; run again to recompute it.")
    return len(record), record.dimension


def noted(facts: Mapping[str, Any]) -> tuple[float, int, tuple[int, int] | None, str, str]:
    """Seconds, bytes, shape, caveat and environment as the worker noted them."""
    shape = facts.get("shape")
    known = (int(shape[0]), int(shape[1])) if shape else None
    told = facts.get("caveat", ""), facts.get("environment", "")
    return facts.get("seconds", 0.0), facts.get("peak_bytes", 0), known, *told
