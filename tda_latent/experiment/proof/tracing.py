"""From a figure file back to the runs that show it, the task that drew it and the data it was made from."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.store import Action, Store
from tda_latent.figures.canvas.seal import Origin, origin_of
from tda_latent.records import sha256


@dataclass(frozen=True)
class Ancestor:
    """A task that a figure was made from.

    depth : steps from the figure; use : kind and name of its component
    path : file that it read, or nothing
    """

    depth: int
    label: str
    use: str
    state: str
    key: str
    digest: str
    path: str = ""


@dataclass(frozen=True)
class Showing:
    """A run that shows the figure.

    label : of the task that drew it; file : the figure in the folder of the run, or nothing when it differs from ours
    """

    run: Manifest
    label: str
    file: str

    @property
    def command(self) -> str:
        """What to type to make the figure again."""
        content = self.run.content
        around = content["circumstances"]
        words = ["tda-latent", "run", str(around.get("file", f"{content['name']}.yaml"))]
        for setting in content.get("settings", ()):
            words += ["--set", str(setting)]
        command = shlex.join([*words, "--store", os.path.relpath(content["store"], around["directory"])])
        return f"cd {shlex.quote(around['directory'])} && {command}"

    def ancestors(self) -> Iterator[Ancestor]:
        """Everything that the figure was made from, each task once, as a tree that is read from the top."""
        seen = {self.label}
        pending = [(1, label) for label in reversed(self.run.sources(self.label))]
        while pending:
            depth, label = pending.pop()
            if label in seen:
                continue
            seen.add(label)
            yield _ancestor(depth, label, self.run.tasks[label])
            pending += [(depth + 1, source) for source in reversed(self.run.sources(label))]


@dataclass(frozen=True)
class Trace:
    """Where a figure file comes from.

    origin : what the file says about itself, None when it says nothing but is known to a run by its bytes
    showings : runs that show it, newest first; task : its action in the store, None when the store has none
    unread : runs that could not be read, and why
    """

    file: Path
    origin: Origin | None
    showings: tuple[Showing, ...]
    task: Action | None
    unread: tuple[str, ...] = ()

    @property
    def edited(self) -> bool:
        """Whether the file is not any more what was drawn."""
        return self.origin is not None and self.origin.intact is False

    @property
    def found(self) -> bool:
        """Whether the store knows the figure."""
        return bool(self.showings) or self.task is not None


def trace(file: str | Path, store: Store) -> Trace:
    """Where a figure file comes from, read off its content: its name and place do not matter.

    Raises
    ------
    InvalidInput
        When it cannot be read, or neither says that it is ours nor is known to a run by its bytes.
    """
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        origin = origin_of(data)
    except InvalidInput as error:
        origin, reason = None, str(error)
    key, digest = origin.facts.get("key", "") if origin else "", sha256(data)
    showings, unread = _showings(store.path, key, digest)
    if origin is None and not showings:
        raise InvalidInput(f"{path}: {reason} No run in {store.path} has a figure with its bytes either.")
    return Trace(path, origin, tuple(showings), store.find(key) if len(key) == 64 else None, tuple(unread))


def _showings(store: Path, key: str, digest: str) -> tuple[list[Showing], list[str]]:
    found, unread = [], []
    for name in reversed(manifest.names(store)):
        try:
            text = (store / "runs" / f"{name}.json").read_bytes()
            if digest.encode() not in text and not (key and key.encode() in text):
                continue
            showing = _showing(manifest.load(store, name), key, digest)
        except (OSError, StoreError) as error:
            unread.append(f"{name}: {error}")
            continue
        if showing is not None:
            found.append(showing)
    return found, unread


def _showing(run: Manifest, key: str, digest: str) -> Showing | None:
    """How a run shows the figure: by its key, else by the bytes of one of its files."""
    drawn = {label: task for label, task in run.tasks.items() if label.startswith("figure/")}
    file = next((name for name, content in run.files.items() if content == digest), "")
    stem = file.removeprefix("figures/").rpartition(".")[0]
    for label, task in drawn.items():
        by_name = label.removeprefix("figure/").replace("/", ".") == stem
        if (task.get("key") == key != "") or (not key and by_name):
            return Showing(run, label, file)
    return None


def _ancestor(depth: int, label: str, task: Mapping[str, Any]) -> Ancestor:
    return Ancestor(
        depth,
        label,
        f"{task.get('kind', '')} {task.get('use', '')}".strip(),
        str(task["state"]),
        str(task.get("key", "")),
        str(task.get("digest", "")),
        str(task.get("path", "")),
    )
