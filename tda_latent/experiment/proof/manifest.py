"""Manifests: one immutable file for each run, saying what was asked, what came out and under which circumstances.

``STORE/runs/20261123T022431Z-3f2a9c.json`` is one line, ``{"run":<canonical JSON>,"self":"<SHA-256 of that JSON>"}``,
and is checked byte by byte. The name is the UTC time of the run and the first six digits of that SHA-256. The same
content, with the name beside it, is ``record.json`` in the folder of the run, so either file leads to the other.
"""

from __future__ import annotations

import datetime
import graphlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError, unknown_name
from tda_latent.experiment.file.documents import read_document
from tda_latent.experiment.plan import leaves
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.durable import Draft, make_folder, storage_errors
from tda_latent.records import canonical_json, sha256

FORMAT = "tda-latent/run@1"
_HEAD, _MIDDLE, _TAIL = '{"run":', ',"self":"', '"}\n'
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


@dataclass(frozen=True, eq=False)
class Manifest:
    """What a run left behind for good.

    id : name of the manifest; digest : SHA-256 of its content; content : plain JSON, see `outputs.run_record`
    """

    id: str
    digest: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the experiment."""
        return str(self.content["name"])

    @property
    def root(self) -> str:
        """Digest of all numeric results, as the run gave it."""
        return str(self.content["root"])

    @property
    def complete(self) -> bool:
        """Whether every planned task had its result."""
        return bool(self.content["complete"])

    @property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """By label: state, key, digest, reason, seconds, peak_bytes, inputs (a tree of labels) and path."""
        found: Mapping[str, Mapping[str, Any]] = self.content["tasks"]
        return found

    @property
    def files(self) -> Mapping[str, str]:
        """SHA-256 of the files in the folder of the run, by their path in it."""
        found: Mapping[str, str] = self.content["files"]
        return found

    @property
    def store(self) -> Path:
        """Where the store was when the run was made."""
        return Path(self.content["store"])

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Labels of all tasks, each after the tasks it takes from; ties in the order of names."""
        sorter = graphlib.TopologicalSorter({label: self.sources(label) for label in sorted(self.tasks)})
        sorter.prepare()
        found: list[str] = []
        while sorter.is_active():
            ready = sorted(sorter.get_ready())
            found += ready
            sorter.done(*ready)
        return tuple(found)

    def sources(self, label: str) -> tuple[str, ...]:
        """Labels of the tasks that a task takes from."""
        return tuple(dict.fromkeys(leaves(self.tasks[label].get("inputs", {}))))

    def root_of_tasks(self) -> str:
        """The root digest as its tasks give it: what `root` has to be."""
        return root_digest({
            label: str(task["digest"]) for label, task in self.tasks.items() if task["state"] in ("cached", "computed")
        })  # fmt: skip


def root_digest(digests: Mapping[str, str]) -> str:
    """Digest of all numeric results by label; figures are left out, since their bytes depend on the drawing library."""
    pairs = [[label, digest] for label, digest in sorted(digests.items()) if not label.startswith("figure/")]
    return sha256(canonical_json(pairs))


def plain(value: Any) -> Any:
    """The value as JSON can say it exactly: tuples as lists, infinities and NaN as ``{"$float": text}``."""
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return {"$float": repr(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def save(store: Store, content: Mapping[str, Any]) -> str:
    """Write the manifest of a run, once and for ever, and give its id. Equal content has one manifest.

    Parameters
    ----------
    content : what `plain` gives; ``circumstances.time`` (ISO 8601) becomes the first part of the id

    Raises
    ------
    StoreError
        When the store is full or may not be written.
    """
    name, data = encoded(content)
    with storage_errors(store.path, f"writing the manifest {name}", lambda: len(data)):
        make_folder(store.path / "runs", store.durable)
        make_folder(store.path / "tmp", store.durable)
        final = _path(store.path, name)
        with Draft(store.path / "tmp", store.durable) as draft:
            draft.write(data)
            if draft.claim(final) or final.read_bytes() == data:
                return name
    raise StoreError(f"{str(final)!r} holds another manifest or a damaged one; move it away, then run again.")


def encoded(content: Mapping[str, Any]) -> tuple[str, bytes]:
    """The id of a manifest with this content, and the bytes of its file."""
    body = canonical_json(content)
    digest = sha256(body)
    name = f"{_stamp(content['circumstances']['time'])}-{digest[:6]}"
    return name, f"{_HEAD}{body}{_MIDDLE}{digest}{_TAIL}".encode()


def load(store: Path, name: str) -> Manifest:
    """The manifest of this id, every byte checked.

    Raises
    ------
    StoreError
        When it is not there, not what was written, or of a format that this version does not know.
    """
    path = _path(store, name)
    with storage_errors(store, f"reading the manifest {name}"):
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise StoreError(f"{str(path)!r} is not there; the store is another one or was copied in part.") from error
    try:
        return _decoded(name, data)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"the manifest {str(path)!r} is damaged: {error}. Take it from a copy.") from error


def names(store: Path) -> tuple[str, ...]:
    """Ids of all manifests of a store, oldest first; within one second in the order of their files."""
    folder = store / "runs"
    if not folder.is_dir():
        return ()
    with storage_errors(store, "listing its runs"), os.scandir(folder) as entries:
        found = [(Path(entry.name), entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".json")]
    known = [(path.stem[:16], written, path.stem) for path, written in found if _ID.fullmatch(path.stem)]
    return tuple(name for _, _, name in sorted(known))


def every(store: Store | Path) -> Iterator[Manifest]:
    """All manifests of a store, oldest first.

    Raises
    ------
    StoreError
        At one that is damaged.
    """
    folder = store.path if isinstance(store, Store) else store
    return (load(folder, name) for name in names(folder))


def _name_in(file: Path) -> str:
    """The name of the experiment in a file."""
    value = read_document(file).value
    name = value.get("name") if isinstance(value, Mapping) else None
    if not isinstance(name, str) or not name:
        raise InvalidInput(
            f"{file} has no name, by which the runs of an experiment are known; write `name: {file.stem}` into it, or "
            "name the folder or the id of the run."
        )
    return name


def find(what: str | Path, store: Store | Path) -> Manifest:
    """The manifest that somebody means.

    Parameters
    ----------
    what : folder of a run, its ``record.json``, an id or a prefix that only one id has, or an experiment, its name or
        its ``.yaml`` file (its newest run)
    store : where manifests are; a folder whose store is elsewhere or gone is read from its ``record.json`` alone

    Raises
    ------
    UnknownName
        When no run is meant, with the nearest name.
    InvalidInput
        When a prefix means several runs, an experiment has no name, or there is no store or no run in it.
    StoreError
        When the manifest or ``record.json`` is damaged.
    """
    home = store.path if isinstance(store, Store) else store
    record = Path(what) / "record.json" if Path(what).is_dir() else Path(what)
    is_experiment = record.is_file() and record.suffix in (".yaml", ".yml")
    if record.is_file() and not is_experiment:
        return _of_folder(record, home)
    text = _name_in(record) if is_experiment else str(what)
    known = names(home)
    if not known:
        raise InvalidInput(f"{text!r} is no folder of a run, and {nothing_in(home)}")
    begun = [name for name in known if text and name.startswith(text)]
    if len(begun) == 1:
        return load(home, begun[0])
    if begun:
        raise InvalidInput(f"{text!r} begins {len(begun)} runs: {', '.join(begun[:5])}; write more of the id.")
    titles = set()
    for name in reversed(known):
        manifest = load(home, name)
        if manifest.name == text:
            return manifest
        titles.add(manifest.name)
    raise unknown_name("run", text, titles)


def nothing_in(store: Path) -> str:
    """That no run is in a store, with its place and what to do: the second half of a sentence."""
    place = str(store.absolute())
    if not (store / "FORMAT").is_file() and not (store / "runs").is_dir():
        return f"there is no store at {place!r}; name its folder with --store."
    return f"the store {place!r} has no run; run an experiment first, or name another store with --store."


def _of_folder(record: Path, store: Path) -> Manifest:
    try:
        content = json.loads(record.read_bytes())
        name = content.pop("run")
        manifest = Manifest(name, sha256(canonical_json(content)), content)
        shape = content["format"], bool(_ID.fullmatch(name))
    except OSError as error:
        raise InvalidInput(f"{record} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput(f"{record} does not name a run ({error}); run its experiment again.") from error
    if shape != (FORMAT, True):
        raise InvalidInput(f"{record} has the format {content['format']!r}; this version reads {FORMAT}.")
    for place in (store, manifest.store):
        if _path(place, name).is_file():
            return load(place, name)
    if not name.endswith(manifest.digest[:6]):
        raise StoreError(
            f"{record} is not what its run wrote: its digest begins {manifest.digest[:6]}, not {name[-6:]}."
        )
    return manifest


def _path(store: Path, name: str) -> Path:
    return store / "runs" / f"{name}.json"


def _stamp(time: str) -> str:
    return datetime.datetime.fromisoformat(time).astimezone(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")


def _decoded(name: str, data: bytes) -> Manifest:
    text = data.decode()
    body, digest = text[len(_HEAD) : -len(_MIDDLE) - 64 - len(_TAIL)], text[-64 - len(_TAIL) : -len(_TAIL)]
    if text != f"{_HEAD}{body}{_MIDDLE}{digest}{_TAIL}" or sha256(body) != digest:
        raise ValueError("the text does not match its own digest")
    if not name.endswith(digest[:6]):
        raise ValueError(f"its digest begins {digest[:6]}, its name says {name[-6:]}")
    content = json.loads(body)
    if content["format"] != FORMAT:
        raise StoreError(f"the run {name} has the format {content['format']!r}, this version reads {FORMAT}.")
    return Manifest(name, digest, content)
