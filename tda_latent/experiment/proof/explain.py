"""Why a task will run again, or since when it need not: its key fields against those of an earlier run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tda_latent.code.digest import module_digests
from tda_latent.errors import InvalidInput, TdaLatentError, UnknownName, nearest_name
from tda_latent.experiment.identity.keys import STREAMS, key_fields, settled
from tda_latent.experiment.outcomes import Run, shape_of
from tda_latent.experiment.plan import Task
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.proof.verify import read_action
from tda_latent.experiment.steps import load_steps
from tda_latent.experiment.store import Action
from tda_latent.records import canonical_json
from tda_latent.registry import registry

SHORT = 60  # characters of a value that are shown


@dataclass(frozen=True)
class Explanation:
    """Why one task is as it is.

    state : "cached", "waiting" (will run) or "failed" (its fields cannot be made)
    against : id of the run compared with, "" = there is none; other : label it had there, when it was another
    changes : sentences about its own fields; reason : when there is nothing to compare
    inputs : labels of its inputs whose results change; since : first run that had this very result
    """

    label: str
    state: str
    against: str = ""
    other: str = ""
    changes: tuple[str, ...] = ()
    reason: str = ""
    inputs: tuple[str, ...] = ()
    since: str = ""


@dataclass
class Chain:
    """A task explained, with everything upstream that takes part.

    explanations : by label, the task that was asked about first
    """

    explanations: dict[str, Explanation] = field(default_factory=dict)

    @property
    def asked(self) -> Explanation:
        """The task that was asked about."""
        return next(iter(self.explanations.values()))

    @property
    def first_causes(self) -> dict[tuple[str, ...], list[str]]:
        """Upstream of the task that was asked about: what changed, in sentences, and the labels where it did."""
        found: dict[tuple[str, ...], list[str]] = {}
        for item in self.explanations.values():
            said = item.changes or ((item.reason,) if item.reason else ())
            if said and item is not self.asked:
                found.setdefault(said, []).append(item.label)
        return found


def explain(run: Run, label: str, history: Sequence[Manifest]) -> Chain:
    """Explain a task of an experiment.

    Parameters
    ----------
    run : the experiment as the store holds it, see `outcomes.look_up`
    label : of the task
    history : manifests of the store, oldest first

    Raises
    ------
    UnknownName
        For a label that the experiment does not have, with the nearest one.
    """
    load_steps()
    if label not in run.plan.tasks:
        raise unknown_task(label, run.plan.tasks)
    chain, pending = Chain(), [label]
    while pending:
        name = pending.pop(0)
        if name not in chain.explanations:
            found = _explanation(run, name, history)
            chain.explanations[name] = found
            pending += found.inputs
    return chain


def unknown_task(label: str, known: Collection[str]) -> UnknownName:
    """An error with the nearest label; all of them would fill many screens."""
    close = nearest_name(label, known)
    hint = f" Did you mean {close!r}?" if close else ""
    some = ", ".join(sorted(known)[:3])
    there = f"There are {len(known)}, such as {some}; record.json lists them." if known else "There is none."
    return UnknownName(f"unknown task {label!r}.{hint} {there}")


def _explanation(run: Run, label: str, history: Sequence[Manifest]) -> Explanation:
    outcome, task = run.outcomes[label], run.plan.tasks[label]
    earlier = _earlier(run, task, history, outcome.key if outcome.done else "")
    if outcome.state == "failed":
        return Explanation(label, "failed", reason=outcome.reason)
    since = _since(outcome.key, history) if outcome.key else ""
    if since and not outcome.done:
        return Explanation(label, outcome.state, reason=f"its result, which {since} had, is not in the store any more")
    if earlier is None or (outcome.done and earlier[1] != label):
        why = "" if outcome.done else _failure(label, history)
        return Explanation(label, outcome.state, reason=why, since=since)
    past, name = earlier
    now = _fields(run, task, past)
    action = read_action(run.store.path, str(past.tasks[name]["key"]))
    if now is None or action is None:
        return Explanation(
            label, outcome.state, past.id, reason="what it would be now cannot be told before its inputs"
        )
    changes = tuple(field_changes(action.fields, now, changed_modules(now, past)))
    if name == label:
        inputs, structure = _inputs(run, task, past)
        return Explanation(label, outcome.state, past.id, "", changes + structure, "", inputs, since)
    undone = tuple(source for source in task.sources if not run.outcomes[source].done)
    if not undone and action.fields["inputs"] != now["inputs"]:
        changes += ("its inputs are others",)
    return Explanation(label, outcome.state, past.id, name, changes, "", undone, since)


def _failure(label: str, history: Sequence[Manifest]) -> str:
    """What there is to say about a task that no run has a result of."""
    newest = next((run for run in reversed(history) if label in run.tasks), None)
    if newest is not None and newest.tasks[label]["state"] == "failed":
        return f"it failed in {newest.id}: {newest.tasks[label]['reason']}"
    return "it was never computed: no earlier run has a result of this task, under this name or another"


def _since(key: str, history: Sequence[Manifest]) -> str:
    return next((run.id for run in history if any(task["key"] == key for task in run.tasks.values())), "")


def _earlier(run: Run, task: Task, history: Sequence[Manifest], key: str) -> tuple[Manifest, str] | None:
    """The newest run with another result of this label, else of what was this task by another name, and that name."""
    renamed: tuple[Manifest, str] | None = None
    for past in reversed(history):
        held = past.tasks.get(task.label)
        if held is not None and _kept(run, held, key):
            return past, task.label
        if renamed is None:
            alike = (name for name, item in past.tasks.items() if _is_akin(task, name, item))
            renamed = next(((past, name) for name in alike if _calls_the_same(run, task, past.tasks[name], key)), None)
    return renamed


def _is_akin(task: Task, name: str, held: Mapping[str, Any]) -> bool:
    """Whether a task of an earlier run has the operator of this one and, but for one part, its label.

    Steps that call no component do the same to everything, so that nothing but their label says what they are.
    """
    if (held.get("kind"), held.get("use")) != (task.operator.kind, task.operator.use):
        return False
    if task.operator.kind == "step" and not task.also:
        return False
    parts, others = task.label.split("/"), name.split("/")
    return parts[0] == others[0] and len(parts) == len(others) and sum(map(str.__ne__, parts, others)) == 1


def _calls_the_same(run: Run, task: Task, held: Mapping[str, Any], key: str) -> bool:
    """Whether the store keeps that result, and the components that it called are those that this task calls."""
    action = _kept(run, held, key)
    return action is not None and [item["use"] for item in action.fields["also"]] == [item.use for item in task.also]


def _kept(run: Run, held: Mapping[str, Any], key: str) -> Action | None:
    """The action of an earlier result that is another one than that of the key."""
    try:
        return read_action(run.store.path, str(held["key"])) if held["key"] and held["key"] != key else None
    except TdaLatentError:
        return None


def _fields(run: Run, task: Task, past: Manifest) -> Mapping[str, Any] | None:
    """Key fields as they are now; inputs that have no result yet stand there with that of the earlier run."""

    def digest(label: str) -> str:
        outcome = run.outcomes[label]
        return outcome.digest if outcome.done else str(past.tasks.get(label, {}).get("digest", ""))

    def shape(label: str) -> tuple[int, int]:
        if run.outcomes[label].done:
            return shape_of(run, label)
        known = past.tasks.get(label, {}).get("shape")
        if not known:
            raise InvalidInput(f"the shape of {label} is not known yet.")
        return int(known[0]), int(known[1])

    try:
        return key_fields(settled(task, shape, run.recipes), digest, run.recipes)
    except TdaLatentError:
        return None


def _inputs(run: Run, task: Task, past: Manifest) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Inputs whose results change, and sentences about inputs that came or went."""
    before, now = set(past.sources(task.label)), set(task.sources)
    changed = tuple(label for label in task.sources if label in before and _moves(run, label, past))
    came = [f"takes {label}, which it did not" for label in sorted(now - before)]
    went = [f"no longer takes {label}" for label in sorted(before - now)]
    return changed, tuple(came + went)


def _moves(run: Run, label: str, past: Manifest) -> bool:
    outcome = run.outcomes[label]
    return not outcome.done or outcome.digest != past.tasks[label]["digest"]


def changed_modules(fields: Mapping[str, Any], past: Manifest) -> dict[str, list[str]]:
    """By the names that key fields give code: modules that are other now than an earlier run had them."""
    held = past.content.get("modules", {})
    found = {}
    for name in fields.get("code", {}):
        kind, _, use = name.partition(":")
        now = module_digests(registry().find(kind, use).cls if use else STREAMS)
        found[name] = sorted(module for module, digest in now.items() if held.get(module) != digest)
    return found


def field_changes(
    before: Mapping[str, Any], now: Mapping[str, Any], modules: Mapping[str, Sequence[str]] | None = None
) -> Iterator[str]:
    """A sentence for every key field that differs, inputs left out.

    Parameters
    ----------
    before, now : fields of two actions
    modules : names of changed modules by the name of the code, where they are known
    """
    if (before["kind"], before["use"]) != (now["kind"], now["use"]):
        yield f"component {before['kind']} {before['use']} -> {now['kind']} {now['use']}"
    elif before["version"] != now["version"]:
        yield f"version of {now['use']} {before['version']} -> {now['version']}"
    yield from tree_changes(before["parameters"], now["parameters"], "parameters")
    yield from tree_changes(_by_use(before["also"]), _by_use(now["also"]), "of")
    for name, digest in now["code"].items():
        if before["code"].get(name, digest) != digest:
            named = ", ".join((modules or {}).get(name, ()))
            yield f"code of {name} changed" + (f" ({named})" if named else "")
    for name in sorted({*before["libraries"], *now["libraries"]}):
        old, new = before["libraries"].get(name, "not used"), now["libraries"].get(name, "not used")
        if old != new:
            yield f"library {name} {old} -> {new}"
    if before["files"] != now["files"]:
        yield "the bytes of its file changed"
    if before["stream"] != now["stream"]:
        yield "random stream changed (the seed, or the names of its axes)"
    for name in ("schema", "determinism"):
        yield from tree_changes({name: before[name]}, {name: now[name]}, "")


def _by_use(components: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {item["use"]: {"version": item["version"], "parameters": item["parameters"]} for item in components}


def tree_changes(before: Any, now: Any, place: str) -> Iterator[str]:
    """``place.name old -> new`` for every leaf of two JSON trees that differs."""
    if isinstance(before, Mapping) and isinstance(now, Mapping) and "$float" not in before and "$float" not in now:
        for name in dict.fromkeys([*before, *now]):
            inner = f"{place}.{name}" if place else str(name)
            if name not in before:
                yield f"{inner} is new: {_shown(now[name])}"
            elif name not in now:
                yield f"{inner} is gone, it was {_shown(before[name])}"
            else:
                yield from tree_changes(before[name], now[name], inner)
    elif before != now:
        yield f"{place} {_shown(before)} -> {_shown(now)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "$float" in value:
        return str(value["$float"])
    if isinstance(value, Mapping) and "use" in value:
        return str(value["use"])
    text = value if isinstance(value, str) else canonical_json(value)
    return text if len(text) <= SHORT else f"{text[:SHORT]}..."
