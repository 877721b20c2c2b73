"""What it takes to run a bundled experiment again: code, locked packages, a script, and words."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tda_latent
from tda_latent.experiment.bundle.archive import Content
from tda_latent.experiment.bundle.inputs import Absent
from tda_latent.experiment.circumstances.environment import plain_name
from tda_latent.experiment.proof.manifest import Manifest

OWN = "tda-latent"
_GROUPS = "tda_latent."

SCRIPT = """\
#!/bin/sh
# Checks every file, verifies the run and replays it from the bundled results; no network is needed.
#   sh replay.sh               every result is found in store/
#   sh replay.sh --recompute   every result is computed again, into recomputed/store
# Without an input file (missing-inputs.json names those that could not be included) the stored results are verified,
# and nothing can be computed again from the sources.
# PYTHON names another interpreter; it needs the packages of requirements.txt.
set -eu
cd "$(dirname "$0")"
PYTHONPATH="$PWD/code"; PYTHONDONTWRITEBYTECODE=1; export PYTHONPATH PYTHONDONTWRITEBYTECODE
python="${PYTHON:-python3}"
if ! command -v "$python" >/dev/null 2>&1; then echo "There is no $python; name a Python in PYTHON." >&2; exit 2; fi
if command -v sha256sum >/dev/null 2>&1; then sha256sum --check --quiet SHA256SUMS; fi
"$python" - <<'END'
import re, sys
if sys.version_info < (3, 11):
    sys.exit("replay.sh needs Python 3.11 or newer; this is %s. Name another one in PYTHON." % sys.version.split()[0])
from importlib.metadata import PackageNotFoundError, requires, version
missing = []
for text in requires("tda-latent") or ():
    name = re.match("[A-Za-z0-9._-]+", text)[0]
    try:
        version(name)
    except PackageNotFoundError:
        missing.append(name)
if missing:
    sys.exit(
        "replay.sh needs packages that this Python does not have: %s.\\nOnce, with a network:\\n"
        "    python3 -m venv env && env/bin/pip install -r requirements.txt\\n"
        "    PYTHON=env/bin/python sh replay.sh" % ", ".join(missing)
    )
END
exec "$python" -m tda_latent.cli.main bundle --replay . "$@"
"""

WORDS = """\
# {name}: a run of tda_latent, with everything that it takes to check it

Root digest `{root}`
{state}

    sh replay.sh               # checks every byte, verifies the run, finds every result in store/
    sh replay.sh --recompute   # computes every result again from the inputs

{ending} bit for bit on the same class of machine with the
packages of `requirements.txt`; elsewhere processors round differently, and `tda-latent verify` says how far apart the
numbers may be.
{missing}
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

_WHOLE = "Both end with EQUAL when all numbers have the root digest above:"
_PART = """\
The run was INCOMPLETE: the first compares what it has and computes nothing; the second computes every task, also those
that the run had no result of. Both end with EQUAL when the results that the run had are the same and have the root
digest above:"""
_GAP = """
**Input files are missing**, so `sh replay.sh` verifies the stored results and ends with VERIFIED, not EQUAL, and
`--recompute` is not possible. Put these files at their places in this folder, then both work as said above:

{files}"""


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
    needed = [
        f"Requires-Dist: {_first_word(text)}\n" for text in distribution.requires or () if ";" not in text
    ]  # those that need no condition, for replay.sh
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    tops = sorted({module.partition(".")[0] for module in modules} - ({"tda_latent"} if name != OWN else set()))
    return {
        f"{folder}/METADATA": (head + "".join(needed)).encode(),
        f"{folder}/entry_points.txt": text.encode(),
        f"{folder}/top_level.txt": "".join(f"{top}\n" for top in (["tda_latent"] if name == OWN else tops)).encode(),
    }


def requirements(plugins: Mapping[str, Any], used: Mapping[str, str]) -> dict[str, str]:
    """Exact versions of everything that the bundled code needs: as the run recorded them, else as installed here."""
    owners = [OWN, *_owners(plugins)]
    found: dict[str, str] = {}
    pending = list(owners)
    while pending:
        name = plain_name(pending.pop())
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = distribution.version
        pending += [_first_word(text) for text in distribution.requires or () if "extra ==" not in text]
    recorded = {plain_name(name): version for name, version in used.items() if version != "absent"}
    own = {plain_name(owner) for owner in owners}
    return {name: recorded.get(name, version) for name, version in sorted(found.items()) if name not in own}


def _first_word(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return match[0] if match else ""


def _told(item: Absent) -> str:
    return f"{item.why}; SHA-256 `{item.sha256}`" if item.sha256 else item.why


def words(run: Manifest, plugins: Iterable[str], absent: Mapping[str, Absent]) -> str:
    """The page that a reader sees first."""
    state = f"{sum(task['state'] in ('cached', 'computed') for task in run.tasks.values())} of {len(run.tasks)} tasks"
    left_out = f"; {len(absent)} are missing, see above" if absent else ""
    return WORDS.format(
        name=run.name,
        root=run.root,
        state=f"{'Complete' if run.complete else 'INCOMPLETE'}: {state} have a result.",
        ending=_WHOLE if run.complete else _PART,
        missing=_GAP.format(files="".join(f"- `{name}`: {_told(item)}\n" for name, item in absent.items()))
        if absent
        else "",
        inputs=left_out,
        version=importlib.metadata.version(OWN),
        plugins="".join(f", {name}" for name in plugins),
        python=run.content["circumstances"].get("python", "3.11"),
    )
