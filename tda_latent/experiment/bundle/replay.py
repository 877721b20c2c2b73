"""What it takes to run a bundled experiment again: code, locked packages, a script, and words."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tda_latent
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.proof.manifest import Manifest

OWN = "tda-latent"
_GROUPS = "tda_latent."

SCRIPT = """\
#!/bin/sh
# Checks every file, verifies the run and replays it from the bundled results; no network is needed.
#   sh replay.sh               every result is found in store/
#   sh replay.sh --recompute   every result is computed again, into recomputed/store
# PYTHON names another interpreter; it needs the packages of requirements.txt.
set -eu
cd "$(dirname "$0")"
PYTHONPATH="$PWD/code"; PYTHONDONTWRITEBYTECODE=1; export PYTHONPATH PYTHONDONTWRITEBYTECODE
python="${PYTHON:-python3}"
store=store; output=replayed
if [ "${1:-}" = --recompute ]; then store=recomputed/store; output=recomputed; fi
if command -v sha256sum >/dev/null 2>&1; then sha256sum --check --quiet SHA256SUMS; fi
"$python" -m tda_latent.cli.main verify run --store store
code=0
"$python" -m tda_latent.cli.main run experiment.yaml --store "$store" --output "$output" --quiet || code=$?
if [ "$code" -gt 1 ]; then exit "$code"; fi
exec "$python" -c '
import json, sys
then, now = (json.load(open(name + "/record.json", encoding="utf-8")) for name in ("run", sys.argv[1]))
print("root then", then["root"]); print("root now ", now["root"])
print("tasks computed:", now["counts"]["computed"], " found:", now["counts"]["cached"])
if then["root"] != now["root"]: sys.exit("DIFFERENT: see `tda-latent diff run " + sys.argv[1] + "`.")
print("EQUAL: every number is the same, bit for bit.")
' "$output"
"""

WORDS = """\
# {name}: a run of tda_latent, with everything that it takes to check it

Root digest `{root}`
{state}

    sh replay.sh               # checks every byte, verifies the run, finds every result in store/
    sh replay.sh --recompute   # computes every result again from the inputs

Both end with EQUAL when all numbers have the root digest above: bit for bit on the same class of machine with the
packages of `requirements.txt`; elsewhere processors round differently, and `tda-latent verify` says how far apart the
numbers may be.

| what | where |
|---|---|
| the experiment as it was run, `extends` and `--set` applied, paths inside this folder | `experiment.yaml` |
| its record, its file as written, numbers, figures, report | `run/` |
| every result and what it was computed from (`sha256sum`, `jq` and `numpy.load` read it) | `store/` |
| input files{inputs} | `inputs/` |
| tda_latent {version}{plugins}, as it was when the bundle was written | `code/` |
| versions of all other packages, Python {python} | `requirements.txt` |
| description for machines (RO-Crate 1.1) | `ro-crate-metadata.json` |
| checksums of every file | `SHA256SUMS` |

A fresh environment, once, with a network (or with wheels that you carried there, `--no-index --find-links`):

    python3 -m venv env && env/bin/pip install -r requirements.txt
    PYTHON=env/bin/python sh replay.sh

After that no network is needed. Nothing in this bundle is ever unpickled.
"""


def code_files(plugins: Mapping[str, Any]) -> tuple[dict[str, Content], list[str]]:
    """Our own package and the plugins of a run as they can stand on ``PYTHONPATH``, and what could not be included."""
    home = Path(tda_latent.__file__).parent
    files: dict[str, Content] = {
        f"code/tda_latent/{path.relative_to(home).as_posix()}": path
        for path in sorted(home.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    bibliography = home.parent / "paper" / "refs.bib"
    if bibliography.is_file():
        files["code/paper/refs.bib"] = bibliography
    sources = {module: text for plugin in plugins.values() for module, text in plugin["sources"].items()}
    files |= _modules(sources)
    notices = []
    for owner in (OWN, *_owners(plugins)):
        try:
            files |= _description(importlib.metadata.distribution(owner), {"tda_latent", *sources})
        except importlib.metadata.PackageNotFoundError:
            notices.append(f"the plugin distribution {owner} is not installed here; its components will not be found.")
    return files, notices


def _owners(plugins: Mapping[str, Any]) -> list[str]:
    return sorted({owner for plugin in plugins.values() for owner in plugin["distributions"]} - {OWN})


def _modules(sources: Mapping[str, str]) -> dict[str, Content]:
    """Files of modules by dotted name; one that others lie in is a package."""
    packages = {module.rpartition(".")[0] for module in sources}
    while more := {package.rpartition(".")[0] for package in packages} - packages - {""}:
        packages |= more
    found: dict[str, Content] = {}
    for module in {*sources, *packages} - {""}:
        name = module.replace(".", "/") + ("/__init__.py" if module in packages else ".py")
        found[f"code/{name}"] = sources.get(module, "").encode()
    return found


def _description(distribution: importlib.metadata.Distribution, modules: set[str]) -> dict[str, Content]:
    """What makes a folder on ``PYTHONPATH`` an installed distribution, without names of people."""
    name, version = distribution.metadata["Name"], distribution.version
    folder = f"code/{re.sub(r'[-_.]+', '_', name)}-{version}.dist-info"
    points = [
        point
        for point in sorted(distribution.entry_points, key=lambda p: (p.group, p.name))
        if point.group.startswith(_GROUPS) and point.module in modules
    ]
    groups = dict.fromkeys(point.group for point in points)
    text = "".join(
        f"[{group}]\n" + "".join(f"{p.name} = {p.value}\n" for p in points if p.group == group) for group in groups
    )
    tops = sorted({module.partition(".")[0] for module in modules} - ({"tda_latent"} if name != OWN else set()))
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{folder}/entry_points.txt": text.encode(),
        f"{folder}/top_level.txt": "".join(f"{top}\n" for top in (["tda_latent"] if name == OWN else tops)).encode(),
    }


def requirements(plugins: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, str]:
    """Exact versions of everything that the bundled code needs: as the run recorded them, else as installed here."""
    owners = [OWN, *_owners(plugins)]
    found: dict[str, str] = {}
    pending = list(owners)
    while pending:
        name = _plain(pending.pop())
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = distribution.version
        pending += [_first_word(text) for text in distribution.requires or () if "extra ==" not in text]
    recorded = {_plain(name): version for name, version in used.items() if version != "absent"}
    own = {_plain(owner) for owner in owners}
    return {name: recorded.get(name, version) for name, version in sorted(found.items()) if name not in own}


def _first_word(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return match[0] if match else ""


def _plain(name: str) -> str:
    """A distribution's name as indices compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def words(run: Manifest, plugins: Iterable[str], absent: Mapping[str, str]) -> str:
    """The page that a reader sees first."""
    state = f"{sum(task['state'] in ('cached', 'computed') for task in run.tasks.values())} of {len(run.tasks)} tasks"
    left_out = "; left out, since too large or gone: " + ", ".join(absent) if absent else ""
    return WORDS.format(
        name=run.name,
        root=run.root,
        state=f"{'Complete' if run.complete else 'INCOMPLETE'}: {state} have a result.",
        inputs=left_out,
        version=importlib.metadata.version(OWN),
        plugins="".join(f", {name}" for name in plugins),
        python=run.content["circumstances"].get("python", "3.11"),
    )
