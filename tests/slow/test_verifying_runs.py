"""Verification with real processes: other kernels pass, an edited helper is named, Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow

DIGITS = """\
format: tda-latent/experiment@1
name: digits
seed: 3
data: {digits: {use: digits}}
models:
  pca: {use: pca, dimension: 6}
  autoencoder: {use: autoencoder, dimension: 6, epochs: 5}
axes: {replicates: 2}
sample: {size: 150}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  graph: {use: mapper}
  spectrum: {use: spectrum}
  dimension: {use: intrinsic-dimension}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
  wasserstein: {use: wasserstein, on: persistence, degree: 0, order: 1, ground: 2}
  cka: {use: cka}
"""

PLUGIN = '''
import time
from dataclasses import dataclass
from typing import ClassVar
from probe_helper import quantity
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import analyzer

@analyzer("probe")
@dataclass(frozen=True)
class Probe:
    """One number of a cloud.

    Parameters
    ----------
    seconds : number
        How long to think about it.
    """
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    seconds: float = 0.0

    def __call__(self, latents: Latents) -> Measures:
        time.sleep(self.seconds)
        return Measures(scalars={"probe": Scalar(quantity(latents.points))})
'''

HELPER = """
def quantity(points):
    return float(points.sum())
"""

PROBES = """\
format: tda-latent/experiment@1
name: probes
seed: 3
models: {circle: {use: circle, size: 30}}
axes: {replicates: 2}
analyzers:
  probe: {use: probe, seconds: 0.5}
  spectrum: {use: spectrum}
"""


def call(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"} | variables
    command = [sys.executable, "-m", "tda_latent.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def probes(tmp_path: Path) -> Path:
    """A folder with a plugin that calls a helper beside it, and a finished run."""
    (tmp_path / "probe_plugin.py").write_text(PLUGIN, encoding="utf-8")
    (tmp_path / "probe_helper.py").write_text(HELPER, encoding="utf-8")
    info = tmp_path / "probe_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: probe-plugin\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[tda_latent.analyzers]\nprobe = probe_plugin\n", encoding="utf-8")
    (tmp_path / "probes.yaml").write_text(PROBES, encoding="utf-8")
    done = call(tmp_path, "run", "probes.yaml", "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


def test_other_kernels_of_linear_algebra_pass_from_the_stored_inputs_and_from_the_sources(tmp_path) -> None:
    import numpy as np

    if "openblas" not in str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]):
        pytest.skip("NumPy has another BLAS here, whose kernels cannot be chosen")
    (tmp_path / "digits.yaml").write_text(DIGITS, encoding="utf-8")
    done = call(tmp_path, "run", "digits.yaml", "--workers", "1", OPENBLAS_CORETYPE="Haswell")
    assert done.returncode == 0, done.stdout + done.stderr
    alone = call(tmp_path, "verify", "digits", "--recompute", "all", "--workers", "1", OPENBLAS_CORETYPE="Nehalem")
    chain = call(tmp_path, "verify", "digits", "--from-sources", "--workers", "1", OPENBLAS_CORETYPE="Nehalem")
    for shown in (alone, chain):
        assert shown.returncode == 0, shown.stdout + shown.stderr
        assert "within the tolerance: " in shown.stdout  # the kernels do give other last bits
    assert "(stability theorem)" in chain.stdout


def test_an_edited_helper_is_named_by_explain_verify_and_diff(probes) -> None:
    label = "analysis/probe/circle/0"
    helper = probes / "probe_helper.py"
    helper.write_text(f"# a remark\n{HELPER}", encoding="utf-8")
    assert "it will not run again" in call(probes, "explain", label, "probes.yaml").stdout
    helper.write_text(HELPER.replace("points.sum()", "points.sum() + 1"), encoding="utf-8")
    assert "code of analyzer:probe changed (probe_helper)" in call(probes, "explain", label, "probes.yaml").stdout
    verified = call(probes, "verify", "probes", "--recompute", "all", "--workers", "1")
    assert verified.returncode == 3
    assert "here: the code of analyzer:probe is not the one of the run" in verified.stdout
    assert f"DIFFERENT, first at {label}: largest change 1, of scalars.probe.value" in verified.stdout
    call(probes, "run", "probes.yaml", "--workers", "1", "--output", "again")
    found = call(probes, "diff", "runs/probes", "again")
    assert found.returncode == 3
    assert "code: module probe_helper changed" in found.stdout
    assert "because code of analyzer:probe changed" in found.stdout


def test_a_plugin_that_is_not_here_leaves_its_tasks_unjudged_and_the_digests_checked(probes, tmp_path) -> None:
    (probes / "probe_plugin-1.0.dist-info" / "entry_points.txt").unlink()
    assert call(probes, "verify", "runs/probes").returncode == 0
    done = call(probes, "verify", "runs/probes", "--recompute", "all", "--workers", "1")
    assert done.returncode == 1
    assert "not judged: analysis/probe/circle/0: unknown analyzer 'probe'" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_ctrl_c_ends_a_recomputation_with_130_and_leaves_neither_processes_nor_folders(probes, tmp_path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "tda_latent.cli.main", "verify", "probes", "--from-sources", "--workers", "1"]
    environment = os.environ | {"PYTHONPATH": str(probes), "TMPDIR": str(scratch)}
    process = subprocess.Popen(command, cwd=probes, env=environment, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not list(scratch.glob("*/store/actions/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 130, shown
    assert "Interrupted" in shown
    assert not [entry for entry in scratch.iterdir() if entry.is_dir()]
    assert psutil.wait_procs(children, timeout=10)[1] == []
