"""Where things lie in a store, and how one is recognised, created or refused."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from tda_latent.errors import StoreError
from tda_latent.experiment.store.durable import Draft, make_folder, storage_errors
from tda_latent.records import canonical_json

FORMAT = {"format": "tda-latent-store", "version": 1}
FOLDERS = ("actions", "conflicts", "environments", "locks", "objects", "quarantine", "runs", "tmp")
CODE_MEMORY = "code.json"  # digests of source files, so that a warm run need not parse them again
BESIDE = ("FORMAT", CODE_MEMORY, "refs")  # what else a store may hold: half a copy has some of it and no mark


def action_path(root: Path, key: str) -> Path:
    """File of the action with this key."""
    return root.joinpath("actions", key[:2], f"{key}.json")


def blob_path(root: Path, digest: str) -> Path:
    """File of the blob whose bytes have this SHA-256."""
    return root.joinpath("objects", digest[:2], digest)


def mark_used(root: Path, key: str) -> None:
    """Note that somebody uses a result, so that no clearing takes it away, where the store may be written."""
    with contextlib.suppress(OSError):
        os.utime(action_path(root, key))


def open_store(root: Path, durable: bool) -> None:
    """Check that the folder is a store that this version understands; an empty or absent folder becomes one.

    Raises
    ------
    StoreError
        For a file, a folder with other things in it, a damaged mark, a newer format, a folder that cannot be written.
    """
    mark = root / "FORMAT"
    if root.exists() and not root.is_dir():
        raise StoreError(f"{str(root)!r} is a file; the rule is a folder for the store.")
    with storage_errors(root, "opening it"):
        if not mark.exists():
            _create(root, mark, durable)
    check_format(root)


def check_format(root: Path) -> None:
    """Refuse a store that this version does not understand; nothing is written, and a folder without a mark passes.

    Raises
    ------
    StoreError
        For a damaged mark or a newer format.
    """
    mark = root / "FORMAT"
    with storage_errors(root, "opening it"):
        try:
            data = mark.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return
    version = _version(data)
    if version is None:
        raise StoreError(
            f"{str(mark)!r} does not name a store; if this is one and the file was damaged, "
            f"write {canonical_json(FORMAT)} into it."
        )
    if version > 1:
        raise StoreError(
            f"the store {str(root)!r} has format {version}, this version reads 1; "
            "update tda-latent or choose another store."
        )


def _create(root: Path, mark: Path, durable: bool) -> None:
    if root.is_dir():
        strange = sorted(name for name in os.listdir(root) if name not in FOLDERS and not name.startswith(BESIDE))
        if strange:
            raise StoreError(f"{str(root)!r} is no store and holds {strange[0]!r}; choose an empty folder.")
    for folder in FOLDERS:
        make_folder(root / folder, durable)
    with Draft(root / "tmp", durable) as draft:
        draft.write(f"{canonical_json(FORMAT)}\n".encode())
        draft.claim(mark)


def _version(data: bytes) -> int | None:
    """The format version in a mark, or None when the mark is not sound."""
    try:
        found = json.loads(data)
    except ValueError:
        return None
    version = found.get("version") if isinstance(found, dict) and found.get("format") == FORMAT["format"] else None
    return version if type(version) is int and version >= 1 else None
