"""The runner: every task whose inputs exist is looked up, else worked on; a failure stops only what needs it."""

from __future__ import annotations

import contextlib
import functools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import ExecutorFailure, InvalidParameter, StoreUnavailable
from tda_latent.experiment.executors import Executor, Job, open_executor, parse_address
from tda_latent.experiment.outcomes import Outcome, Run, is_figure, known, look_up, noted, require_assets, shape_of
from tda_latent.experiment.plan import Plan, Task, Tree
from tda_latent.experiment.shards import Shard
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.layout import mark_used
from tda_latent.experiment.store.locks import Locks

__all__ = ["Limits", "Listener", "Outcome", "Run", "carry_out", "is_figure", "look_up", "shape_of"]

REPAIRS = 12  # passes after damage; the longest chain of tasks is shorter
POLL = 0.2  # seconds between looks at what other runners work on

NOTHING = Outcome("blocked", reason="none of its inputs has a result")

Listener = Callable[[str, Outcome, Run], None]


@dataclass(frozen=True)
class Limits:
    """Where and how hard to work; part of no key.

    workers : processes; memory : bytes per task or None; seconds : per task or None
    executor : where tasks run, as `tda_latent.experiment.executors.address` reads it
    shard : which part to begin with, when several runners share the work
    """

    workers: int = 1
    memory: int | None = None
    seconds: float | None = None
    executor: str = "processes"
    shard: Shard = field(default_factory=Shard)

    def __post_init__(self) -> None:
        for name in ("workers", "memory", "seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidParameter(f"{name} is {value}; the rule is more than 0.")
        parse_address(self.executor)


def carry_out(plan: Plan, store: Store, limits: Limits, log: Path, listener: Listener | None = None) -> Run:
    """Look up or compute every task. KeyboardInterrupt stops the work and gives the run as far as it came.

    Where stored results turn out to be damaged, they are computed anew in further passes, from the last one back to
    the first that is sound. What another runner on the same store works on is waited for, not computed twice.

    Raises
    ------
    InvalidInput
        When the place where tasks should run refuses, or is another one than this (code, versions, store).
    MissingLibrary
        Before anything is computed, when a source has to read data or weights that are not on this machine.
    """
    run = Run(plan, store)
    if parse_address(limits.executor).kind in ("serial", "processes"):
        require_assets(run)
    with Locks(store.path / "locks") as locks, contextlib.ExitStack() as stack:

        @functools.cache
        def executor() -> Executor:
            job = Job(store.path, log, limits.seconds, _components(plan))
            return stack.enter_context(open_executor(parse_address(limits.executor), limits.workers, job))

        _work(run, _Driver(run, limits, listener, locks), executor)
        for _ in range(REPAIRS):
            if run.interrupted or run.stopped or run.verify():
                break
            again = Run(plan, store, told=run.told, recipes=run.recipes)
            _work(again, _Driver(again, limits, listener, locks), executor)
            for label, outcome in run.outcomes.items():
                if outcome.state == "computed" and again.outcomes[label].state == "cached":
                    again.outcomes[label] = outcome
            run = again
    return run


def _work(run: Run, driver: _Driver, executor: Callable[[], Executor]) -> None:
    try:
        driver.start()
        while driver.is_open:
            driver.advance(executor)
    except KeyboardInterrupt:
        run.interrupted = True
    except (ExecutorFailure, StoreUnavailable) as error:
        run.stopped = str(error)
    for label in run.plan.tasks:
        run.outcomes.setdefault(label, Outcome("waiting"))


def _components(plan: Plan) -> tuple[str, ...]:
    """Everything that the tasks of a plan call, by the names that keys give it."""
    used = (operator for task in plan.tasks.values() for operator in (task.operator, *task.also))
    return tuple(sorted({f"{operator.kind}:{operator.use}" for operator in used}))


class _Driver:
    """Which tasks can start: counts of missing inputs, and queues of what is ready and not in the store.

    Our own part is worked off from its front, what other shards begin with from its end; what another runner
    holds is looked at again and again, until it is in the store or free.
    """

    def __init__(self, run: Run, limits: Limits, listener: Listener | None, locks: Locks) -> None:
        self.run, self.limits, self.listener, self.locks = run, limits, listener, locks
        self._own: deque[str] = deque()
        self._others: deque[str] = deque()
        self._held: list[str] = []  # by other runners
        self._again = 0.0
        self._executor: Executor | None = None
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

    @property
    def is_open(self) -> bool:
        """Whether anything is left to do or to wait for."""
        running = self._executor is not None and bool(self._executor.running)
        return running or bool(self._own or self._others or self._held)

    def advance(self, executor: Callable[[], Executor]) -> None:
        """Hand out what is ready, as far as there is room, and take what comes back."""
        while (self._executor is None or self._executor.idle) and (payload := self._next_payload()) is not None:
            self._executor = self._executor or executor()
            self._executor.submit(payload)
        self.locks.pulse()
        pause = POLL if self._held else 0.5
        if self._executor is not None:
            for reply in self._executor.wait(pause):
                self._replied(reply)
        elif self._held:
            time.sleep(pause)

    def _next_payload(self) -> dict[str, Any] | None:
        """The next task that is in no store and in nobody's hands; ours from here on."""
        while (label := self._next_label()) is not None:
            key = self._keys[label]
            granted = self.locks.claim(key)
            outcome, task, fields = known(self.run, self.run.plan.tasks[label])  # anew: others may have finished it
            if granted and outcome.state == "waiting" and outcome.key == key:
                return self._payload(task, key, fields)
            if granted:
                self.locks.release(key)
            if outcome.state == "waiting":
                self._keys[label] = outcome.key
                self._held.append(label)
            else:
                self._settle(label, outcome)
        return None

    def _next_label(self) -> str | None:
        if self._own:
            return self._own.popleft()
        if not self._others and self._held and time.monotonic() >= self._again:
            self._again = time.monotonic() + POLL
            self._others.extend(self._held)
            self._held.clear()
        return self._others.pop() if self._others else None

    def _replied(self, reply: Mapping[str, Any]) -> None:
        """Take the answer of a worker."""
        label = str(reply["label"])
        self.locks.release(self._keys[label])
        self.run.told += reply.get("notices", [])
        self.run.lost |= reply.get("kind") == "LostInput"
        if reply.get("kind") == StoreUnavailable.__name__:
            self._stop(str(reply["reason"]))
        elif not reply["ok"]:
            self._settle(label, Outcome("failed", reason=str(reply["reason"])))
        else:
            self._settle(label, Outcome("computed", self._keys[label], reply["digest"], "", *noted(reply)))

    def _stop(self, reason: str) -> None:
        """Hand out nothing more, since no result could be kept; no task failed. What runs may still finish."""
        self.run.stopped = self.run.stopped or reason
        self._own.clear()
        self._others.clear()
        self._held.clear()

    def _look_up(self, label: str) -> Outcome | None:
        """The stored outcome of a task whose inputs exist; None after queueing it because there is none."""
        outcome, _, _ = known(self.run, self.run.plan.tasks[label])
        if outcome.state != "waiting":
            return outcome
        self._keys[label] = outcome.key
        if not self.run.stopped:
            (self._others if self.limits.shard.distance(label) else self._own).append(label)
        return None

    def _settle(self, label: str, outcome: Outcome) -> None:
        """Note outcomes in a loop, not by recursion: a chain of cached tasks can be long."""
        settled = deque([(label, outcome)])
        while settled:
            name, found = settled.popleft()
            self.run.outcomes[name] = found
            if found.state == "cached":
                mark_used(self.run.store.path, found.key)
            if self.listener is not None:
                self.listener(name, found, self.run)
            for dependent in self._dependents[name]:
                if not found.done and not self.run.plan.tasks[dependent].partial:
                    if dependent not in self.run.outcomes:
                        settled.append((dependent, Outcome("blocked", reason=f"needs {name}, which {_became(found)}")))
                    continue
                self._missing[dependent] -= 1
                if not self._missing[dependent] and dependent not in self.run.outcomes:
                    stored = self._look_up(dependent) if self._has_input(dependent) else NOTHING
                    settled += [(dependent, stored)] if stored is not None else []

    def _has_input(self, label: str) -> bool:
        return any(self.run.outcomes[name].done for name in self.run.plan.tasks[label].sources)

    def _payload(self, task: Task, key: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "label": task.label,
            "kind": task.operator.kind,
            "use": task.operator.use,
            "parameters": dict(task.operator.parameters),
            "inputs": {name: _keys(self.run, tree) for name, tree in task.inputs.items()},
            "stream": list(task.stream) if task.stream is not None else None,
            "store": str(self.run.store.path),
            "folder": str(self.run.experiment.folder),
            "key": key,
            "fields": fields,
            "memory": self.limits.memory,
        }


def _became(outcome: Outcome) -> str:
    return "failed" if outcome.state == "failed" else "could not run"


def _keys(run: Run, tree: Tree) -> Any:
    if isinstance(tree, str) and not run.outcomes[tree].done:
        return None  # a partial task goes without it
    if isinstance(tree, str):
        return f"{run.outcomes[tree].key}:{run.outcomes[tree].digest}"
    if isinstance(tree, Mapping):
        return {name: _keys(run, branch) for name, branch in tree.items()}
    return [_keys(run, branch) for branch in tree]
