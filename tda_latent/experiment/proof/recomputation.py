"""Tasks of a run carried out once more, in a store that is thrown away, and judged against what the run kept.

Either each task is given the stored inputs, so that it is judged alone, or the whole chain is recomputed from its
sources and each result is judged by how far its inputs moved. Nothing of the run is touched. Figures are left out:
their bytes depend on the drawing library, as their absence from the root digest says.
"""

from __future__ import annotations

import graphlib
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.code.factory import require_code
from tda_latent.code.lookup import looking_in
from tda_latent.errors import ExecutorFailure, InvalidInput, StoreError, TdaLatentError
from tda_latent.experiment.identity.keys import code_now, file_digest, resolve
from tda_latent.experiment.outcomes import is_figure
from tda_latent.experiment.plan import Operator
from tda_latent.experiment.proof.judgement import Verdict, judge
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.proof.verify import read_action, read_record
from tda_latent.experiment.run import Limits
from tda_latent.experiment.steps import load_steps
from tda_latent.experiment.store import Action, Store
from tda_latent.experiment.store.layout import action_path, blob_path
from tda_latent.experiment.workers.pool import Pool
from tda_latent.experiment.workers.worker import load_tree
from tda_latent.records import sha256
from tda_latent.registry import library_version

DONE = ("cached", "computed")
Listener = Callable[[str, Verdict, int, int], None]


@dataclass
class Recomputation:
    """Verdicts by label in the order of the chain.

    notes : what is other now than it was (code, libraries), each sentence once
    left : tasks of the run that were not drawn; figures : finished figures, which are always left out
    interrupted : whether Ctrl-C ended it
    """

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left: int = 0
    figures: int = 0
    interrupted: bool = False

    @property
    def different(self) -> list[str]:
        """Labels of results that differ, first in the chain first."""
        return [label for label, verdict in self.verdicts.items() if verdict.state == "different"]


def drawn(manifest: Manifest, fraction: float) -> list[str]:
    """A sample of the finished tasks, the same for the same run on every machine, in the order of the chain."""
    finished = [label for label in manifest.order if _is_finished(manifest, label)]
    by_chance = sorted(finished, key=lambda label: sha256(f"{manifest.root}/{label}"))
    chosen = set(by_chance[: -(-len(finished) * round(fraction * 10**6) // 10**6)])
    return [label for label in finished if label in chosen]


def _is_finished(manifest: Manifest, label: str) -> bool:
    return manifest.tasks[label]["state"] in DONE and not is_figure(label)


def recompute(
    manifest: Manifest,
    store: Path,
    labels: Iterable[str],
    limits: Limits,
    *,
    from_sources: bool = False,
    listener: Listener | None = None,
) -> Recomputation:
    """Carry out tasks of a run again and judge them.

    Parameters
    ----------
    labels : which to judge; ``from_sources`` also carries out everything that they rest on, and judges it
    limits : workers, memory and time per task
    listener : called with label, verdict, how many are judged and how many will be
    """
    load_steps()
    chosen = set(labels)
    if from_sources:
        for label in reversed(manifest.order):
            if label in chosen:
                chosen |= set(manifest.sources(label))
    order = [label for label in manifest.order if label in chosen]
    finished = sum(_is_finished(manifest, label) for label in manifest.tasks)
    figures = sum(is_figure(label) and task["state"] in DONE for label, task in manifest.tasks.items())
    found = Recomputation(left=finished - len(order), figures=figures)
    with tempfile.TemporaryDirectory(prefix="tda-latent-verify-") as folder:
        again = _Again(manifest, Store(store, create=False), Path(folder), limits, from_sources)
        try:
            again.work(order, found, listener)
        except KeyboardInterrupt:
            found.interrupted = True
        except ExecutorFailure as error:
            left = [label for label in order if label not in found.verdicts]
            found.verdicts |= dict.fromkeys(left, Verdict("not judged", str(error)))
    found.verdicts = {label: found.verdicts[label] for label in order if label in found.verdicts}
    found.notes = list(dict.fromkeys(again.notes))
    return found


class _Again:
    """The scratch store, what is in it, and the loop over the tasks."""

    def __init__(self, manifest: Manifest, store: Store, folder: Path, limits: Limits, from_sources: bool) -> None:
        self.manifest, self.store, self.limits, self.from_sources = manifest, store, limits, from_sources
        self.scratch = Store(folder / "store", durability="fast")
        self.log = Path(tempfile.gettempdir()) / f"tda-latent-verify-{manifest.id}.log"  # stays, when workers print
        self.results: dict[str, str] = {}  # label: key and digest of the result in the scratch store
        self.notes: list[str] = []

    def work(self, order: list[str], found: Recomputation, listener: Listener | None) -> None:
        """Keep the workers busy with what is ready, and judge what comes back."""
        needs = {label: self.manifest.sources(label) if self.from_sources else () for label in order}
        sorter = graphlib.TopologicalSorter(needs)
        sorter.prepare()
        ready, running = deque[str](), set[str]()

        def settle(label: str, verdict: Verdict) -> None:
            found.verdicts[label] = verdict
            sorter.done(label)
            if listener is not None:
                listener(label, verdict, len(found.verdicts), len(order))

        with Pool(self.limits.workers, self.log, self.limits.seconds) as pool:
            while sorter.is_active():
                ready.extend(sorter.get_ready())
                while ready and pool.idle:
                    label = ready.popleft()
                    try:
                        pool.submit(self._payload(label))
                        running.add(label)
                    except (TdaLatentError, OSError) as error:
                        settle(label, Verdict("not judged", str(error)))
                for reply in pool.wait(timeout=0.5) if running else []:
                    running.discard(reply["label"])
                    settle(reply["label"], self._judged(reply))

    def _payload(self, label: str) -> dict[str, Any]:
        """What a worker needs, from the fields of the stored action: the same operator, parameters and stream."""
        task, action = self.manifest.tasks[label], self._action(label)
        fields = action.fields
        code, libraries = code_now(fields["code"]), fields["libraries"]
        self.notes += [
            f"the code of {name} is not the one of the run" for name in code if code[name] != fields["code"][name]
        ]
        self._compare_libraries(libraries)
        parameters = _numbers(fields["parameters"])
        self._compare_factory(parameters)
        if "path" in task:
            self._check_file(task["path"], fields["files"]["path"])
            parameters["path"] = task["path"]
        inputs = {name: self._lent(tree, fields["inputs"][name]) for name, tree in task["inputs"].items()}
        return {
            "label": label,
            "kind": fields["kind"],
            "use": fields["use"],
            "parameters": parameters,
            "inputs": inputs,
            "stream": fields["stream"],
            "store": str(self.scratch.path),
            "folder": str(self.manifest.content["folder"]),
            "key": sha256(f"again {action.key}"),
            "fields": {**fields, "code": code},
            "memory": self.limits.memory,
        }

    def _action(self, label: str) -> Action:
        key = str(self.manifest.tasks[label]["key"])
        action = read_action(self.store.path, key)
        if action is None:
            raise StoreError(f"its action {key[:12]} is not in the store")
        return action

    def _compare_libraries(self, before: Mapping[str, str]) -> None:
        now = {name: library_version(name) for name in before}
        self.notes += [
            f"{name} was {before[name]} and is {now[name]} here" for name in before if now[name] != before[name]
        ]

    def _compare_factory(self, parameters: Mapping[str, Any]) -> None:
        try:
            with looking_in(self.manifest.content["folder"]):
                require_code(parameters.get("factory", ""), parameters.get("code", ""))
        except InvalidInput as error:
            self.notes.append(str(error).rstrip("."))

    def _check_file(self, path: str, digest: str) -> None:
        if file_digest(path) != digest:
            raise StoreError(f"{path} is not the file that the run read; it cannot be computed again from it")

    def _lent(self, tree: Any, order: Any) -> Any:
        """A tree of inputs as keys and digests in the scratch store; mappings in the order that they had."""
        if isinstance(tree, str):
            return self._key_of(tree)
        if isinstance(tree, Mapping):
            return {str(name): self._lent(tree[name], inner) for name, inner in order}
        return [self._lent(branch, inner) for branch, inner in zip(tree, order, strict=True)]

    def _key_of(self, label: str) -> str:
        if self.from_sources:
            if label not in self.results:
                raise StoreError(f"it rests on {label}, which could not be computed again")
            return self.results[label]
        action = self._action(label)
        stored = action.outputs["result"]
        _link(action_path(self.store.path, action.key), action_path(self.scratch.path, action.key))
        if stored.blob is not None:
            _link(blob_path(self.store.path, stored.blob), blob_path(self.scratch.path, stored.blob))
        return f"{action.key}:{stored.digest}"

    def _judged(self, reply: Mapping[str, Any]) -> Verdict:
        label = str(reply["label"])
        if not reply["ok"]:
            return Verdict("not judged", str(reply["reason"]))
        action = self._action(label)
        self.results[label] = f"{sha256(f'again {action.key}')}:{reply['digest']}"
        if reply["digest"] == action.digests["result"]:
            return Verdict("identical", change=0.0, bound=0.0)
        try:
            return self._compared(label, action)
        except (TdaLatentError, OSError) as error:
            return Verdict("not judged", f"it could not be compared: {error}")

    def _compared(self, label: str, action: Action) -> Verdict:
        tree, order = self.manifest.tasks[label]["inputs"], action.fields["inputs"]
        after = {name: load_tree(self.scratch, self._lent(branch, order[name])) for name, branch in tree.items()}
        before = after
        if self.from_sources:
            before = {name: load_tree(self.store, self._kept(branch, order[name])) for name, branch in tree.items()}
        old, new = read_record(self.store.path, action.key), self.scratch.load(sha256(f"again {action.key}"))
        if old is None or new is None:
            raise StoreError("a result is not in the store any more")
        fields = action.fields
        _, instance = resolve(Operator(fields["kind"], fields["use"], self._parameters(label, fields)))
        return judge(old, new, instance, before, after)

    def _parameters(self, label: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        task = self.manifest.tasks[label]
        found: dict[str, Any] = _numbers(fields["parameters"])
        return found | ({"path": task["path"]} if "path" in task else {})

    def _kept(self, tree: Any, order: Any) -> Any:
        """A tree of inputs as keys and digests in the store of the run."""
        if isinstance(tree, str):
            return f"{self.manifest.tasks[tree]['key']}:{self.manifest.tasks[tree]['digest']}"
        if isinstance(tree, Mapping):
            return {str(name): self._kept(tree[name], inner) for name, inner in order}
        return [self._kept(branch, inner) for branch, inner in zip(tree, order, strict=True)]


def _numbers(value: Any) -> Any:
    """Parameters out of key fields, where infinities are text."""
    if isinstance(value, Mapping):
        return float(value["$float"]) if "$float" in value else {name: _numbers(item) for name, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_symlink() and not target.exists():
        os.symlink(source, target)
