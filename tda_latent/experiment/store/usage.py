"""What fills a store: bytes by kind of result, by run, and what nothing refers to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store.housekeeping import keys_of, wanted
from tda_latent.experiment.store.inventory import Held, files_in, take_inventory

KINDS: Mapping[str, str] = {
    "Latents": "clouds",
    "PersistenceDiagram": "persistence diagrams",
    "MapperGraph": "Mapper graphs",
    "Measures": "measures",
    "Vectors": "vectors",
    "Representatives": "representatives",
    "Projection": "maps",
    "Gallery": "pictures",
    "Model": "trained models",
    "Comparison": "comparisons",
    "Drawing": "figures",
}
ASIDE = ("conflicts", "environments", "quarantine", "runs", "tmp", "trash")


@dataclass(frozen=True)
class Share:
    """A part of the store: its name, how many files it has, their bytes, and the bytes that nothing else has."""

    name: str
    files: int
    size: int
    alone: int = 0


@dataclass(frozen=True)
class Usage:
    """Bytes of a store.

    kinds : by type of result; runs : by run, ``alone`` what only this run refers to; aside : other folders
    kept : what runs and pins refer to; loose : what they do not; total : all files
    """

    kinds: tuple[Share, ...]
    runs: tuple[Share, ...]
    aside: tuple[Share, ...]
    kept: Share
    loose: Share
    total: Share


def usage(root: Path) -> Usage:
    """Measure a store; a blob that several actions refer to counts once.

    Raises
    ------
    StoreError
        When the store, a manifest or a pin cannot be read.
    """
    stock, want = take_inventory(root), wanted(root)
    sizes = {digest: piece.size for digest, piece in stock.blobs.items()}
    kinds: dict[str, list[Held]] = {}
    for held in stock.actions.values():
        kinds.setdefault(KINDS.get(held.kind, held.kind), []).append(held)
    runs = {}
    for run in manifest.every(root):
        runs[f"{run.id} {run.name}"] = _files(
            (stock.actions[key] for key in keys_of(run) if key in stock.actions), sizes
        )
    holders: dict[str, int] = {}
    for files in runs.values():
        for name in files:
            holders[name] = holders.get(name, 0) + 1
    kept = _files((h for h in stock.actions.values() if want.holds(h.key, {*h.digests, *h.blobs})), sizes)
    kept |= {digest: sizes[digest] for digest in want.digests if digest in sizes}
    every = _files(stock.actions.values(), sizes) | sizes
    loose = {name: size for name, size in every.items() if name not in kept}
    aside = [_folder(root, name) for name in ASIDE]
    return Usage(
        tuple(sorted((_share(name, _files(held, sizes)) for name, held in kinds.items()), key=lambda s: -s.size)),
        tuple(_share(name, files, {n for n in files if holders[n] == 1}) for name, files in runs.items()),
        tuple(share for share in aside if share.files),
        _share("kept by runs and pins", kept),
        _share("nothing refers to", loose),
        Share("all", len(every) + sum(s.files for s in aside), sum(every.values()) + sum(s.size for s in aside)),
    )


def _files(actions: Iterable[Held], sizes: Mapping[str, int]) -> dict[str, int]:
    """Bytes of the files of some actions, each file once: actions by key, blobs by digest."""
    found: dict[str, int] = {}
    for held in actions:
        found[f"action {held.key}"] = held.piece.size
        found |= {digest: sizes[digest] for digest in held.blobs if digest in sizes}
    return found


def _share(name: str, files: Mapping[str, int], alone: Iterable[str] = ()) -> Share:
    return Share(name, len(files), sum(files.values()), sum(files[file] for file in alone))


def _folder(root: Path, name: str) -> Share:
    pieces = list(files_in(root / name))
    return Share(name, len(pieces), sum(piece.size for piece in pieces))
