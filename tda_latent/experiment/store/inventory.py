"""What lies in a store: every file of it, and what each action refers to, without reading an array."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import StoreError
from tda_latent.experiment.store import actions
from tda_latent.experiment.store.actions import Action, Stored
from tda_latent.experiment.store.durable import storage_errors
from tda_latent.experiment.store.layout import blob_path

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TYPE = re.compile(r'\{"\$record":"(\w+)"')


@dataclass(frozen=True)
class Piece:
    """A file: where it lies, its bytes, and when it was written or last used (seconds since 1970)."""

    path: Path
    size: int
    modified: float


@dataclass(frozen=True)
class Held:
    """An action as far as keeping house needs it.

    kind : type of its first result; blobs : digests of blobs with their bytes; digests : of its records
    """

    key: str
    piece: Piece
    kind: str
    blobs: dict[str, int]
    digests: frozenset[str]


@dataclass
class Inventory:
    """Actions by key, blobs by digest, and files that are no sound action, with the reason."""

    actions: dict[str, Held] = field(default_factory=dict)
    blobs: dict[str, Piece] = field(default_factory=dict)
    unreadable: dict[Path, str] = field(default_factory=dict)


def files_in(folder: Path) -> Iterator[Piece]:
    """Every file below a folder, in the order of their paths; what vanishes meanwhile is left out."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_in(Path(entry.path))
            continue
        try:
            facts = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        yield Piece(Path(entry.path), facts.st_size, facts.st_mtime)


def take_inventory(root: Path) -> Inventory:
    """Read every action of a store and list its blobs.

    Raises
    ------
    StoreError
        When a folder may not be read, or an action has a format that this version does not know.
    """
    found = Inventory()
    with storage_errors(root, "looking through it"):
        for piece in files_in(root / "actions"):
            try:
                action = read_action(piece.path)
            except FileNotFoundError:
                continue
            except ValueError as error:
                found.unreadable[piece.path] = str(error)
                continue
            found.actions[action.key] = _held(root, action, piece)
        for piece in files_in(root / "objects"):
            if is_digest(piece.path.name):
                found.blobs[piece.path.name] = piece
    return found


def read_action(path: Path) -> Action:
    """The action in a file that is named by its key, or a conflict named by key and result.

    Raises
    ------
    ValueError
        When a byte is not as it was written, or the name is no key.
    StoreError
        When the format is unknown to this version.
    """
    key = path.name.removesuffix(".json").partition("-")[0]
    if not is_digest(key) or not path.name.endswith(".json"):
        raise ValueError("its name is no key")
    try:
        return actions.decode(path.read_bytes(), key)
    except StoreError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def is_digest(name: Any) -> bool:
    """Whether a text is a SHA-256 in hexadecimal digits."""
    return isinstance(name, str) and _DIGEST.fullmatch(name) is not None


def _held(root: Path, action: Action, piece: Piece) -> Held:
    outputs = list(action.outputs.values())
    blobs = {stored.blob: stored.size for stored in outputs if stored.blob is not None}
    kind = _kind(root, outputs[0]) if outputs else "nothing"
    return Held(action.key, piece, kind, blobs, frozenset(stored.digest for stored in outputs))


def _kind(root: Path, stored: Stored) -> str:
    """Type of a stored record; one whose tree lies in its blob is read from the first bytes of that."""
    if isinstance(stored.tree, dict):
        return str(stored.tree.get("$record", "unknown"))
    try:
        with zipfile.ZipFile(blob_path(root, str(stored.blob))) as archive, archive.open("tree.json") as member:
            match = _TYPE.match(member.read(200).decode(errors="replace"))
    except (OSError, KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return "unknown"
    return match[1] if match else "unknown"
