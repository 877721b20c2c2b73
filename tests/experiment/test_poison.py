"""Tasks that die, hang, eat memory or shout: each is stopped and named, and the others finish."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = '''
import os, signal, time
from dataclasses import dataclass
from typing import ClassVar, Literal
import numpy as np
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import analyzer

@analyzer("poison")
@dataclass(frozen=True)
class Poison:
    """Does what it should not.

    Parameters
    ----------
    way : text
        How to go wrong.
    """
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    way: Literal["die", "hang", "eat", "shout", "lie", "raise", "exit"] = "die"

    def __call__(self, latents: Latents) -> Measures:
        if self.way == "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.way == "hang":
            time.sleep(3600)
        if self.way == "eat":
            np.ones(20 * 2**30, dtype=np.uint8)
        if self.way == "shout":
            print("noise " * 10**6)
            os.write(1, b"more noise\\\\n" * 10**5)
        if self.way == "lie":
            return "not a record"
        if self.way == "exit":
            os._exit(3)
        if self.way == "raise":
            raise RuntimeError("something foreign")
        return Measures(scalars={"done": Scalar(1.0)})
'''

FILE = """\
format: tda-latent/experiment@1
name: poison
seed: 1
models: {circle: {use: circle, size: 30}}
analyzers:
  good: {use: spectrum}
  die: {use: poison, way: die}
  hang: {use: poison, way: hang}
  eat: {use: poison, way: eat}
  shout: {use: poison, way: shout}
  lie: {use: poison, way: lie}
  raise: {use: poison, way: raise}
  exit: {use: poison, way: exit}
"""


@pytest.fixture
def poisoned(tmp_path: Path) -> Path:
    """A folder with an experiment and a plugin that registers the poison, found through its metadata."""
    (tmp_path / "poison_plugin.py").write_text(MODULE, encoding="utf-8")
    info = tmp_path / "poison_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poison-plugin\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tda_latent.analyzers]\npoison = poison_plugin\n", encoding="utf-8")
    (tmp_path / "poison.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_each_poison_is_stopped_and_named_and_the_others_finish(poisoned) -> None:
    call = [sys.executable, "-m", "tda_latent.cli.main", "run", "poison.yaml", "--workers", "2"]
    limits = ["--memory", "4GB", "--task-time", "20s"]
    environment = os.environ | {"PYTHONPATH": str(poisoned)}
    done = subprocess.run([*call, *limits], cwd=poisoned, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    reasons = {
        "die": "SIGSEGV",
        "hang": "took longer than 20 s",
        "eat": "out of memory of 3.7 GiB",
        "lie": "str",
        "raise": "something foreign",
        "exit": "status 3",
    }
    for way, reason in reasons.items():
        line = next(line for line in done.stdout.splitlines() if line.startswith(f"FAILED analysis/{way}/"))
        assert reason in line
    assert "FAILED analysis/good" not in done.stdout
    assert "FAILED analysis/shout" not in done.stdout
    assert "INCOMPLETE: 3 of 9 tasks have a result." in done.stdout
