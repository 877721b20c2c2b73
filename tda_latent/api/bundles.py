"""Bundles from Python: write a run into one file, open one safely."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tda_latent.api.experiments import STORE
from tda_latent.api.verification import folder_of
from tda_latent.errors import StoreError
from tda_latent.experiment import bundle as bundles
from tda_latent.experiment.bundle.contents import LARGEST_INPUT
from tda_latent.experiment.bundle.identity import known_secrets
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store


@dataclass(frozen=True)
class Written:
    """A bundle that was written.

    digest : SHA-256 of the file; files : how many are in it; notices : what is missing in it
    absent : names of input files that are not in it, without which nothing can be computed again from the sources
    """

    path: Path
    digest: str
    size: int
    files: int
    root: str
    complete: bool
    notices: list[str]
    absent: tuple[str, ...] = ()


def bundle(
    what: str | Path,
    output: str | Path | None = None,
    *,
    store: str | Path = STORE,
    anonymous: bool = False,
    strip: tuple[str, ...] = (),
    largest_input: int = LARGEST_INPUT,
) -> Written:
    """Write a run with everything that it takes to check it and to run it again into one zip.

    Parameters
    ----------
    what : folder of a run, its id, or its experiment, name or ``.yaml`` file (its newest run)
    output : file to write; ``NAME-bundle.zip`` by default
    anonymous : strips user, host, paths, git and command lines; ``strip`` names more that must not stand in it
    largest_input : bytes of an input file beyond which it is listed with its digest only

    Raises
    ------
    StoreError
        When the store does not hold the results any more.
    InvalidInput
        When code changed since the run, or a name cannot be stripped.
    """
    if not Path(store).is_dir():
        raise StoreError(f"{str(store)!r} is no folder; name the folder of the run's store with --store.")
    opened = Store(store)
    run = manifest.find(what, opened)
    place = folder_of(run, what)
    secrets = known_secrets(run, strip) if anonymous else None
    found = bundles.gather(run, opened, place, largest_input=largest_input, anonymity=secrets)
    target = Path(output) if output is not None else Path(f"{run.name}-bundle.zip")
    digest = bundles.write_bundle(found.files, target)
    size, count = target.stat().st_size, len(found.files) + 1
    told = found.run
    return Written(target, digest, size, count, told.root, told.complete, found.notices, found.absent)


def open_bundle(source: str | Path, folder: str | Path) -> Path:
    """Unpack a bundle into a new folder and check every byte of it; gives the folder."""
    return bundles.open_bundle(source, folder)
