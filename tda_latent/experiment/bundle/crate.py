"""A bundle described for machines: RO-Crate 1.1, each task an action as in the Process Run Crate profile 0.5."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.proof.manifest import Manifest

NAME = "ro-crate-metadata.json"
_KINDS = {
    "pdf": "application/pdf", "svg": "image/svg+xml", "png": "image/png", "json": "application/json", "csv": "text/csv",
    "yaml": "application/yaml", "html": "text/html", "md": "text/markdown", "txt": "text/plain", "py": "text/x-python",
    "sh": "application/x-sh",
}  # fmt: skip
_PICTURES = ("pdf", "svg", "png")
_LICENCE = (
    "The software in code/tda_latent is under the MIT licence; the authors of the run say what holds for the rest."
)
_STATES = {"failed": "FailedActionStatus", "cached": "CompletedActionStatus", "computed": "CompletedActionStatus"}
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"


def crate(
    run: Manifest, files: Mapping[str, Content], blobs: Mapping[str, str | None], inputs: Mapping[str, str]
) -> bytes:
    """The text of ``ro-crate-metadata.json``.

    Parameters
    ----------
    files : everything else in the bundle
    blobs : by key of an action, the blob that holds its arrays, or None
    inputs : by task, the input file that it reads
    """
    names = sorted(files)
    actions = [
        _action(run, label, blobs, inputs.get(label))
        for label in sorted(run.tasks)
        if run.tasks[label]["state"] in _STATES
    ]
    tools = sorted({action["instrument"]["@id"] for action in actions})
    graph = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"A run of {run.name}",
            "description": f"Topological analysis of latent spaces by tda_latent; root digest {run.root}.",
            "datePublished": str(run.content["circumstances"]["time"]),
            "license": _LICENCE,
            "identifier": run.id,
            "conformsTo": {"@id": _PROFILE},
            "hasPart": [{"@id": _id(name)} for name in names],
            "mentions": [{"@id": action["@id"]} for action in actions],
        },
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        *(_file(name, files[name]) for name in names),
        *({"@id": tool, "@type": "SoftwareApplication", "name": tool.removeprefix("#component/")} for tool in tools),
        *actions,
    ]
    content = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _id(name: str) -> str:
    """A path as a relative URI."""
    return quote(name, safe="/~")


def _file(name: str, content: Content) -> dict[str, Any]:
    suffix = name.rpartition(".")[2]
    entry: dict[str, Any] = {
        "@id": _id(name),
        "@type": ["File", "ImageObject"] if suffix in _PICTURES else "File",
        "name": name.rpartition("/")[2],
        "contentSize": str(len(content) if isinstance(content, bytes) else content.stat().st_size),
    }
    if name.startswith("store/objects/"):
        entry |= {
            "encodingFormat": "application/zip",
            "identifier": f"sha256:{entry['name']}",
            "description": "arrays of one result (.npz)",
        }
    elif suffix in _KINDS:
        entry["encodingFormat"] = _KINDS[suffix]
    return entry


def _action(run: Manifest, label: str, blobs: Mapping[str, str | None], given: str | None) -> dict[str, Any]:
    task = run.tasks[label]
    sources = [run.tasks[source]["key"] for source in run.sources(label)]
    objects = [part for key in sources if key in blobs for part in _results(key, blobs)]
    if given is not None:
        objects.append({"@id": _id(given)})
    entry = {
        "@id": f"#task/{_id(label)}",
        "@type": "CreateAction",
        "name": label,
        "instrument": {"@id": f"#component/{task.get('kind', 'step')}/{task.get('use', 'unknown')}"},
        "object": objects,
        "actionStatus": {"@id": f"http://schema.org/{_STATES[task['state']]}"},
    }
    if task["state"] == "failed":
        return entry | {"error": str(task.get("reason", ""))}
    return entry | {"result": _results(str(task["key"]), blobs)}


def _results(key: str, blobs: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Files that hold a result: what was computed, and its arrays."""
    blob = blobs.get(key)
    found = [{"@id": f"store/actions/{key[:2]}/{key}.json"}]
    return found + ([{"@id": f"store/objects/{blob[:2]}/{blob}"}] if blob else [])
