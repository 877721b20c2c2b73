"""Looking after a store: examine it, clear it, see what fills it, pin runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tda_latent.api.experiments import STORE
from tda_latent.errors import StoreError
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.examination import Examination, examine
from tda_latent.experiment.store.housekeeping import KEEP_DAYS, Clearing, clear, forget
from tda_latent.experiment.store.pins import Pin, every_pin, remove_pin, write_pin
from tda_latent.experiment.store.usage import Usage, usage

__all__ = [
    "Clearing",
    "Examination",
    "Pin",
    "Pinned",
    "Usage",
    "du",
    "forget_run",
    "forget_runs",
    "fsck",
    "gc",
    "pin",
    "pins",
    "unpin",
]


@dataclass(frozen=True)
class Pinned:
    """A pin and its file."""

    pin: Pin
    path: Path


def fsck(store: str | Path = STORE, *, repair: bool = False) -> Examination:
    """Read and check every byte of a store; ``repair`` puts what is damaged into its quarantine."""
    return examine(Path(store).absolute(), repair=repair)


def gc(store: str | Path = STORE, keep_days: float = KEEP_DAYS, *, really: bool = False, now: bool = False) -> Clearing:
    """Clear what no run and no pin refers to.

    Parameters
    ----------
    keep_days : what was written or used in these last days stays
    really : False only says what would go
    now : deletes at once what else stays in the trash for a day
    """
    opened = _opened(store)
    return clear(opened, keep_days, really=really, grace=0.0) if now else clear(opened, keep_days, really=really)


def du(store: str | Path = STORE) -> Usage:
    """Bytes by kind of result and by run, and what nothing refers to."""
    return usage(_opened(store).path)


def pin(what: str | Path, name: str | None = None, *, note: str = "", store: str | Path = STORE) -> Pinned:
    """Keep the results of a run whatever else is cleared away.

    Parameters
    ----------
    what : folder of a run, its id, or the name of its experiment (its newest run)
    name : of the pin; the id of the run by default
    """
    opened = _opened(store)
    run = manifest.find(what, opened)
    if run.id not in manifest.names(opened.path):
        raise StoreError(f"the run {run.id} is not in the store {str(opened.path)!r}; name its store with --store.")
    keys = {str(task["key"]) for task in run.tasks.values() if task.get("key")}
    held = Pin(name or run.id, (run.id,), tuple(sorted(keys)), (), note or f"{run.name}, root {run.root}")
    return Pinned(held, write_pin(opened, held))


def pins(store: str | Path = STORE) -> list[Pin]:
    """All pins of a store."""
    return every_pin(_opened(store).path)


def unpin(name: str, store: str | Path = STORE) -> None:
    """Take a pin away."""
    remove_pin(_opened(store).path, name)


def forget_run(what: str | Path, store: str | Path = STORE) -> str:
    """Take a run's manifest out of the store, so that its results may go; gives the id of the run."""
    return forget(_opened(store), what)[0]


def forget_runs(runs: Sequence[str | Path], store: str | Path = STORE) -> list[str]:
    """Take the manifests of several runs out of the store, all or, where one is pinned or unknown, none."""
    return forget(_opened(store), *runs)


def _opened(store: str | Path) -> Store:
    """A store that exists."""
    if not Path(store).is_dir():
        raise StoreError(f"{str(store)!r} is no folder; name the folder of a store with --store.")
    return Store(store)
