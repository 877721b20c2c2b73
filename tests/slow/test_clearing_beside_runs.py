"""`store gc` beside running experiments: a lost race costs a recomputation, never a number."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tda_latent.errors import TdaLatentError
from tda_latent.experiment.proof import manifest
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.examination import examine
from tda_latent.experiment.store.housekeeping import clear, forget

pytestmark = pytest.mark.slow

SECOND = 1 / 86400  # in days
FILE = """\
format: tda-latent/experiment@1
name: beside
seed: 0
models:
  circle: {use: circle, size: 60, noise: 0.05}
  clusters: {use: clusters, size: 60}
axes: {replicates: 3}
sample: {size: 40}
analyzers:
  spectrum: {use: spectrum}
  dimension: {use: intrinsic-dimension}
distances:
  cka: {use: cka}
"""

RUNNER = """\
import json, sys
from tda_latent.api.experiments import run
from tda_latent.experiment.run import Limits
store, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for index in range(first, last):
    limits = Limits(executor="serial")
    done = run("beside.yaml", [f"seed={index % 3}"], store=store, output=f"out-{first}", limits=limits)
    counts = done.run.count("computed"), done.run.count("cached")
    print(json.dumps([index % 3, done.complete, done.root, *counts]), flush=True)
"""


def runner(folder: Path, store: str, first: int, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUNNER, store, str(first), str(last)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ},
    )  # fmt: skip


def told(process: subprocess.Popen[str]) -> list[tuple[int, bool, str, int, int]]:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return [tuple(json.loads(line)) for line in out.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("beside")
    (folder / "beside.yaml").write_text(FILE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def expected(folder) -> dict[int, str]:
    """The root of each of three variants, undisturbed."""
    lines = told(runner(folder, "quiet", 0, 3))
    assert all(complete for _, complete, *_ in lines)
    return {index: root for index, _, root, *_ in lines}


def while_running(*processes: subprocess.Popen[str]) -> Iterator[None]:
    while any(process.poll() is None for process in processes):
        yield
        time.sleep(0.05)


def test_clearing_everything_again_and_again_never_changes_a_number(folder, expected) -> None:
    store = Store(folder / "shaken", durability="fast")
    runners = [runner(folder, "shaken", 0, 9), runner(folder, "shaken", 1, 10)]
    deleted = 0
    for _ in while_running(*runners):  # keeps nothing that was not used in this very second, and no run
        for name in manifest.names(store.path):
            with contextlib.suppress(TdaLatentError):
                forget(store, name)
        deleted += len(clear(store, SECOND, really=True, grace=0.0).deleted)
    lines = [line for process in runners for line in told(process)]
    assert deleted > 100
    assert {(index, root) for index, complete, root, *_ in lines if complete} <= set(expected.items())
    assert any(complete for _, complete, *_ in lines)
    again = told(runner(folder, "shaken", 0, 3))
    assert {index: root for index, complete, root, *_ in again if complete} == expected
    found = examine(store.path)
    assert not [finding for finding in found.findings if finding.damaged and not finding.path.startswith("runs/")]


def test_clearing_with_the_usual_patience_costs_a_running_experiment_nothing(folder, expected) -> None:
    store = Store(folder / "calm", durability="fast")
    runners = [runner(folder, "calm", 0, 6), runner(folder, "calm", 1, 7)]
    for _ in while_running(*runners):
        clear(store, really=True)
    lines = [line for process in runners for line in told(process)]
    assert {(index, complete, root) for index, complete, root, *_ in lines} == {
        (index, True, root) for index, root in expected.items()
    }
    for process in range(2):
        assert all(computed == 0 for *_, computed, _ in lines[process * 6 + 3 : process * 6 + 6])
    assert examine(store.path).sound
