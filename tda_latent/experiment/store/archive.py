"""`Store`: commit results, find them again, and never return a number whose bytes have changed."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.store import actions
from tda_latent.experiment.store.actions import Action, Stored, check_key
from tda_latent.experiment.store.blobs import read_blob, write_blob
from tda_latent.experiment.store.durable import (
    Draft,
    check_room,
    holds,
    make_folder,
    move_aside,
    storage_errors,
    sweep,
    sweep_beside,
)
from tda_latent.experiment.store.layout import CODE_MEMORY, action_path, blob_path, open_store
from tda_latent.records import Record, array_digest, canonical_json, sha256, unpack

_ATTEMPTS = 8
_SMALL = 1 << 16  # bytes of a blob that is read at once
_UNREADABLE = (errno.EIO, errno.EISDIR, errno.ELOOP)  # there, and lost: not a matter of permission or limits


@dataclass(frozen=True)
class Notice:
    """Something that a person should hear about; none of these ever changes a result.

    kind : "corrupt" (bytes changed), "missing" (a blob is gone), "nondeterministic" (one key, two results)
    key : of the action; path : of the file in question, inside the store; text : a full sentence
    """

    kind: Literal["corrupt", "missing", "nondeterministic"]
    key: str
    path: str
    text: str


class _Damaged(Exception):
    """A file that is not what it was."""

    def __init__(self, kind: Literal["corrupt", "missing"], path: Path, reason: str) -> None:
        super().__init__(reason)
        self.kind: Literal["corrupt", "missing"] = kind
        self.path = path


class Store:
    """A folder of results that any number of processes share without locks.

    ``actions/12/<key>.json`` says what was computed, ``objects/ab/<sha256>`` holds arrays. A result is visible
    only after its arrays are on the disk; nothing is changed in place; whatever a crash leaves behind is an orphan in
    ``tmp``. A file whose bytes do not match their digest counts as absent: it moves to ``quarantine``, a `Notice`
    says so, and the task is computed again.

    Parameters
    ----------
    path : str or Path
        The folder; created unless it exists.
    durability : "full" or "fast"
        Whether a commit survives a loss of power, or a killed process only (on scratch file systems).
    report : callable, optional
        Called with every `Notice`, beside the list ``notices``.
    create : bool
        Whether a folder that does not exist is made; False only looks, and then finds nothing.

    Raises
    ------
    StoreError
        When the folder is no store, belongs to a newer version, or cannot be created.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        durability: Literal["full", "fast"] = "full",
        report: Callable[[Notice], None] | None = None,
        create: bool = True,
    ) -> None:
        if durability not in ("full", "fast"):
            raise StoreError(f"durability is {durability!r}; the rule is full or fast.")
        self.path = Path(path).absolute()
        self.durable = durability == "full"
        self.notices: list[Notice] = []
        self._report = report
        if create or self.path.exists():
            open_store(self.path, self.durable)

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r})"

    # ---------------------------------------------------------------- writing

    def put(self, record: Record) -> str:
        """Write the arrays of a record, so that a later commit finds them; returns the record's digest."""
        return self._put("", "result", record).digest

    def commit(
        self, key: str, outputs: Mapping[str, Record], facts: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> Action:
        """Make the outputs of a task visible under its key, all at once.

        Parameters
        ----------
        key : 64 hexadecimal digits
        outputs : records by name
        facts : how it went (seconds, memory); plain JSON, not part of the identity
        fields : what was hashed into the key; plain JSON

        Returns
        -------
        Action
            The action that the store holds now: when another process committed this key first, that one. If its
            results differ, ours are kept in ``conflicts`` and a "nondeterministic" notice is given.

        Raises
        ------
        StoreError
            When the disk is full or the store may not be written; nothing half-written is visible then.
        """
        check_key(key)
        stored = {name: self._put(key, name, record) for name, record in outputs.items()}
        action = Action(key, fields, stored, facts)
        data = actions.encode(action).encode()
        with storage_errors(self.path, f"committing {key[:12]}", lambda: len(data)):
            for _ in range(_ATTEMPTS):
                with Draft(self._folder("tmp"), self.durable) as draft:
                    draft.write(data)
                    if draft.claim(action_path(self.path, key)):
                        return actions.decode(data, key)
                winner = self.find(key)
                if winner is not None:
                    return self._compared(winner, action, data)
        raise StoreError(f"action {key} in {str(self.path)!r} is damaged and cannot be moved away; remove it by hand.")

    def _compared(self, winner: Action, action: Action, data: bytes) -> Action:
        if winner.digests != action.digests:
            place = self.path / "conflicts" / f"{action.key}-{sha256(canonical_json(action.digests))[:16]}.json"
            with Draft(self._folder("tmp"), self.durable) as draft:
                draft.write(data)
                draft.claim(place)
            different = sorted(
                name
                for name in {**winner.digests, **action.digests}
                if winner.digests.get(name) != action.digests.get(name)
            )
            text = (
                f"two runs of {action.key[:12]} gave different results ({', '.join(different)}); the first one stays."
            )
            self._note(Notice("nondeterministic", action.key, self._inside(place), text))
        return winner

    def _put(self, key: str, name: str, record: Record) -> Stored:
        tree, arrays = record.packed()
        text = canonical_json(tree)
        is_long = len(text) > actions.INLINE
        if not arrays and not is_long:
            return Stored(key, name, record.digest, tree, None, 0)
        size = sum(array.nbytes for array in arrays.values()) + len(text)
        with (
            storage_errors(self.path, f"writing {type(record).__name__} {record.digest[:12]}", lambda: size),
            Draft(self._folder("tmp"), self.durable) as draft,
        ):
            check_room(self.path, size)
            write_blob(draft, arrays, text if is_long else None)
            draft.flush()
            final = blob_path(self.path, draft.digest)
            if not holds(final, draft.digest, self.durable):
                draft.replace(final)
            return Stored(key, name, record.digest, None if is_long else tree, draft.digest, draft.size)

    # ---------------------------------------------------------------- reading

    def has(self, key: str) -> bool:
        """Whether `find` finds a result."""
        return self.find(key) is not None

    def find(self, key: str) -> Action | None:
        """The action of this key, or None. Its own bytes are checked, and that its blobs have the right size.

        Raises
        ------
        StoreError
            When the file exists but this user may not read it.
        """
        path = action_path(self.path, check_key(key))
        try:
            data = self._bytes(path)
            if data is None:
                return None
            action = _decoded(data, key, path)
            for stored in action.outputs.values():
                self._check_size(stored)
        except _Damaged as damage:
            self._quarantine(key, damage)
            return None
        return action

    def load(self, what: Action | Stored | str, name: str = "result") -> Record | None:
        """An output as a record, every byte of it checked, or None when it must be computed again.

        Parameters
        ----------
        what : Action, one of its outputs, or a key
        name : which output of an action

        Raises
        ------
        InvalidInput
            When the action has no output of this name.
        StoreError
            When the record is sound, but its type is unknown here.
        """
        action = self.find(what) if isinstance(what, str) else what
        if action is None:
            return None
        if isinstance(action, Action):
            if name not in action.outputs:
                raise InvalidInput(
                    f"action {action.key[:12]} has no output {name!r}, only {', '.join(action.outputs)}."
                )
            stored = action.outputs[name]
        else:
            stored = action
        try:
            return self._load(stored)
        except _Damaged as damage:
            self._quarantine(stored.key, damage)
            return None

    def _load(self, stored: Stored) -> Record:
        arrays, tree = self._read(stored)
        tree = stored.tree if stored.tree is not None else tree
        try:
            record = unpack(tree, arrays)
            if isinstance(record, Record) and record.digest == stored.digest:
                return record
            reason = "it reads as another record than was written"
        except MemoryError:
            raise
        except Exception as error:  # a constructor may fail in any way on content that it did not write
            reason = str(error)
        if _packed_digest(tree, arrays) == stored.digest:
            raise StoreError(
                f"output {stored.name!r} of {stored.key[:12]} is sound, but this version cannot read it ({reason}); "
                "install the version or plugin that wrote it."
            )
        path = action_path(self.path, stored.key) if stored.blob is None else blob_path(self.path, stored.blob)
        raise _Damaged("corrupt", path, "the record does not match its digest")

    def _read(self, stored: Stored) -> tuple[dict[str, Any], Any]:
        if stored.blob is None:
            return {}, None
        path = blob_path(self.path, stored.blob)
        with storage_errors(self.path, f"reading blob {stored.blob[:12]}"):
            try:
                with path.open("rb") as opened:
                    file = io.BytesIO(opened.read(_SMALL)) if stored.size < _SMALL else opened
                    if hashlib.file_digest(file, "sha256").hexdigest() != stored.blob:
                        raise _Damaged("corrupt", path, "the bytes do not match the digest in the name")
                    file.seek(0)
                    arrays, text = read_blob(file)
                    return arrays, None if text is None else json.loads(text)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise _Damaged("missing", path, "the blob is gone") from error
            except (ValueError, RecursionError) as error:
                raise _Damaged("corrupt", path, str(error)) from error
            except OSError as error:
                if error.errno not in _UNREADABLE:
                    raise
                raise _Damaged("corrupt", path, "the disk cannot read it") from error

    def _bytes(self, path: Path) -> bytes | None:
        with storage_errors(self.path, f"reading {path.name[:12]}"):
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                if error.errno not in _UNREADABLE:
                    raise
                raise _Damaged("corrupt", path, "the disk cannot read it") from error

    def _check_size(self, stored: Stored) -> None:
        if stored.blob is None:
            return
        path = blob_path(self.path, stored.blob)
        with storage_errors(self.path, f"looking at blob {stored.blob[:12]}"):
            try:
                size = path.stat().st_size
            except (FileNotFoundError, NotADirectoryError) as error:
                raise _Damaged("missing", path, "the blob is gone") from error
        if size != stored.size:
            raise _Damaged("corrupt", path, f"the blob has {size} bytes, {stored.size} were written")

    def keys(self) -> frozenset[str]:
        """Keys that have an action file; each is verified only by `find`."""
        found: set[str] = set()
        for folder in self._shards("actions"):
            found.update(name.removesuffix(".json") for name in os.listdir(folder) if name.endswith(".json"))
        return frozenset(key for key in found if len(key) == 64)

    def _shards(self, kind: str) -> Iterator[str]:
        try:
            yield from sorted(entry.path for entry in os.scandir(self.path / kind) if entry.is_dir())
        except FileNotFoundError:
            return

    def check(self) -> int:
        """Read and verify everything; returns how many actions are sound, `notices` tells the rest."""
        sound = 0
        for key in sorted(self.keys()):
            action = self.find(key)
            if action is not None and all(self.load(stored) is not None for stored in action.outputs.values()):
                sound += 1
        return sound

    # ---------------------------------------------------------------- keeping house

    def sweep_temporaries(self) -> int:
        """Remove temporaries of dead processes of this machine, those of results after a day; returns how many."""
        with storage_errors(self.path, "sweeping temporaries"):
            return sweep(self._folder("tmp")) + sweep_beside(self.path / CODE_MEMORY)

    def _quarantine(self, key: str, damage: _Damaged) -> None:
        bad = dict.fromkeys((damage.path, action_path(self.path, key)) if key else (damage.path,))
        moved = [place for place in (move_aside(path, self.path / "quarantine") for path in bad) if place]
        fate = "moved to quarantine" if moved else "left in place"
        place = self._inside(damage.path)
        text = f"{place} of action {key[:12]} is {damage.kind}: {damage}; {fate}, the task will be computed again."
        self._note(Notice(damage.kind, key, place, text))

    def _note(self, notice: Notice) -> None:
        self.notices.append(notice)
        if self._report is not None:
            self._report(notice)

    def _inside(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()

    def _folder(self, name: str) -> Path:
        make_folder(self.path / name, self.durable)
        return self.path / name


def _decoded(data: bytes, key: str, path: Path) -> Action:
    try:
        return actions.decode(data, key)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Damaged("corrupt", path, str(error)) from error


def _packed_digest(tree: Any, arrays: Mapping[str, Any]) -> str | None:
    """Digest of a record that cannot be built here; None where no record can have been packed so."""
    named = {name: array_digest(array) for name, array in arrays.items()}
    try:
        return sha256(canonical_json({"record": tree, "arrays": named}))
    except (ValueError, TypeError, RecursionError):
        return None
