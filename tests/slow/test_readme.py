"""The README does what it says: its Python blocks and its commands are run as a reader would run them."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DONE, CLAIM_FAILS = 0, 1  # exit codes of a command that did what it was asked


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the README on which it begins."""

    language: str
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text, in order."""
    fence = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```\s*$", re.S | re.M)
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in fence.finditer(text)]


def commands(found: list[Block]) -> list[str]:
    """The lines of shell blocks that call ``tda-latent``, continued lines joined, comments and prompts removed."""
    lines = []
    for block in found:
        if block.language in ("bash", "sh", "shell", "console"):
            joined = re.sub(r"\\\n\s*", " ", block.text)
            lines += [line.strip().removeprefix("$ ").removeprefix(".venv/bin/") for line in joined.splitlines()]
    return [line for line in lines if line.startswith("tda-latent ")]


@pytest.fixture(scope="module")
def found() -> list[Block]:
    return blocks(README.read_text(encoding="utf-8"))


def ring(rng: np.random.Generator, size: int = 400, dimension: int = 8) -> np.ndarray:
    angles = rng.uniform(0, 2 * np.pi, size)
    points = rng.normal(0, 0.1, (size, dimension))
    points[:, 0] += np.cos(angles)
    points[:, 1] += np.sin(angles)
    return points


@pytest.fixture(scope="module")
def folder(quickstart: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: our experiments, the store that the quickstart left, some arrays of latents, and latents of
    two models with three seeds."""
    place = tmp_path_factory.mktemp("reader")
    shutil.copytree(quickstart.store, place / ".tda-latent")
    rng = np.random.default_rng(0)
    (place / "experiments").symlink_to(ROOT / "experiments")
    (place / "latents").mkdir()
    for name in ("a", "b", "z"):
        np.save(place / f"{name}.npy", ring(rng))
    np.savez(place / "run7.npz", z=ring(rng))
    for model in ("vae", "gan"):
        for seed in range(3):
            np.save(place / "latents" / f"{model}-{seed}.npy", ring(rng, dimension=8 if model == "vae" else 6))
    return place


def test_a_reader_finds_a_picture_the_two_commands_and_something_to_type(found: list[Block]) -> None:
    text = README.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text) + re.findall(r"<img[^>]*src=\"([^\"]+)\"", text)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).exists(), f"{picture} is shown and does not exist"
    assert "make demo" in text
    assert "make test" in text
    assert any(block.language == "python" for block in found)
    assert commands(found)


def test_every_file_that_it_links_to_exists() -> None:
    for target in re.findall(r"\[[^\]]+\]\(([^)#]+)[^)]*\)", README.read_text(encoding="utf-8")):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_its_commands_do_what_they_say(found: list[Block], folder: Path) -> None:
    for line in commands(found):
        arguments = shlex.split(line, comments=True)[1:]
        call = [sys.executable, "-m", "tda_latent.cli.main", *arguments]
        done = subprocess.run(call, cwd=folder, env=dict(os.environ), capture_output=True, text=True, timeout=600)
        allowed = (DONE, CLAIM_FAILS) if arguments[0] == "run" else (DONE,)
        assert done.returncode in allowed, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, line
        assert "INCOMPLETE" not in done.stdout, line


def test_its_python_runs_from_top_to_bottom(found: list[Block], folder: Path, tmp_path: Path) -> None:
    """In a process of its own, as one script: the blocks share their names."""
    script = tmp_path / "readme.py"
    parts = [f"# README.md, line {block.line}\n{block.text}" for block in found if block.language == "python"]
    script.write_text("\n".join(parts), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_its_experiment_files_run(found: list[Block], folder: Path) -> None:
    files = [block for block in found if block.language == "yaml" and block.text.startswith("format: ")]
    assert files
    for block in files:
        name = f"readme-line-{block.line}.yaml"
        (folder / name).write_text(block.text, encoding="utf-8")
        call = [sys.executable, "-m", "tda_latent.cli.main", "run", name, "--quiet"]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=600)
        assert done.returncode in (DONE, CLAIM_FAILS), done.stderr
        assert "Report: " in done.stdout
        assert "INCOMPLETE" not in done.stdout
