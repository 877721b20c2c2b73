"""What goes into a bundle: the run's part of the store, its record and files, its experiment, inputs and code."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, StoreError
from tda_latent.experiment import outputs
from tda_latent.experiment.bundle import crate, replay
from tda_latent.experiment.bundle.anonymity import Anonymity
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.bundle.environments import collect_environments
from tda_latent.experiment.bundle.inputs import Inputs, collect_inputs
from tda_latent.experiment.identity.keys import code_now
from tda_latent.experiment.outcomes import is_figure
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.proof.manifest import Manifest
from tda_latent.experiment.steps import load_steps
from tda_latent.experiment.store import Action, Store
from tda_latent.experiment.store import actions as action_files
from tda_latent.experiment.store.layout import FORMAT, action_path, blob_path
from tda_latent.records import Drawing, canonical_json, sha256

LARGEST_INPUT = 2 * 10**9


@dataclass(frozen=True)
class Bundle:
    """Files by their names in the bundle, the run as it stands there, and what a person should hear.

    absent : names of input files that are not included
    """

    run: Manifest
    files: Mapping[str, Content]
    notices: list[str] = field(default_factory=list)
    absent: tuple[str, ...] = ()


def gather(
    run: Manifest,
    store: Store,
    folder: Path | None = None,
    *,
    largest_input: int = LARGEST_INPUT,
    anonymity: Anonymity | None = None,
) -> Bundle:
    """Everything that it takes to check a run and to run it again.

    Parameters
    ----------
    folder : of the run's files; without it, what the manifest says
    largest_input : bytes of an input file beyond which it is listed but not included
    anonymity : what must not be told

    Raises
    ------
    StoreError
        When the store does not hold the results any more.
    InvalidInput
        When code has changed since the run, or something cannot be stripped without changing a number.
    """
    held = {
        label: _action(run, label, store) for label in run.order if run.tasks[label]["state"] in ("cached", "computed")
    }
    _check_code(run, held)
    inputs = collect_inputs(run, held, largest_input)
    plugins = run.content.get("plugins", {})
    pins = replay.requirements(plugins, run.content["circumstances"].get("packages", {}))
    files, notices = replay.code_files(plugins)
    notices += inputs.notices
    inner = _run_files(run, store, folder)
    if anonymity is not None:
        inner = {name: anonymity.file(name, content) for name, content in inner.items()}
        files = {name: anonymity.source(name, content) for name, content in files.items()}
        inputs.document = anonymity.text(inputs.document.decode()).encode()
        run = _renamed(anonymity.content(run, inputs.texts, inputs.names, pins), inner)
    name, data = manifest.encoded(run.content)
    files |= inner | inputs.files | _store_files(held, store, anonymity)
    files[f"store/runs/{name}.json"] = data
    files["run/record.json"] = (json.dumps({"run": name, **run.content}, indent=1) + "\n").encode()
    files["experiment.yaml"] = inputs.document
    if anonymity is None:
        described, lost = collect_environments(run, store.path)
        files |= described
        notices += lost
    files |= _description(run, files, held, inputs, pins)
    if anonymity is not None:
        anonymity.check(files)
    return Bundle(run, files, notices, tuple(inputs.absent))


def _action(run: Manifest, label: str, store: Store) -> Action:
    """The action of a finished task, every byte of its result checked."""
    task = run.tasks[label]
    action = store.find(str(task["key"]))
    sound = action is not None and action.digests["result"] == task["digest"] and store.load(action) is not None
    if action is None or not sound:
        raise StoreError(
            f"the store {str(store.path)!r} does not hold the result of {label} any more; run the experiment again "
            "(what is there stays), then bundle that run."
        )
    return action


def _check_code(run: Manifest, held: Mapping[str, Action]) -> None:
    """Refuse to bundle code that is not the one that made the results."""
    load_steps()
    names = sorted({name for action in held.values() for name in action.fields["code"]})
    now = code_now(names)
    for label, action in held.items():
        other = [name for name, digest in action.fields["code"].items() if now[name] != digest]
        if other:
            raise InvalidInput(
                f"the code of {other[0]} has changed since the run {run.id} computed {label}: a replay would not find "
                "its results. Run the experiment again and bundle that run, or go back to the code of then."
            )


def _run_files(run: Manifest, store: Store, folder: Path | None) -> dict[str, Content]:
    """The files of the run's folder; figures that are not there any more come from the store."""
    place = folder or Path(run.content.get("output", ""))
    found: dict[str, Content] = {}
    for name, digest in run.files.items():
        data = _intact(place / name, digest) or _kept(run, store, name, digest)
        if data is None:
            raise StoreError(f"{place / name} is not what the run {run.id} wrote; name the folder of its files.")
        found[f"run/{name}"] = data
    report = place / "report.html"
    with contextlib.suppress(OSError):
        data = report.read_bytes()
        if run.root.encode() in data:
            found["run/report.html"] = data
    return found


def _intact(path: Path, digest: str) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if sha256(data) == digest else None


def _kept(run: Manifest, store: Store, name: str, digest: str) -> bytes | None:
    """A file of a run made from what the store and the manifest hold."""
    if name == "experiment.yaml":
        return str(run.content["experiment"]).encode()
    stem, _, suffix = name.removeprefix("figures/").rpartition(".")
    for label, task in run.tasks.items():
        if is_figure(label) and outputs.figure_name(label) == stem and task.get("key"):
            drawing = store.load(str(task["key"]))
            if isinstance(drawing, Drawing) and suffix in drawing.files:
                data: bytes = drawing.files[suffix].tobytes()
                return data if sha256(data) == digest else None
    return None


def _renamed(content: dict[str, Any], inner: Mapping[str, Content]) -> Manifest:
    """The manifest with a changed content: with the digests of changed files, and an id of its own."""
    names = {name.removeprefix("run/"): data for name, data in inner.items() if isinstance(data, bytes)}
    files = {name: sha256(names[name]) for name in content["files"]}
    content = content | {"files": files}
    name, _ = manifest.encoded(content)
    return Manifest(name, sha256(canonical_json(content)), content)


def _store_files(held: Mapping[str, Action], store: Store, anonymity: Anonymity | None) -> dict[str, Content]:
    files: dict[str, Content] = {"store/FORMAT": f"{canonical_json(FORMAT)}\n".encode()}
    for action in held.values():
        path = action_path(store.path, action.key)
        data = path.read_bytes() if anonymity is None else action_files.encode(anonymity.action(action)).encode()
        files[f"store/{path.relative_to(store.path).as_posix()}"] = data
        for stored in action.outputs.values():
            if stored.blob is not None:
                blob = blob_path(store.path, stored.blob)
                files[f"store/{blob.relative_to(store.path).as_posix()}"] = blob
    return files


def _description(
    run: Manifest, files: Mapping[str, Content], held: Mapping[str, Action], inputs: Inputs, pins: Mapping[str, str]
) -> dict[str, Content]:
    """What a reader needs: words, script, versions, and all of it for machines."""
    plugins = run.content.get("plugins", {})
    found: dict[str, Content] = {
        **inputs.list_of_absent,
        "README.md": replay.words(run, plugins, inputs.absent).encode(),
        "replay.sh": replay.SCRIPT.encode(),
        "requirements.txt": "".join(f"{name}=={version}\n" for name, version in pins.items()).encode(),
    }
    blobs = {
        action.key: next((stored.blob for stored in action.outputs.values() if stored.blob), None)
        for action in held.values()
    }
    named = {label: name.partition("::")[0] for label, name in inputs.names.items()}
    named = {label: name for label, name in named.items() if name not in inputs.absent}
    return found | {crate.NAME: crate.crate(run, {**files, **found}, blobs, named)}
