"""Input files of an experiment at their place in a bundle, and the experiment file that finds them there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.file.documents import read_document_text, written
from tda_latent.experiment.identity.keys import file_digest, files_in
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store import Action
from tda_latent.sources.file.uri import split_uri

HEAD = """\
# The experiment as it was run: what it extends and what --set changed is worked in, paths lead to inputs/.
# Its file as it was written is run/experiment.yaml.
"""
_SECTIONS = ("data", "models")


@dataclass
class Inputs:
    """What the tasks of a run read.

    files : by name in the bundle; names : by task, that name and what follows ``::``; texts : new paths by old ones
    absent : SHA-256 of files that could not be included, by name
    """

    document: bytes
    files: dict[str, Content] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def collect_inputs(run: Manifest, actions: Mapping[str, Action], largest: int) -> Inputs:
    """The input files of a run, where they are still what they were, and its experiment file made to find them.

    Parameters
    ----------
    actions : by label; what was read stands in their fields
    largest : bytes of a file beyond which it is only listed

    Raises
    ------
    StoreError
        When the manifest is of a version that did not keep the experiment.
    """
    try:
        value = read_document_text(run.content["document"], "experiment.yaml").value
    except KeyError:
        raise StoreError(f"the run {run.id} does not hold its experiment; run it again with this version.") from None
    folders: dict[str, str] = {}
    texts: dict[str, str] = {}
    for section in _SECTIONS:
        for entry in value.get(section, {}).values():
            if isinstance(entry.get("path"), str):
                texts[entry["path"]] = entry["path"] = _moved(
                    entry["path"], Path(run.content["folder"]), folders, texts
                )
    found = Inputs((HEAD + _stable(value)).encode(), texts=texts)
    for label, action in actions.items():
        path = run.tasks[label].get("path")
        if path is not None:
            _add(found, label, path, str(action.fields["files"]["path"])[:64], folders, largest)
    return found


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
        parts = {f"{inner}/{file.name}": file for file in files_in(place)} if place.is_dir() else {inner: place}
        fits = sum(file.stat().st_size for file in parts.values()) <= largest and file_digest(name)[:64] == digest
    except (OSError, InvalidInput):
        fits = False
    if fits:
        found.files |= parts
    else:
        found.absent[inner] = digest
