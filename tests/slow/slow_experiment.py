"""An experiment whose tasks take as long as one says, with a plugin that is found through its metadata."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULE = '''
import os, signal, time
from dataclasses import dataclass
from typing import ClassVar, Literal
from tda_latent.experiment.store.locks import Locks
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import analyzer

if "SLEEPY_NO_LOCKS" in os.environ:
    Locks.claim = lambda self, key: True

@analyzer("sleepy")
@dataclass(frozen=True)
class Sleepy:
    """Sleeps as long as the environment says, then measures; may end its process, or the one above, instead.

    Parameters
    ----------
    number : integer
        What makes this one another task.
    ends : text
        Whom to end.
    """
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    number: int = 0
    ends: Literal["nobody", "itself", "worker"] = "nobody"

    def __call__(self, latents: Latents) -> Measures:
        with open(os.environ.get("SLEEPY_LOG", os.devnull), "a") as log:
            log.write(f"{self.number} {len(latents)} {float(latents.points.sum())!r}\\n")
        time.sleep(float(os.environ.get("SLEEPY_SECONDS", "0")))
        if self.ends == "itself":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.ends == "worker":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        return Measures(scalars={"sum": Scalar(float(latents.points.sum()) + self.number)})
'''

FILE = """\
format: tda-latent/experiment@1
name: sleepy
seed: 7
models:
  circle: {{use: circle, size: 60, noise: 0.05}}
  clusters: {{use: clusters, size: 60}}
axes: {{replicates: 2}}
sample: {{size: 40}}
analyzers:
  persistence: {{use: vietoris-rips, max_degree: 1, scale: median}}
  spectrum: {{use: spectrum}}
{sleepers}
distances:
  bottleneck: {{use: bottleneck, on: persistence, degree: 1}}
"""


@dataclass(frozen=True)
class Sleepers:
    """A folder with the experiment ``sleepy.yaml`` and its plugin; tasks take ``seconds``, which is part of no key."""

    folder: Path
    seconds: float

    @property
    def file(self) -> Path:
        """The experiment file."""
        return self.folder / "sleepy.yaml"

    def environment(self, *before: Path) -> dict[str, str]:
        """The environment of a process that knows the plugin; folders of ``before`` are searched first."""
        path = os.pathsep.join([*map(str, before), str(self.folder), os.environ.get("PYTHONPATH", "")])
        return {
            **os.environ,
            "PYTHONPATH": path,
            "SLEEPY_LOG": str(self.folder / "log"),
            "SLEEPY_SECONDS": str(self.seconds),
        }

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start ``tda-latent`` in the folder."""
        return subprocess.Popen(
            [sys.executable, "-m", "tda_latent.cli.main", *arguments], cwd=self.folder,
            env={**self.environment(), **(env or {})}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Exit code and output of ``tda-latent run`` on the experiment."""
        with self.start("run", str(self.file), *arguments, env=env) as process:
            text, _ = process.communicate(timeout=300)
        return process.returncode, text

    def started(self) -> list[str]:
        """One line for each start of a sleepy task, by whichever process."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def record(self) -> dict[str, Any]:
        """The record of the last run that wrote into the folder of runs."""
        found: dict[str, Any] = json.loads((self.folder / "runs/sleepy/record.json").read_text(encoding="utf-8"))
        return found


def sleepers(folder: Path, seconds: float = 0.2, count: int = 3, ends: str = "nobody") -> Sleepers:
    """Write the experiment with ``count`` sleepy analyzers on four clouds each; the last one ends somebody."""
    lines = [
        f"  sleepy{i}: {{use: sleepy, number: {i}{f', ends: {ends}' if i == count - 1 else ''}}}" for i in range(count)
    ]
    folder.mkdir(exist_ok=True)
    (folder / "sleepy_plugin.py").write_text(MODULE, encoding="utf-8")
    info = folder / "sleepy_plugin-1.0.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sleepy-plugin\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tda_latent.analyzers]\nsleepy = sleepy_plugin\n", encoding="utf-8")
    made = Sleepers(folder, seconds)
    made.file.write_text(FILE.format(sleepers="\n".join(lines)), encoding="utf-8")
    return made


@functools.cache
def reference() -> str:
    """Root digest of the experiment when one task runs at a time; found once in a session."""
    with tempfile.TemporaryDirectory() as folder:
        code, text = sleepers(Path(folder), seconds=0).run("--executor", "serial")
    assert code == 0, text
    return root(text)


def root(text: str) -> str:
    """The root digest that a run printed."""
    found = re.search(r"^Root digest ([0-9a-f]{64})$", text, re.MULTILINE)
    assert found, text
    return found[1]


def until(condition: Callable[[], object], message: str, seconds: float = 90) -> None:
    """Wait for a condition; fail with the message when it does not come true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, message
        time.sleep(0.05)
