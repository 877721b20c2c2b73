"""Clearing a store.

What a manifest of a run or a pin refers to stays. Everything else goes in two steps: it moves to ``trash`` under the
name that it had, and a later clearing deletes it. Between the steps everything is looked at again: what was used or
came to be referred to meanwhile moves back. A runner that misses a result computes it again, so losing a race costs
time only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store.archive import Store
from tda_latent.experiment.store.durable import make_folder, storage_errors
from tda_latent.experiment.store.inventory import Piece, files_in, read_action, take_inventory
from tda_latent.experiment.store.pins import every_pin, names_of

KEEP_DAYS = 14.0
GRACE = 86400.0  # seconds in the trash before something is deleted
DAY = 86400.0
_STAMP = "%Y%m%dT%H%M%SZ"  # names of folders in the trash: when they were filled, UTC


@dataclass
class Clearing:
    """What a clearing would do, or did.

    actions, blobs, quarantined : files that move to the trash; deleted : files of the trash that are gone for good
    restored : files that moved back, since something refers to them now; waiting : files left in the trash
    absent : keys of results that runs and pins refer to and the store lacks
    undecided : blobs without an action that stay, since they may belong to the absent results
    """

    actions: list[Piece] = field(default_factory=list)
    blobs: list[Piece] = field(default_factory=list)
    quarantined: list[Piece] = field(default_factory=list)
    deleted: list[Piece] = field(default_factory=list)
    restored: list[Path] = field(default_factory=list)
    waiting: list[Piece] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    undecided: list[Piece] = field(default_factory=list)
    runs: int = 0
    pins: int = 0

    @property
    def going(self) -> list[Piece]:
        """Everything that moves to the trash."""
        return [*self.actions, *self.blobs, *self.quarantined]


@dataclass(frozen=True)
class Wanted:
    """What stays: keys of actions, and digests of records or blobs; ``finished`` are keys that had a result."""

    keys: frozenset[str]
    digests: frozenset[str]
    finished: frozenset[str]
    runs: int
    pins: int

    def holds(self, key: str, digests: Iterable[str]) -> bool:
        """Whether an action with this key and these digests stays."""
        return key in self.keys or not self.digests.isdisjoint(digests)


def keys_of(run: Manifest) -> frozenset[str]:
    """Keys of the actions that hold a run's results."""
    return frozenset(str(task["key"]) for task in run.tasks.values() if task.get("key"))


def wanted(root: Path) -> Wanted:
    """What the manifests and pins of a store refer to.

    Raises
    ------
    StoreError
        When one of them cannot be read: then nobody knows what it refers to.
    """
    runs, pins = list(manifest.every(root)), every_pin(root)
    of_runs = {key for run in runs for key in keys_of(run)}
    of_pins = {key for pin in pins for key in pin.keys}
    done = {str(task["key"]) for run in runs for task in run.tasks.values() if task["state"] in ("cached", "computed")}
    digests = frozenset(digest for pin in pins for digest in pin.digests)
    return Wanted(frozenset(of_runs | of_pins), digests, frozenset(done | of_pins - of_runs), len(runs), len(pins))


def clear(store: Store, keep_days: float = KEEP_DAYS, *, really: bool = False, grace: float = GRACE) -> Clearing:
    """Move to the trash what no run and no pin refers to, and delete what lies there long enough.

    Parameters
    ----------
    keep_days : what was written or used in these last days stays anyway
    really : False only says what would happen
    grace : seconds for which something stays in the trash

    Raises
    ------
    InvalidInput
        When a time is negative or NaN.
    StoreError
        When a manifest, a pin or an action cannot be read; nothing is moved then.
    """
    if not keep_days >= 0:
        raise InvalidInput(
            f"keep_days is {keep_days:g}; the rule is at least 0. Write 0 to keep only what runs and pins refer to, "
            f"or leave it out for {KEEP_DAYS:g} days."
        )
    if not grace >= 0:
        raise InvalidInput(f"grace is {grace:g}; the rule is at least 0 seconds. Write 0 to empty the trash at once.")
    cutoff = time.time() - keep_days * DAY
    with storage_errors(store.path, "clearing it"):
        done = _marked(store.path, cutoff)
        old = list(_trash(store.path))
        if not really:
            done.waiting = old
            return done
        bin = store.path / "trash" / time.strftime(_STAMP, time.gmtime())
        moved = [target for piece in done.going if (target := _discard(store.path, piece, cutoff, bin))]
        done.restored = _restore(store.path, [*moved, *(piece.path for piece in old)], cutoff)
        _empty(done, store.path, grace)
        store.sweep_temporaries()
    return done


def _marked(root: Path, cutoff: float) -> Clearing:
    """What nothing refers to and nobody has used since the cutoff."""
    want, stock = wanted(root), take_inventory(root)
    if stock.unreadable:
        path, reason = next(iter(stock.unreadable.items()))
        raise StoreError(
            f"{len(stock.unreadable)} actions cannot be read ({path.name}: {reason}), so it is unknown what they need; "
            "run `tda-latent store fsck --repair` first."
        )
    done = Clearing(runs=want.runs, pins=want.pins)
    kept = set(want.digests) | _conflicting(root)
    for held in stock.actions.values():
        if want.holds(held.key, {*held.digests, *held.blobs}) or held.piece.modified > cutoff:
            kept |= held.blobs.keys()
        else:
            done.actions.append(held.piece)
    loose = [piece for digest, piece in stock.blobs.items() if digest not in kept and piece.modified <= cutoff]
    done.absent = sorted(want.finished - stock.actions.keys() - _put_aside(root))
    done.undecided, done.blobs = (loose, []) if done.absent else ([], loose)
    done.quarantined = [piece for piece in files_in(root / "quarantine") if piece.modified <= cutoff]
    return done


def _put_aside(root: Path) -> set[str]:
    """Keys whose actions lie in the trash, from where they come back, or are damaged and get computed again."""
    pieces = (*files_in(root / "trash"), *files_in(root / "quarantine"))
    return {piece.path.name.partition(".")[0] for piece in pieces}


def _conflicting(root: Path) -> set[str]:
    """Blobs of results that differ from earlier ones with the same key: evidence, which stays."""
    found: set[str] = set()
    for piece in files_in(root / "conflicts"):
        with contextlib.suppress(ValueError, FileNotFoundError):
            found |= {stored.blob for stored in read_action(piece.path).outputs.values() if stored.blob}
    return found


def _trash(root: Path) -> Iterable[Piece]:
    return files_in(root / "trash")


def _discard(root: Path, piece: Piece, cutoff: float, bin: Path) -> Path | None:
    """Move a file to the trash, unless it was used since it was marked; gives where it is then."""
    target = bin / piece.path.relative_to(root)
    try:
        if piece.path.stat().st_mtime > cutoff:
            return None
        make_folder(target.parent, durable=False)
        os.replace(piece.path, target)
    except FileNotFoundError:
        return None
    return target


def _restore(root: Path, moved: Iterable[Path], cutoff: float) -> list[Path]:
    """Move back what was used since it was marked, or what something in the store refers to now."""
    places = {path: path.relative_to(root / "trash").parts[1:] for path in moved}
    want, back = wanted(root), []
    for path, place in places.items():
        if place[:1] == ("actions",) and _is_wanted(path, want, cutoff) and _move_back(path, root.joinpath(*place)):
            back.append(root.joinpath(*place))
    stock = take_inventory(root)
    needed = {digest for held in stock.actions.values() for digest in held.blobs} | want.digests | _conflicting(root)
    for path, place in places.items():
        if place[:1] == ("objects",) and place[-1] in needed and _move_back(path, root.joinpath(*place)):
            back.append(root.joinpath(*place))
    return back


def _is_wanted(path: Path, want: Wanted, cutoff: float) -> bool:
    try:
        if path.stat().st_mtime > cutoff:
            return True
        outputs = read_action(path).outputs.values()
    except (ValueError, FileNotFoundError):
        return False
    digests = {stored.digest for stored in outputs} | {stored.blob for stored in outputs if stored.blob}
    return want.holds(path.name.removesuffix(".json"), digests)


def _move_back(path: Path, final: Path) -> bool:
    """Give a file of the trash its name again; one that was written anew meanwhile stays as it is."""
    try:
        make_folder(final.parent, durable=False)
        os.link(path, final)
    except FileExistsError:
        return False
    except OSError:
        if final.exists() or not path.exists():
            return False
        os.replace(path, final)
        return True
    os.unlink(path)
    return True


def _empty(done: Clearing, root: Path, grace: float) -> None:
    """Delete what was moved to the trash long enough ago, as the name of its folder there says."""
    limit = time.strftime(_STAMP, time.gmtime(time.time() - grace))
    for folder in sorted((root / "trash").glob("*")):
        pieces = list(files_in(folder))
        if folder.name > limit:
            done.waiting += pieces
            continue
        for piece in pieces:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(piece.path)
                done.deleted.append(piece)
        shutil.rmtree(folder, ignore_errors=True)


def forget(store: Store, *runs: str | Path) -> list[str]:
    """Take the manifests of runs out of the store, so that their results may go; gives their ids, each once.

    Raises
    ------
    InvalidInput
        When a pin holds one of the runs; none is forgotten then.
    UnknownName
        When one of them is no run; none is forgotten then.
    """
    pins = every_pin(store.path)
    found = list(dict.fromkeys(manifest.find(what, store).id for what in runs))
    known = manifest.names(store.path)
    for run in found:
        if run not in known:
            raise InvalidInput(f"the run {run} is not in the store {str(store.path)!r}; name its store with --store.")
        held = names_of(pins, run)
        if held:
            more = "; none of the runs was forgotten" if len(found) > 1 else ""
            raise InvalidInput(
                f"the run {run} is pinned as {held[0]!r}; take the pin away first (store unpin {held[0]}){more}."
            )
    place = store.path / "trash" / time.strftime(_STAMP, time.gmtime()) / "runs"
    for run in found:
        with storage_errors(store.path, f"forgetting the run {run}"):
            make_folder(place, store.durable)
            os.replace(store.path / "runs" / f"{run}.json", place / f"{run}.json")
    return found
