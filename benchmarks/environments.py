"""Where contestants live: with us when their requirements allow it, else each in a virtual environment of its own.

Those that can share our environment are the extra ``bench`` of the project; `install` installs them one by one, so
that one that cannot be had costs only itself. The others get a folder under ``.bench/environments``.
"""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.channel import ROOT, shortened

CACHE = ROOT / ".bench"
SHARED = "shared"
APART: dict[str, tuple[str, ...]] = {
    "giotto-tda": ("giotto-tda",),  # pins scikit-learn 1.3.2, hence numpy 1
    "tda-mapper": ("tda-mapper", "scikit-learn"),  # numpy 1, networkx 2, numba 0.61
}
"""Environments of their own, and what is installed into each."""


def python_of(environment: str) -> Path:
    """The interpreter of an environment; it need not exist."""
    if environment == SHARED:
        return Path(sys.executable)
    return CACHE / "environments" / environment / "bin" / "python"


def missing(environment: str, distribution: str) -> str:
    """Why a distribution is not at hand; empty when it is."""
    python = python_of(environment)
    if not python.exists():
        return _told(environment) or f"no environment {environment!r}; python -m benchmarks --install makes it"
    if distribution and not version_of(environment, distribution):
        return _told(distribution) or "not installed; python -m benchmarks --install does it"
    return ""


def version_of(environment: str, distribution: str) -> str:
    """The installed version; empty when it is not installed."""
    if environment == SHARED:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return ""
    found = list(CACHE.glob(f"environments/{environment}/lib*/python*/site-packages/*.dist-info"))
    wanted = _normal(distribution)
    for folder in found:
        name, _, rest = folder.stem.partition("-")
        if _normal(name) == wanted:
            return rest
    return ""


def install() -> None:
    """Install every peer that is not there yet; what fails is written down and becomes a row of the tables."""
    for requirement in _extra():
        name = re.split(r"[<>=!~\[; ]", requirement)[0]
        if not version_of(SHARED, name):
            constraints = ROOT / "constraints.txt"
            _pip(SHARED, name, ["-c", str(constraints), requirement])
    for environment, requirements in APART.items():
        if not version_of(environment, requirements[0]):
            folder = CACHE / "environments" / environment
            venv.create(folder, with_pip=True)
            _pip(environment, environment, list(requirements))


def _extra() -> list[str]:
    """The requirements of the extra ``bench``."""
    found = importlib.metadata.requires("tda-latent") or []
    return [text.split(";")[0].strip() for text in found if re.search(r"extra\s*==\s*['\"]bench['\"]", text)]


def _pip(environment: str, name: str, arguments: list[str]) -> None:
    print(f"installing {name} ...", file=sys.stderr, flush=True)
    command = [str(python_of(environment)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, "--prefer-binary", *arguments], capture_output=True, text=True)
    note = CACHE / "failures" / f"{name}.txt"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["ERROR: pip failed"]
        reason = f"cannot be installed: {shortened(errors[-1].removeprefix('ERROR: '))}"
        note.write_text(reason, encoding="utf-8")
        print(f"  {reason}", file=sys.stderr, flush=True)


def _told(name: str) -> str:
    note = CACHE / "failures" / f"{name}.txt"
    return note.read_text(encoding="utf-8") if note.exists() else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
