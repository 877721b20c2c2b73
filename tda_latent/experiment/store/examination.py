"""A store examined: every byte read, everything wrong named, and damage put aside when asked.

Nothing is unpacked into records here, so results of absent plugins are checked like all others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import StoreError
from tda_latent.experiment.circumstances.environment import FOLDER as ENVIRONMENTS
from tda_latent.experiment.proof import descriptions, manifest
from tda_latent.experiment.store.actions import Action, Stored
from tda_latent.experiment.store.archive import Store
from tda_latent.experiment.store.blobs import read_blob
from tda_latent.experiment.store.durable import move_aside, storage_errors
from tda_latent.experiment.store.inventory import files_in, is_digest, read_action
from tda_latent.experiment.store.layout import CODE_MEMORY, FOLDERS, action_path, blob_path, open_store
from tda_latent.experiment.store.pins import read_pin
from tda_latent.records import array_digest, canonical_json, sha256

OTHERS = {"FORMAT", CODE_MEMORY, "refs", "trash", *FOLDERS}


@dataclass(frozen=True)
class Finding:
    """Something that a person should know about a store.

    damaged : whether something is wrong, or only worth knowing; path : of the file; text : full sentences
    bad : files to put aside
    """

    damaged: bool
    path: str
    text: str
    bad: tuple[Path, ...] = field(default=(), repr=False)


@dataclass
class Examination:
    """What an examination found.

    actions, blobs, runs, environments : how many are sound; size : bytes read; moved : files put aside
    """

    findings: list[Finding] = field(default_factory=list)
    actions: int = 0
    blobs: int = 0
    runs: int = 0
    environments: int = 0
    size: int = 0
    moved: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged."""
        return not any(finding.damaged for finding in self.findings)


def examine(root: Path, *, repair: bool = False) -> Examination:
    """Read and check everything in a store.

    Parameters
    ----------
    repair : moves what is damaged into ``quarantine`` and sweeps what dead processes left; nothing is deleted that
        was ever a result

    Raises
    ------
    StoreError
        When the folder is no store, or may not be read.
    """
    if not root.is_dir():
        raise StoreError(f"{str(root)!r} is no folder; name the folder of a store with --store.")
    found = _Examiner(root).examined()
    if repair:
        store = Store(root)
        bad = dict.fromkeys(path for finding in found.findings for path in finding.bad)
        found.moved = sum(move_aside(path, root / "quarantine") is not None for path in bad)
        store.sweep_temporaries()
    return found


class _Examiner:
    """One pass over a store: blobs first, then what refers to them."""

    def __init__(self, root: Path) -> None:
        self.root, self.found = root, Examination()
        self.blobs: dict[str, int] = {}
        self.results: dict[str, str] = {}
        self.needed: set[str] = set()
        self.described: dict[str, str] = {}  # files of descriptions that something refers to, and what they describe

    def examined(self) -> Examination:
        self._mark()
        with storage_errors(self.root, "examining it"):
            for step in (self._blobs, self._actions, self._runs, self._environments, self._pins, self._aside):
                self.found.findings += step()
        return self.found

    def _finding(self, damaged: bool, path: Path, text: str, *bad: Path) -> Finding:
        return Finding(damaged, path.relative_to(self.root).as_posix(), text, bad)

    def _mark(self) -> None:
        """A store that cannot be opened is not looked into."""
        if not (self.root / "FORMAT").exists():
            text = json.dumps({"format": "tda-latent-store", "version": 1})
            raise StoreError(
                f"{str(self.root)!r} has no file FORMAT: it is no store, or was copied in part. "
                f"If it is one, write {text} into that file."
            )
        open_store(self.root, durable=False)

    def _blobs(self) -> Iterator[Finding]:
        for piece in files_in(self.root / "objects"):
            name = piece.path.name
            if not is_digest(name) or piece.path != blob_path(self.root, name):
                text = "It is not named by its SHA-256 in the folder of its first two digits; nothing reads it here."
                yield self._finding(True, piece.path, text, piece.path)
                continue
            self.found.size += piece.size
            with piece.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest == name:
                self.blobs[name] = piece.size
                self.found.blobs += 1
            else:
                text = f"Its bytes have changed: their SHA-256 begins {digest[:12]}. What needs it is computed again."
                yield self._finding(True, piece.path, text, piece.path)

    def _actions(self) -> Iterator[Finding]:
        for piece in files_in(self.root / "actions"):
            self.found.size += piece.size
            try:
                action = read_action(piece.path)
                problem = self._problem(action, piece.path)
            except StoreError as error:
                yield self._finding(True, piece.path, str(error))
                continue
            except ValueError as error:
                problem = f"It is damaged: {error}. The task is computed again"
            if problem is None:
                self.found.actions += 1
                self.results[action.key] = action.digests.get("result", "")
                if environment := action.facts.get("environment"):
                    self.described.setdefault(f"{environment}.json", "for results, where they were computed")
            else:
                yield self._finding(True, piece.path, f"{problem}.", piece.path)

    def _problem(self, action: Action, path: Path) -> str | None:
        """What is wrong with an action whose own bytes are sound."""
        outputs = action.outputs.values()
        self.needed |= {stored.blob for stored in outputs if stored.blob}
        if path != action_path(self.root, action.key):
            return "It lies in the folder of another key, where nothing reads it"
        if sha256(canonical_json(action.fields)) != action.key:
            return "Its fields have another key than its name"
        for stored in outputs:
            if stored.blob is not None and stored.blob not in self.blobs:
                return f"Its blob {stored.blob[:12]} is gone or damaged; the task is computed again"
            if stored.blob is not None and self.blobs[stored.blob] != stored.size:
                return f"Its blob {stored.blob[:12]} has {self.blobs[stored.blob]} bytes, not {stored.size}"
            if self._content(stored) != stored.digest:
                return f"Its output {stored.name!r} is another record than its digest says"
        return None

    def _content(self, stored: Stored) -> str:
        arrays: dict[str, Any] = {}
        tree = stored.tree
        if stored.blob is not None:
            with blob_path(self.root, stored.blob).open("rb") as file:
                arrays, text = read_blob(file)
            tree = json.loads(text) if tree is None and text is not None else tree
        named = {name: array_digest(array) for name, array in arrays.items()}
        return sha256(canonical_json({"record": tree, "arrays": named}))

    def _runs(self) -> Iterator[Finding]:
        for piece in files_in(self.root / "runs"):
            try:
                run = manifest.load(self.root, piece.path.name.removesuffix(".json"))
            except StoreError as error:
                yield self._finding(True, piece.path, str(error), piece.path)
                continue
            self.described |= {
                name: f"for the run {run.id}, {what}" for name, what in descriptions.named_by(run).items()
            }
            done = {name: task for name, task in run.tasks.items() if task["state"] in ("cached", "computed")}
            gone = [name for name, task in done.items() if task["key"] not in self.results]
            other = [
                name for name, task in done.items() if self.results.get(task["key"], task["digest"]) != task["digest"]
            ]
            if run.root_of_tasks() != run.root:
                yield self._finding(True, piece.path, "Its root digest is not that of its results.", piece.path)
            elif gone or other:
                text = (
                    f"The run {run.id} ({run.name}) refers to {len(done)} results; {len(gone)} are not here or damaged"
                )
                more = f", {len(other)} are others than it had" if other else ""
                yield self._finding(True, piece.path, f"{text}{more}: {(gone + other)[0]}. Run its experiment again.")
            else:
                self.found.runs += 1

    def _environments(self) -> Iterator[Finding]:
        """Descriptions stay where they are: what is left of one still tells a person something."""
        there = {
            piece.path.relative_to(self.root / ENVIRONMENTS).as_posix() for piece in files_in(self.root / ENVIRONMENTS)
        }
        for name in sorted({*there, *self.described}):
            path, state = descriptions.path_of(self.root, name), descriptions.state_of(self.root, name)
            if state == "sound":
                self.found.environments += 1
                self.found.size += path.stat().st_size
                continue
            wrong = "It is gone" if state == "missing" else "Its bytes are not those that its name is the SHA-256 of"
            what = f". It describes, {self.described[name]}" if name in self.described else ""
            yield self._finding(True, path, f"{wrong}{what}. {descriptions.HARMLESS}. {descriptions.REMEDY}")

    def _pins(self) -> Iterator[Finding]:
        known = set(manifest.names(self.root))
        for piece in files_in(self.root / "refs"):
            try:
                absent = sorted(set(read_pin(piece.path).runs) - known)
            except StoreError as error:
                yield self._finding(True, piece.path, str(error))
                continue
            if absent:
                yield self._finding(True, piece.path, f"It holds the run {absent[0]}, which is not in this store.")

    def _aside(self) -> Iterator[Finding]:
        loose = sorted(set(self.blobs) - self.needed)
        if loose:
            size = sum(self.blobs[name] for name in loose)
            text = f"{len(loose)} blobs ({size:,} bytes) belong to no result: work cut off. `store gc` removes them."
            yield self._finding(False, self.root / "objects", text)
        said = {
            "tmp": "unfinished files of running or dead processes; those of dead ones go after a day.",
            "conflicts": "results that differ from an earlier one with the same key: something is not deterministic.",
            "quarantine": "damaged files, put aside; nothing reads them. Look at them, then delete them.",
            "trash": "files that `store gc` has put aside; it deletes them after a day.",
        }
        for name, text in said.items():
            pieces = list(files_in(self.root / name))
            if pieces:
                yield self._finding(False, self.root / name, f"{len(pieces)} {text}")
        for path in sorted(self.root.iterdir()):
            if path.name.startswith(f"{CODE_MEMORY}."):
                yield self._finding(False, path, "A process left it unfinished; `store gc --yes` removes it.")
            elif path.name not in OTHERS:
                yield self._finding(False, path, "It is not part of a store; nothing reads it.")
