"""What there is: components, their schema, their references, and the state of the installation."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.experiment.file.schema import experiment_schema
from tda_latent.experiment.loading import load_plan
from tda_latent.experiment.store import Store
from tda_latent.records import Measures
from tda_latent.registry import Component, registry

REQUIRED = ("numpy", "scipy", "scikit-learn", "gudhi", "ripser", "persim", "kmapper", "networkx", "torch", "matplotlib")
_SINGULAR = {"sources": "source", "analyzers": "analyzer", "distances": "distance", "figures": "figure"}


def components(kinds: str | None = None) -> tuple[Component, ...]:
    """All registered components, or those of one kind ("sources", "analyzers", "distances", "figures")."""
    return tuple(
        component
        for component in registry().all()
        if component.kind != "step" and (kinds is None or component.kind == _SINGULAR[kinds])
    )


def named(name: str) -> tuple[Component, ...]:
    """Every component of this name, of whatever kind.

    Raises
    ------
    UnknownName
        With the nearest name.
    """
    found = tuple(component for component in components() if component.name == name)
    if not found:
        raise unknown_name("component", name, {component.name for component in components()})
    return found


def schema() -> dict[str, Any]:
    """The JSON schema of experiment files with every installed component."""
    return experiment_schema()


@dataclass(frozen=True)
class Finding:
    """One thing that ``doctor`` looked at."""

    what: str
    good: bool
    detail: str


def examination(store: Path = Path(".tda-latent")) -> list[Finding]:
    """Python, libraries, components, references and a write, read and damage check of a store."""
    found = [Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])]
    for name in REQUIRED:
        try:
            found.append(Finding(name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding(name, False, f"not installed: pip install {name}"))
    counts = {kinds: len(components(kinds)) for kinds in _SINGULAR}
    found.append(Finding("components", all(counts.values()), ", ".join(f"{n} {kind}" for kind, n in counts.items())))
    found.append(_store_check())
    free = shutil.disk_usage(store if store.exists() else Path.cwd()).free
    found.append(Finding("free disk", free > 2**30, f"{free / 2**30:.1f} GiB"))
    found.append(Finding("cores", True, str(os.cpu_count())))
    return found


def _store_check() -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        key = "0" * 64
        store = Store(Path(folder) / "store")
        store.commit(key, {"result": Measures()}, {}, {})
        action = Store(Path(folder) / "store").find(key)
        good = action is not None and store.load(action) == Measures()
    return Finding("store", good, "writes and reads back" if good else "what was written does not read back")


def bibliography() -> dict[str, str]:
    """BibTeX entries by key, from ``paper/refs.bib``.

    Raises
    ------
    InvalidInput
        When the file was not installed.
    """
    home = Path(__file__).resolve().parents[2]
    places = (
        home / "paper" / "refs.bib",
        home / "share" / "tda-latent" / "refs.bib",
        Path(sysconfig.get_path("data")) / "share" / "tda-latent" / "refs.bib",
    )
    place = next((path for path in places if path.exists()), None)
    if place is None:
        raise InvalidInput(f"refs.bib is at none of {', '.join(map(str, places))}; install tda-latent again.")
    text = place.read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([^,\s]+),.*?^\}", text, re.S | re.M)
    bodies = re.findall(r"^@\w+\{[^,\s]+,.*?^\}", text, re.S | re.M)
    return dict(zip(entries, bodies, strict=True))


def citations(file: str | Path | None = None) -> str:
    """BibTeX of what an experiment file uses; of every component without one."""
    keys = _keys(components()) if file is None else _keys(_used(file))
    entries = bibliography()
    return "\n\n".join(entries[key] for key in keys if key in entries)


def _used(file: str | Path) -> list[Component]:
    binding = load_plan(file).binding
    sections = (binding.data, binding.models, binding.analyzers, binding.distances, binding.figures)
    return [bound.component for section in sections for bound in section.values()]


def _keys(found: Sequence[Component]) -> list[str]:
    return sorted({key for component in found for key in component.references})
