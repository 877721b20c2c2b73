"""Runs looked at afterwards: are they what they say, do they come out again, how do two differ, what will run anew."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tda_latent.api.experiments import status
from tda_latent.errors import InvalidInput, StoreError, TdaLatentError
from tda_latent.experiment.bundle import unfolded
from tda_latent.experiment.outcomes import is_figure
from tda_latent.experiment.proof import manifest as manifests
from tda_latent.experiment.proof.differences import Difference, Place, difference
from tda_latent.experiment.proof.explain import Chain, unknown_task
from tda_latent.experiment.proof.explain import explain as chain
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.proof.recomputation import Recomputation, drawn, recompute
from tda_latent.experiment.proof.verify import Finding, Integrity, integrity
from tda_latent.experiment.run import Limits
from tda_latent.experiment.store.layout import check_format

STORE = Path(".tda-latent")
RUNS = Path("runs")
Listener = Callable[[str, int, int], None]
SAMPLE = 0.1  # of the tasks that ``--recompute`` carries out again when it is not said how many


@dataclass(frozen=True)
class Verification:
    """What a look at a run found.

    run : its manifest, None when that itself is damaged; folder : its files, None when nobody said where they are
    again : tasks carried out again, when asked for
    """

    run: Manifest | None
    store: Path
    folder: Path | None
    integrity: Integrity
    again: Recomputation | None = None
    affected: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 sound, 3 something differs, 1 something could not be looked at or has no result, 130 interrupted."""
        if self.integrity.changed or (self.again and self.again.different):
            return 3
        if self.again and self.again.interrupted:
            return 130
        unjudged = self.again and any(not verdict.passes for verdict in self.again.verdicts.values())
        return 1 if self.integrity.missing or self.integrity.unfinished or unjudged else 0


def verify(
    run: str | Path,
    *,
    recompute_fraction: float | None = None,
    from_sources: bool = False,
    store: str | Path | None = None,
    limits: Limits | None = None,
    listener: Listener | None = None,
) -> Verification:
    """Check a run against its digests, and carry out some or all of it again.

    Parameters
    ----------
    run : folder of a run, its record.json, an id or the beginning of one, the name of an experiment (its newest), or
        a bundle, packed or not
    recompute_fraction : share of the tasks to carry out again, drawn the same way everywhere; None = none, 1 = all
    from_sources : whether inputs are computed again as well; else every task gets the stored inputs and is judged alone
    store : folder of the store; default: ``.tda-latent`` or the one that the run was made in
    limits : workers, memory and time per task
    listener : called as ("read" | "recomputed", how many, of how many)

    Raises
    ------
    UnknownName, InvalidInput
        When no run is meant, or its store is nowhere.
    StoreError
        When this version does not understand the format of the store.
    """
    with unfolded(run) as bundle:
        if bundle is not None:
            return verify(
                bundle / "run",
                recompute_fraction=recompute_fraction,
                from_sources=from_sources,
                store=bundle / "store",
                limits=limits,
                listener=listener,
            )
    home = STORE if store is None else Path(store)
    try:
        found = manifests.find(run, home)
    except StoreError as error:
        check_format(home)
        damage = Finding("changed", "manifest", str(error), "Take it from a copy or a bundle of the store.")
        return Verification(None, home, None, Integrity(findings=[damage]))
    place = store_of(found, store)
    folder = folder_of(found, run)
    told = listener or _silence
    result = integrity(found, place, folder, lambda done, total: told("read", done, total))
    if recompute_fraction is None or any(finding.numbers for finding in result.changed):
        return Verification(found, place, folder, result)
    chosen = drawn(found, recompute_fraction)
    again = recompute(
        found,
        place,
        chosen,
        limits or Limits(),
        from_sources=from_sources,
        listener=lambda label, verdict, done, total: told("recomputed", done, total),
    )
    return Verification(found, place, folder, result, again, _figures_on(found, again.different))


def diff(
    first: str | Path, second: str | Path, *, store: str | Path | None = None, other_store: str | Path | None = None
) -> Difference:
    """Set two runs beside each other, from what was asked down to the first result that they do not share.

    Parameters
    ----------
    first, second : as for `verify`
    store, other_store : of the first and of the second run; default: as for `verify`
    """
    with unfolded(first) as one, unfolded(second) as other:
        return difference(
            _place(first, store, one), _place(second, other_store if other_store is not None else store, other)
        )


def _place(what: str | Path, store: str | Path | None, bundle: Path | None) -> Place:
    """A run and its store, which is that of the bundle where the run is meant by one."""
    if bundle is not None:
        what, store = bundle / "run", bundle / "store"
    found = manifests.find(what, STORE if store is None else Path(store))
    try:
        return Place(found, store_of(found, store))
    except InvalidInput:
        return Place(found, None)


def explain(
    label: str, file: str | Path | None = None, settings: Sequence[str] = (), *, store: str | Path = STORE
) -> Chain:
    """Say why a task will run again, or since when its result is there.

    Parameters
    ----------
    label : of a task, as ``tda-latent status`` and record.json name it
    file : experiment file, None = the one of the newest run that has this task; settings : changes to it
    """
    history = _history(Path(store))
    if file is None:
        file, settings = _file_of(label, Path(store), history)
    return chain(status(file, settings, store), label, history)


def _history(store: Path) -> list[Manifest]:
    """Every manifest that can be read, oldest first: a damaged one explains nothing and hides no other."""
    found = []
    for name in manifests.names(store):
        with contextlib.suppress(StoreError):
            found.append(manifests.load(store, name))
    return found


def _file_of(label: str, store: Path, history: Sequence[Manifest]) -> tuple[str, Sequence[str]]:
    """The experiment file of the newest run that has a task, with the settings of that run.

    Raises
    ------
    UnknownName
        When no run has it, with the nearest label.
    InvalidInput
        When the file is gone, or there is no store or no run in it.
    StoreError
        When every manifest is damaged.
    """
    if not manifests.names(store):
        raise InvalidInput(f"{manifests.nothing_in(store)} Or name the experiment file: explain TASK FILE.")
    if not history:
        raise StoreError(f"no run of the store {str(store.absolute())!r} can be read; `store fsck` says why.")
    for run in reversed(history):
        if label in run.tasks:
            held = run.content["circumstances"]
            file = Path(held.get("directory", "")) / held.get("file", "")
            if file.is_file():
                return str(file), run.content["settings"]
            raise InvalidInput(
                f"the experiment file of {run.id} is not at {str(file)!r} any more; name it: explain TASK FILE."
            )
    raise unknown_task(label, {name for run in history for name in run.tasks})


def fraction(text: str | None) -> float | None:
    """How much to recompute, as one writes it: ``all``, ``25%``, nothing = the usual sample.

    Raises
    ------
    InvalidInput
        When it is no share between 0 and 100 %.
    """
    if text is None:
        return SAMPLE
    if text == "all":
        return 1.0
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%?", text)
    if not match or not 0 < float(match[1]) <= 100:
        raise InvalidInput(f"--recompute {text!r} is no share; write all, or a percentage such as 25%.")
    return float(match[1]) / 100


def store_of(run: Manifest, store: str | Path | None) -> Path:
    """The store that holds the results of a run.

    Raises
    ------
    InvalidInput
        When it is nowhere.
    StoreError
        When this version does not understand it.
    """
    candidates = [Path(store)] if store is not None else [STORE, run.store]
    for mark in (Path("runs", f"{run.id}.json"), Path("FORMAT")):
        for place in candidates:
            if (place / mark).is_file():
                check_format(place)
                return place.absolute()
    raise InvalidInput(
        f"the store of {run.id} is not at {' nor at '.join(map(str, candidates))}; say where it is with --store."
    )


def folder_of(run: Manifest, what: str | Path) -> Path | None:
    """The folder of a run: the one that was named, else the usual one where it is of this run."""
    named = Path(what)
    if named.is_dir() and (named / "record.json").is_file():
        return named
    if named.is_file() and named.name == "record.json":
        return named.parent
    usual = Path(run.content.get("output", RUNS / run.name))
    try:
        return usual if (usual / "record.json").is_file() and manifests.find(usual, run.store).id == run.id else None
    except TdaLatentError:
        return None


def _silence(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def _figures_on(run: Manifest, labels: list[str]) -> tuple[str, ...]:
    """Figures that rest on one of these results, directly or not."""
    touched = set(labels)
    for label in run.order:
        if touched & set(run.sources(label)):
            touched.add(label)
    return tuple(label for label in run.order if label in touched and is_figure(label))
