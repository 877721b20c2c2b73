"""Two runs beside each other: what was asked, where and with which code it ran, and where results first part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import StoreError
from tda_latent.experiment.circumstances.environment import plain_name
from tda_latent.experiment.outcomes import is_figure
from tda_latent.experiment.proof.change import Change, change
from tda_latent.experiment.proof.explain import field_changes, tree_changes
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.proof.verify import read_action, read_record
from tda_latent.experiment.store import Action
from tda_latent.records import Record

_TELLING = ("python", "system", "processor", "features", "blas", "variables", "packages", "threads_per_task")


@dataclass(frozen=True)
class Place:
    """A run and where its results are; None when its store is nowhere."""

    run: Manifest
    store: Path | None


@dataclass(frozen=True)
class Parting:
    """The first result that two runs do not share.

    why : sentences about its key fields; nothing = the same fields gave two results
    moved : how far the results are apart, None where one of them cannot be read
    """

    label: str
    why: tuple[str, ...]
    moved: Change | None
    fields_known: bool = True


@dataclass
class Difference:
    """What is not the same in two runs; each line is a sentence.

    stages : by stage (``analysis/persistence``) results that are equal and that differ
    only : labels that only the first and only the second run have a result of
    unknown : what could not be compared, and why
    """

    first: Manifest
    second: Manifest
    configuration: list[str] = field(default_factory=list)
    environment: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    stages: dict[str, tuple[int, int]] = field(default_factory=dict)
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    parting: Parting | None = None
    unknown: list[str] = field(default_factory=list)

    @property
    def same_results(self) -> bool:
        """Whether the root digests are equal."""
        return self.first.root == self.second.root


def difference(first: Place, second: Place) -> Difference:
    """Compare two runs from the top down; results are read only where they first part."""
    a, b = first.run, second.run
    found = Difference(a, b)
    found.configuration = [*_settings(a, b)]
    found.environment = [*_environment(a, b)]
    found.code = [*_revisions(a, b), *_modules(a, b)]
    for name, place in (("first", first), ("second", second)):
        if place.store is None:
            found.unknown.append(
                f"the store of the {name} run ({place.run.id}) is not here, so neither key fields nor numbers can be "
                "compared, only digests; say where it is with --store."
            )
    _compare_results(first, second, found)
    return found


def _settings(a: Manifest, b: Manifest) -> Iterator[str]:
    """What was asked: components with their parameters, and the settings around them; labels are the author's."""
    for section in dict.fromkeys([*a.content["resolved"], *b.content["resolved"]]):
        yield from tree_changes(a.content["resolved"].get(section, {}), b.content["resolved"].get(section, {}), section)
    if a.name != b.name:
        yield f"name {a.name} -> {b.name}"


def _environment(a: Manifest, b: Manifest) -> Iterator[str]:
    """What can change the last bits of a number; of anonymous runs, as far as both tell."""
    before, now = _circumstances(a), _circumstances(b)
    silent = [name for name, run in (("first", a), ("second", b)) if run.content.get("anonymised")]
    if not silent:
        yield from tree_changes(before, now, "")
        return
    told = [name for name in before if name in now]
    packages = {name for name in before.get("packages", {}) if name in now.get("packages", {})}
    for facts in (before, now):
        facts["packages"] = {name: version for name, version in facts["packages"].items() if name in packages}
    yield from tree_changes({name: before[name] for name in told}, {name: now[name] for name in told}, "")
    hidden = ", ".join(name for name in _TELLING if name not in told)
    whose = f"the {silent[0]} run" if len(silent) == 1 else "both runs"
    yield f"{hidden}, packages that the run does not need: not told, {whose} had them stripped"


def _circumstances(run: Manifest) -> dict[str, Any]:
    """Facts by name, packages as indices name them; times, folders and the size of the machine are left out."""
    found = {name: value for name, value in run.content["circumstances"].items() if name in _TELLING}
    packages = found.get("packages", {})
    return found | {"packages": {plain_name(name): version for name, version in packages.items()}}


def _revisions(a: Manifest, b: Manifest) -> Iterator[str]:
    for name, whose in (("git", ""), ("git_of_tda_latent", " of tda_latent")):
        before, now = (run.content["circumstances"].get(name) or {} for run in (a, b))
        if before != now:
            old, new = (
                "not told" if run.content.get("anonymised") else _revision(state)
                for run, state in ((a, before), (b, now))
            )
            yield f"git{whose} {old} -> {new}"


def _revision(state: Mapping[str, Any]) -> str:
    return f"{str(state.get('revision', 'none'))[:12]} ({state['state']})" if "state" in state else "none"


def _modules(a: Manifest, b: Manifest) -> Iterator[str]:
    """Modules that both runs used and that differ; those of only one run follow from its components."""
    before, now = a.content.get("modules", {}), b.content.get("modules", {})
    for name in sorted(set(before) & set(now)):
        if before[name] != now[name]:
            yield f"module {name} changed"


def _compare_results(first: Place, second: Place, found: Difference) -> None:
    a, b = (
        {label: task for label, task in run.tasks.items() if _counts(label, task)} for run in (first.run, second.run)
    )
    found.only = (
        tuple(label for label in first.run.order if label in a and label not in b),
        tuple(label for label in second.run.order if label in b and label not in a),
    )
    for label in (name for name in first.run.order if name in a and name in b):
        same = a[label]["digest"] == b[label]["digest"]
        equal, differing = found.stages.get(_stage(label), (0, 0))
        found.stages[_stage(label)] = (equal + same, differing + (not same))
        if not same and found.parting is None:
            found.parting = _parting(label, first, second, found)


def _counts(label: str, task: Mapping[str, Any]) -> bool:
    return task["state"] in ("cached", "computed") and not is_figure(label)


def _stage(label: str) -> str:
    parts = label.split("/")
    return "/".join(parts[:2]) if parts[0] in ("analysis", "block", "comparison") else parts[0]


def _parting(label: str, first: Place, second: Place, found: Difference) -> Parting:
    before, now = (_read_action(place, label, found) for place in (first, second))
    if before is None or now is None:
        return Parting(label, (), None, fields_known=False)
    why = tuple(field_changes(before.fields, now.fields))
    if before.fields["inputs"] != now.fields["inputs"]:
        why += ("its inputs differ, though no earlier result in the chain is shared and differs",)
    try:
        old, new = (_read_record(place, action) for place, action in ((first, before), (second, now)))
    except StoreError as error:
        found.unknown.append(str(error))
        return Parting(label, why, None)
    return Parting(label, why, None if old is None or new is None else change(old, new))


def _read_action(place: Place, label: str, found: Difference) -> Action | None:
    if place.store is None:
        return None
    try:
        action = read_action(place.store, str(place.run.tasks[label]["key"]))
    except StoreError as error:
        found.unknown.append(str(error))
        return None
    if action is None:
        found.unknown.append(f"the store {str(place.store)!r} has no {label} of {place.run.id}.")
    return action


def _read_record(place: Place, action: Action) -> Record | None:
    return None if place.store is None else read_record(place.store, action.key)
