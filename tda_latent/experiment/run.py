"""The runner: every task whose inputs exist is looked up, else worked on; a failure stops only what needs it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, InvalidParameter, TdaLatentError
from tda_latent.experiment.binding import takes
from tda_latent.experiment.config import Experiment
from tda_latent.experiment.keys import Recipes, key_fields, key_of, settled
from tda_latent.experiment.plan import Plan, Task, Tree
from tda_latent.experiment.pool import Pool
from tda_latent.experiment.store import Store
from tda_latent.records import Latents, Measures, Record, canonical_json, sha256

REPAIRS = 12  # passes after damage; the longest chain of tasks is shorter


@dataclass(frozen=True)
class Outcome:
    """What became of a task: "cached", "computed", "failed", "blocked" (an input failed) or "waiting".

    shape : points and coordinates of the cloud that came out, or None for another record
    caveat : what must be said beside the numbers, such as that they are approximate and by how much
    """

    state: str
    key: str = ""
    digest: str = ""
    reason: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0
    shape: tuple[int, int] | None = None
    caveat: str = ""

    @property
    def done(self) -> bool:
        """Whether the result exists."""
        return self.state in ("cached", "computed")


@dataclass(frozen=True)
class Limits:
    """Where and how hard to work; part of no key.

    workers : processes; memory : bytes per task or None; seconds : per task or None
    """

    workers: int = 1
    memory: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "memory", "seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidParameter(f"{name} is {value}; the rule is more than 0.")


@dataclass
class Run:
    """A plan with the outcome of each of its tasks.

    told : what stores of workers had to say; lost : whether an input disappeared from the store during the run
    """

    plan: Plan
    store: Store
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    interrupted: bool = False
    told: list[str] = field(default_factory=list)
    lost: bool = False
    recipes: Recipes = field(default_factory=Recipes, repr=False)
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
            action = self.store.find(outcome.key)
            found = self.store.load(action) if action and action.digests["result"] == outcome.digest else None
            if found is None:
                self.outcomes[label] = Outcome("failed", reason="its stored result is damaged; run again.")
                return None
            self._loaded[label] = found
        return self._loaded[label]

    @property
    def notices(self) -> list[str]:
        """What the store has to say: damaged files that were put aside, results that differ from earlier ones."""
        return list(dict.fromkeys([*self.told, *(notice.text for notice in self.store.notices)]))

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


Listener = Callable[[str, Outcome, Run], None]


def is_figure(label: str) -> bool:
    """Whether a task draws; its bytes depend on the drawing library and stay out of the root digest."""
    return label.startswith("figure/")


def look_up(plan: Plan, store: Store) -> Run:
    """What the store already holds; tasks behind a missing one are "waiting". Nothing is computed."""
    run = Run(plan, store)
    for task in plan.tasks.values():
        ready = all(run.outcomes[name].done for name in task.sources)
        run.outcomes[task.label] = _known(run, task)[0] if ready else Outcome("waiting")
    run.verify()
    return run


def carry_out(plan: Plan, store: Store, limits: Limits, log: Path, listener: Listener | None = None) -> Run:
    """Look up or compute every task. KeyboardInterrupt stops the work and gives the run as far as it came.

    Where stored results turn out to be damaged, they are computed anew in further passes, from the last one back to
    the first that is sound.
    """
    run = _work(Run(plan, store), limits, log, listener)
    for _ in range(REPAIRS):
        if run.interrupted or run.verify():
            break
        again = _work(Run(plan, store, told=run.told, recipes=run.recipes), limits, log, listener)
        for label, outcome in run.outcomes.items():
            if outcome.state == "computed" and again.outcomes[label].state == "cached":
                again.outcomes[label] = outcome
        run = again
    return run


def _work(run: Run, limits: Limits, log: Path, listener: Listener | None) -> Run:
    driver = _Driver(run, limits, listener)
    with Pool(limits.workers, log, limits.seconds) as pool:
        try:
            driver.start()
            while driver.queue or pool.running:
                while driver.queue and pool.idle:
                    pool.submit(driver.queue.popleft())
                for reply in pool.wait(timeout=0.5):
                    driver.replied(reply)
        except KeyboardInterrupt:
            run.interrupted = True
    for label in run.plan.tasks:
        run.outcomes.setdefault(label, Outcome("waiting"))
    return run


class _Driver:
    """Which tasks can start: counts of missing inputs, and a queue of what is ready and not in the store."""

    def __init__(self, run: Run, limits: Limits, listener: Listener | None) -> None:
        self.run, self.limits, self.listener = run, limits, listener
        self.queue: deque[dict[str, Any]] = deque()
        self._keys: dict[str, str] = {}
        self._missing = {label: len(task.sources) for label, task in run.plan.tasks.items()}
        self._dependents: dict[str, list[str]] = {label: [] for label in run.plan.tasks}
        for label, task in run.plan.tasks.items():
            for name in task.sources:
                self._dependents[name].append(label)

    def start(self) -> None:
        """Resolve everything that follows from the tasks without inputs."""
        for label in [name for name, count in self._missing.items() if not count]:
            if (outcome := self._look_up(label)) is not None:
                self._settle(label, outcome)

    def replied(self, reply: Mapping[str, Any]) -> None:
        """Take the answer of a worker."""
        label = str(reply["label"])
        self.run.told += reply.get("notices", [])
        self.run.lost |= reply.get("kind") == "LostInput"
        if not reply["ok"]:
            self._settle(label, Outcome("failed", reason=str(reply["reason"])))
            return
        self._settle(label, Outcome("computed", self._keys[label], reply["digest"], "", *_noted(reply)))

    def _look_up(self, label: str) -> Outcome | None:
        """The stored outcome of a task whose inputs exist; None after queueing it because there is none."""
        outcome, task, fields = _known(self.run, self.run.plan.tasks[label])
        if outcome.state != "waiting":
            return outcome
        self._keys[label] = outcome.key
        self.queue.append(self._payload(task, outcome.key, fields))
        return None

    def _settle(self, label: str, outcome: Outcome) -> None:
        """Note outcomes in a loop, not by recursion: a chain of cached tasks can be long."""
        settled = deque([(label, outcome)])
        while settled:
            name, found = settled.popleft()
            self.run.outcomes[name] = found
            if self.listener is not None:
                self.listener(name, found, self.run)
            for dependent in self._dependents[name]:
                if not found.done:
                    if dependent not in self.run.outcomes:
                        settled.append((dependent, Outcome("blocked", reason=f"needs {name}, which {_became(found)}")))
                    continue
                self._missing[dependent] -= 1
                if not self._missing[dependent] and dependent not in self.run.outcomes:
                    known = self._look_up(dependent)
                    settled += [(dependent, known)] if known is not None else []

    def _payload(self, task: Task, key: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "label": task.label,
            "kind": task.operator.kind,
            "use": task.operator.use,
            "parameters": dict(task.operator.parameters),
            "inputs": {name: _keys(self.run, tree) for name, tree in task.inputs.items()},
            "stream": list(task.stream) if task.stream is not None else None,
            "store": str(self.run.store.path),
            "key": key,
            "fields": fields,
            "memory": self.limits.memory,
        }


def _became(outcome: Outcome) -> str:
    return "failed" if outcome.state == "failed" else "could not run"


def _known(run: Run, task: Task) -> tuple[Outcome, Task, Mapping[str, Any]]:
    """The stored outcome of a task whose inputs exist ("waiting" with its key when there is none), the task as it is
    settled for the shape of its input, and its fields."""
    try:
        final = settled(task, lambda label: shape_of(run, label), run.recipes)
        fields = key_fields(final, lambda label: run.outcomes[label].digest, run.recipes)
    except TdaLatentError as error:
        return Outcome("failed", reason=str(error)), task, {}
    key = key_of(fields)
    action = run.store.find(key)
    if action is None:
        return Outcome("waiting", key), final, fields
    return Outcome("cached", key, action.digests["result"], "", *_noted(action.facts)), final, fields


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


def _noted(facts: Mapping[str, Any]) -> tuple[float, int, tuple[int, int] | None, str]:
    """Seconds, bytes, shape and caveat as the worker noted them."""
    shape = facts.get("shape")
    known = (int(shape[0]), int(shape[1])) if shape else None
    return facts.get("seconds", 0.0), facts.get("peak_bytes", 0), known, facts.get("caveat", "")


def _keys(run: Run, tree: Tree) -> Any:
    if isinstance(tree, str):
        return f"{run.outcomes[tree].key}:{run.outcomes[tree].digest}"
    if isinstance(tree, Mapping):
        return {name: _keys(run, branch) for name, branch in tree.items()}
    return [_keys(run, branch) for branch in tree]
