"""Whether a run is what it says: every byte of its manifest, actions, blobs and files against their digests.

Nothing is computed, written, moved or repaired, no component is needed, the store may belong to another machine.
The chain is closed: the name of the manifest holds its digest, the manifest holds key and digest of each result, a key
is the hash of the fields that its action keeps, the fields hold the digests of the inputs, an action names its blob by
hash, and the numbers in the blob hash to the digest of the result. Whoever changes one number and wants to pass has to
write a new manifest, which then is another run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.identity.keys import key_of
from tda_latent.experiment.proof import descriptions
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store import actions
from tda_latent.experiment.store.actions import Action, Stored
from tda_latent.experiment.store.blobs import read_blob
from tda_latent.experiment.store.layout import action_path, blob_path
from tda_latent.records import Record, array_digest, canonical_json, sha256, unpack

Kind = Literal["changed", "missing"]
_RESULTS: Mapping[Kind, str] = {
    "changed": "Put damaged files aside (store fsck --repair), then take them from a copy or run the experiment again.",
    "missing": "Copy actions/ and objects/ of the store once more, or run the experiment again.",
}
_FILES = "Take the file from a copy; running the experiment again writes the folder anew from the store."


@dataclass(frozen=True)
class Finding:
    """Something that is not as the run left it.

    kind : "changed" (bytes are others) or "missing"; what : task, file or digest; text : what is wrong with it
    remedy : what to do; numbers : whether it casts doubt on numbers of the run
    """

    kind: Kind
    what: str
    text: str
    remedy: str = ""
    numbers: bool = True


@dataclass
class Integrity:
    """What was looked at and what was wrong.

    results : results read; blobs : files of arrays hashed; size : their bytes; files : files of the run's folder hashed
    environments : descriptions of environments hashed
    unfinished : tasks without a result, by state
    """

    results: int = 0
    blobs: int = 0
    size: int = 0
    files: int = 0
    environments: int = 0
    unfinished: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def changed(self) -> list[Finding]:
        """Findings that contradict the run."""
        return [finding for finding in self.findings if finding.kind == "changed"]

    @property
    def missing(self) -> list[Finding]:
        """Findings that leave the run unproven."""
        return [finding for finding in self.findings if finding.kind == "missing"]

    def note(self, kind: Kind, what: str, text: str, remedy: str = "") -> None:
        """Add a finding about results or files."""
        self.findings.append(Finding(kind, what, text, remedy))


class _Wrong(Exception):
    """A result that is not as the run left it."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind: Kind = kind


def integrity(
    manifest: Manifest, store: Path, folder: Path | None = None, listener: Callable[[int, int], None] | None = None
) -> Integrity:
    """Read and hash everything that a run refers to.

    Parameters
    ----------
    store : folder of the store; folder : of the run's files, None = leave them out
    listener : called with the number of results looked at and their total
    """
    found = Integrity()
    if manifest.root_of_tasks() != manifest.root:
        found.note(
            "changed",
            "root digest",
            f"the tasks give {manifest.root_of_tasks()[:12]}, not {manifest.root[:12]}",
            "Take the manifest from a copy.",
        )
    hashed: set[str] = set()
    for index, label in enumerate(manifest.order):
        task = manifest.tasks[label]
        if task["state"] not in ("cached", "computed"):
            found.unfinished[task["state"]] = found.unfinished.get(task["state"], 0) + 1
            continue
        try:
            _check_result(manifest, label, store, hashed, found)
            found.results += 1
        except _Wrong as wrong:
            found.note(wrong.kind, label, str(wrong), _RESULTS[wrong.kind])
        if listener is not None:
            listener(index + 1, len(manifest.tasks))
    _check_descriptions(manifest, store, found)
    if folder is not None:
        _check_files(manifest, folder, found)
    return found


def _check_descriptions(manifest: Manifest, store: Path, found: Integrity) -> None:
    """Environments and changes of code that the run names: damage to them touches its circumstances, no number."""
    for name, what in descriptions.named_by(manifest).items():
        state = descriptions.state_of(store, name)
        if state == "sound":
            found.environments += 1
            continue
        wrong = "is not in the store" if state == "missing" else "has other bytes than its name says"
        text = f"the description of {what} {wrong}. {descriptions.HARMLESS}"
        where = descriptions.path_of(Path(), name).as_posix()
        found.findings.append(Finding(state, where, text, descriptions.REMEDY, numbers=False))


def read_action(store: Path, key: str) -> Action | None:
    """The action of a key, its bytes checked, without a store being opened; None when it is not there.

    Raises
    ------
    StoreError
        When it is damaged.
    """
    try:
        return _action(store, key)
    except _Wrong as wrong:
        if wrong.kind == "missing":
            return None
        raise StoreError(f"action {key[:12]} in {str(store)!r}: {wrong}.") from wrong


def read_record(store: Path, key: str) -> Record | None:
    """The result of a key, every byte checked, without a store being opened or changed; None when it is not there.

    Raises
    ------
    StoreError
        When it is damaged, or of a type that is unknown here.
    """
    action = read_action(store, key)
    if action is None:
        return None
    stored = action.outputs["result"]
    try:
        arrays, text = ({}, None) if stored.blob is None else _arrays(store, stored)
        _check_content(stored, arrays, text)
        record = unpack(stored.tree if stored.tree is not None else json.loads(text or "null"), arrays)
    except _Wrong as wrong:
        if wrong.kind == "missing":
            return None
        raise StoreError(f"{key[:12]} in {str(store)!r}: {wrong}.") from wrong
    except (InvalidInput, TypeError, ValueError) as error:
        raise StoreError(f"{key[:12]} in {str(store)!r} cannot be read by this version: {error}") from error
    return record if isinstance(record, Record) else None


def _action(store: Path, key: str) -> Action:
    path = action_path(store, key)
    try:
        return actions.decode(path.read_bytes(), key)
    except FileNotFoundError as error:
        raise _Wrong("missing", f"its action {key[:12]} is not in the store") from error
    except OSError as error:
        raise _Wrong("missing", f"its action {key[:12]} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _Wrong("changed", f"its action {key[:12]} is damaged: {error}") from error
    except StoreError as error:
        raise _Wrong("missing", str(error)) from error


def _check_result(manifest: Manifest, label: str, store: Path, hashed: set[str], found: Integrity) -> None:
    """Raise `_Wrong` at the first link of the chain that does not hold."""
    task = manifest.tasks[label]
    action = _action(store, str(task["key"]))
    if key_of(action.fields) != action.key:
        raise _Wrong("changed", f"its key {action.key[:12]} is not the hash of the fields beside it")
    stored = action.outputs.get("result")
    if stored is None or stored.digest != task["digest"]:
        held = "none" if stored is None else stored.digest[:12]
        raise _Wrong("changed", f"the store holds the result {held}, the run had {str(task['digest'])[:12]}")
    for name, tree in task.get("inputs", {}).items():
        if not _agrees(tree, action.fields["inputs"].get(name), manifest):
            raise _Wrong("changed", f"its input {name} was another one than the results it is said to rest on")
    if stored.blob is None:
        _check_content(stored, {}, None)
    elif stored.blob not in hashed:
        _check_content(stored, *_arrays(store, stored))
        hashed.add(stored.blob)
        found.blobs += 1
        found.size += stored.size


def _arrays(store: Path, stored: Stored) -> tuple[dict[str, Any], str | None]:
    path = blob_path(store, str(stored.blob))
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != stored.blob:
                raise _Wrong("changed", f"the bytes of its blob {str(stored.blob)[:12]} are others")
            file.seek(0)
            return read_blob(file)
    except FileNotFoundError as error:
        raise _Wrong("missing", f"its blob {str(stored.blob)[:12]} is not in the store") from error
    except OSError as error:
        raise _Wrong("missing", f"its blob {str(stored.blob)[:12]} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _Wrong("changed", f"its blob {str(stored.blob)[:12]} is damaged: {error}") from error


def _check_content(stored: Stored, arrays: Mapping[str, Any], text: str | None) -> None:
    tree = stored.tree if stored.tree is not None else json.loads(text or "null")
    named = {name: array_digest(array) for name, array in arrays.items()}
    if sha256(canonical_json({"record": tree, "arrays": named})) != stored.digest:
        raise _Wrong("changed", f"its numbers do not hash to {stored.digest[:12]}")


def _agrees(tree: Any, digests: Any, manifest: Manifest) -> bool:
    """Whether the digests in key fields are those of the tasks in a tree of labels."""
    if isinstance(tree, str):
        return bool(manifest.tasks[tree]["digest"] == digests)
    if not isinstance(digests, list) or len(digests) != len(tree):
        return False
    if isinstance(tree, Mapping):
        held = {str(pair[0]): pair[1] for pair in digests}
        return all(_agrees(branch, held.get(name), manifest) for name, branch in tree.items())
    return all(_agrees(branch, digest, manifest) for branch, digest in zip(tree, digests, strict=True))


def _check_files(manifest: Manifest, folder: Path, found: Integrity) -> None:
    for name, digest in manifest.files.items():
        try:
            same = sha256((folder / name).read_bytes()) == digest
        except OSError as error:
            found.note("missing", name, f"it cannot be read in {folder}: {error.strerror}", _FILES)
            continue
        found.files += 1
        if not same:
            found.note("changed", name, "it is not the file that the run wrote", _FILES)
    record = folder / "record.json"
    try:
        held = json.loads(record.read_bytes())
        if held != {"run": manifest.id, **manifest.content}:
            found.note("changed", "record.json", f"it is not the record of {manifest.id}", _FILES)
    except (OSError, ValueError) as error:
        found.note("missing", "record.json", f"it cannot be read in {folder}: {error}", _FILES)
