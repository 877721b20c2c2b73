"""Input files of an experiment at their place in a bundle, and the experiment file that finds them there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.file.documents import read_document_text, written
from tda_latent.experiment.identity.keys import file_digest, parts_of
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store import Action
from tda_latent.sources.file.uri import split_uri

HEAD = """\
# The experiment as it was run: what it extends and what --set changed is worked in, paths lead to inputs/.
# Its file as it was written is run/experiment.yaml.
"""
MISSING = "missing-inputs.json"
_SECTIONS = ("data", "models")


@dataclass(frozen=True)
class Absent:
    """An input that is not in a bundle: its digest as `file_digest` gives it ("" = never read), and why."""

    sha256: str
    why: str


@dataclass
class Inputs:
    """What the tasks of a run read.

    files : by name in the bundle; names : by task, that name and what follows ``::``; texts : new paths by old ones
    absent : files that could not be included, by name; unproven : files that no task of the run came to read
    """

    document: bytes
    files: dict[str, Content] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    absent: dict[str, Absent] = field(default_factory=dict)
    unproven: list[str] = field(default_factory=list)

    @property
    def notices(self) -> list[str]:
        """What a person should hear about files that are not there, or not known to be those of the run."""
        missing = [f"{name} is not included: {item.why}." for name, item in self.absent.items()]
        late = "is included as it is now; no task of the run came to read it, so the run holds no digest of it."
        return missing + [f"{name} {late}" for name in self.unproven]

    @property
    def list_of_absent(self) -> dict[str, Content]:
        """The file that names what is missing, for `still_absent`; nothing when nothing is."""
        listed = {name: vars(item) for name, item in sorted(self.absent.items())}
        return {MISSING: f"{json.dumps(listed, indent=1)}\n".encode()} if listed else {}


def still_absent(folder: Path) -> dict[str, Absent]:
    """Inputs that an unpacked bundle came without and that nobody has put at their place since.

    Raises
    ------
    InvalidInput
        When the list cannot be read.
    """
    path = folder / MISSING
    if not path.exists():
        return {}
    try:
        listed = {str(name): Absent(**item) for name, item in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}; take another copy of the bundle.") from error
    return {name: item for name, item in listed.items() if not _is_there(folder / name, item)}


def _is_there(path: Path, item: Absent) -> bool:
    try:
        return path.exists() and (not item.sha256 or file_digest(str(path))[:64] == item.sha256)
    except (OSError, InvalidInput):
        return False


def collect_inputs(run: Manifest, actions: Mapping[str, Action], largest: int) -> Inputs:
    """The input files of a run, where they are still what they were, and its experiment file made to find them.

    Parameters
    ----------
    actions : of finished tasks by label; what was read stands in their fields
    largest : bytes of a file beyond which it is only listed

    Raises
    ------
    StoreError
        When the manifest is of a version that did not keep the experiment.
    InvalidInput
        When a factory is named by its file.
    """
    try:
        value = read_document_text(run.content["document"], "experiment.yaml").value
    except KeyError:
        raise StoreError(f"the run {run.id} does not hold its experiment; run it again with this version.") from None
    folders: dict[str, str] = {}
    texts: dict[str, str] = {}
    for section in _SECTIONS:
        for entry in value.get(section, {}).values():
            _require_module(entry.get("factory"))
            if isinstance(entry.get("path"), str):
                texts[entry["path"]] = entry["path"] = _moved(
                    entry["path"], Path(run.content["folder"]), folders, texts
                )
    found = Inputs((HEAD + _stable(value)).encode(), texts=texts)
    for label in run.order:
        path = run.tasks[label].get("path")
        if path is not None:
            digest = str(actions[label].fields["files"]["path"])[:64] if label in actions else ""
            _add(found, label, path, digest, folders, largest)
    return found


def _require_module(factory: Any) -> None:
    if isinstance(factory, str) and ".py:" in factory:
        raise InvalidInput(
            f"the factory {factory!r} is named by its file, which a bundle cannot bring to its place; name it by its "
            "module, my_models:make, and run the experiment again."
        )


def _moved(text: str, home: Path, folders: dict[str, str], known: Mapping[str, str]) -> str:
    """A path, which may hold ``{fields}`` and ``::key``, as it is in the bundle; notes what its folder becomes."""
    if text in known:
        return known[text]
    name, mark, key = text.rpartition("::") if "::" in text else (text, "", "")
    fixed = name.partition("{")[0]
    base, slash, _ = fixed.rpartition("/")
    place = str(home / os.path.expanduser(base or slash))
    folders.setdefault(place, f"inputs/{len(folders)}")
    return f"{folders[place]}/{name[len(base) + len(slash) :]}{mark}{key}"


def _stable(value: Mapping[str, Any]) -> str:
    """The text of a document, which must read back as the same value."""
    text = written(dict(value))
    if read_document_text(text).value != value:
        raise StoreError("the experiment cannot be written down as it was read; please report its file as a bug.")
    return text + "\n"


def _add(found: Inputs, label: str, path: str, digest: str, folders: Mapping[str, str], largest: int) -> None:
    name, key = split_uri(path)
    base = max((place for place in folders if name.startswith(place.rstrip("/") + "/")), key=len, default=None)
    rest = os.path.basename(name) if base is None else name[len(base.rstrip("/")) + 1 :]
    inner = f"{folders[base] if base is not None else 'inputs'}/{rest}"
    found.names[label] = inner if key is None else f"{inner}::{key}"
    if inner in found.files or inner in found.absent:
        return
    place = Path(name)
    try:
        folder = inner if place.is_dir() else os.path.dirname(inner)
        parts = {f"{folder}/{file.name}": file for file in parts_of(place)}
        size = sum(file.stat().st_size for file in parts.values())
        why = _why_not(name, size, largest, digest)
    except FileNotFoundError:
        why = "it is gone"
    except (OSError, InvalidInput) as error:
        why = f"it cannot be read ({error.strerror if isinstance(error, OSError) else 'its file was refused'})"
    if why:
        found.absent[inner] = Absent(digest, why)
        return
    found.files |= parts
    if not digest:
        found.unproven.append(inner)


def _why_not(name: str, size: int, largest: int, digest: str) -> str:
    """Why a file that is there cannot be included; "" when it can."""
    if size > largest:
        return f"it is too large, {size:,} bytes, and at most {largest:,} were asked for"
    return "it has changed since the run" if digest and file_digest(name)[:64] != digest else ""
