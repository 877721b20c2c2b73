"""What the slow tests share: the command line as a process, and one run of the quickstart for the session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def command() -> Command:
    """``command("run", "x.yaml", cwd=folder)`` runs ``tda-latent`` in a process of its own and gives what it said."""

    def call(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tda_latent.cli.main", *arguments],
            cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=600,
        )  # fmt: skip

    return call


@dataclass(frozen=True)
class Quickstart:
    """The quickstart, run: its file, its store, its output folder, and what the command printed."""

    file: Path
    store: Path
    output: Path
    done: subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def quickstart(command: Command, tmp_path_factory: pytest.TempPathFactory) -> Quickstart:
    """``experiments/quickstart.yaml`` run once from an empty store."""
    folder = tmp_path_factory.mktemp("quickstart")
    file, store, output = ROOT / "experiments" / "quickstart.yaml", folder / "store", folder / "output"
    done = command("run", str(file), "--store", str(store), "--output", str(output), cwd=folder)
    return Quickstart(file, store, output, done)
