"""Ten thousand tasks: what planning, computing and looking up cost, beside the promise and beside `joblib.Memory`.

The tasks are as small as they come (clouds of eight points and their spectra), so what is measured is the runner:
keys, commits with two syncs to the disk each, checks of every byte, the record and the report. `joblib.Memory` caches
the same functions of the same arguments in one process; it syncs nothing and checks nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.timing import Table

MODELS = ("circle", "sphere", "torus", "annulus", "clusters")
TASKS = 10_000
PLANNING, WARM, OVERHEAD, MEMORY = 2.0, 5.0, 0.025, 300.0  # seconds, seconds, seconds a task, MB
MEASURED = """
import resource, sys
from tda_latent.cli.main import main
code = main(sys.argv[1:])
sys.stdout.flush()
print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""
PEER = """
import json, sys, time
import numpy as np
from joblib import Memory
from tda_latent.records import Latents
from tda_latent.registry import registry

memory = Memory(sys.argv[1], verbose=0)

@memory.cache
def points(model, seed):
    return registry().find("source", model).build({"size": 8})(np.random.default_rng(seed)).points

@memory.cache
def spectrum(cloud):
    found = registry().find("analyzer", "spectrum").build({})(Latents(cloud))
    return {name: scalar.value for name, scalar in found.scalars.items()}

spectrum.func(points.func("circle", 0))
started = time.perf_counter()
for model in json.loads(sys.argv[2]):
    for seed in range(int(sys.argv[3])):
        spectrum(points(model, seed))
print(time.perf_counter() - started)
"""


class Spent(NamedTuple):
    """Seconds and MB that a command took, and what it printed."""

    seconds: float
    megabytes: float
    printed: str


def runner(tasks: int = TASKS) -> Table:
    """Planning, a first and a second run of an experiment, and the same functions under joblib."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        replicates = tasks // (2 * len(MODELS))
        (folder / "many.yaml").write_text(experiment(replicates), encoding="utf-8")
        planned = command("plan", folder)
        first = command("run", folder, "--workers", "1", "--quiet")
        second = command("run", folder, "--workers", "1", "--quiet")
        if f"{tasks} tasks computed" not in first.printed or "Nothing was recomputed" not in second.printed:
            raise RuntimeError(f"the runs did not do what they should:\n{first.printed}\n{second.printed}")
        page = (folder / "runs" / "many" / "report.html").stat().st_size / 1e6
        peers = [peer(folder, replicates) for _ in range(2)]
    rows = [
        _promised("planning, empty store", planned.seconds, PLANNING, "s"),
        _promised(
            "first run, one worker, fully durable, per task", 1000 * first.seconds / tasks, 1000 * OVERHEAD, "ms"
        ),
        _promised("second run, everything cached and verified", second.seconds, WARM, "s"),
        _promised("memory of the driver, first run", first.megabytes, MEMORY, "MB"),
        _promised("memory of the driver, second run", second.megabytes, MEMORY, "MB"),
        ("page of the report", "", f"{page:.2f} MB", "", ""),
    ]
    for what, ours, theirs in zip(("first", "second"), (first, second), peers, strict=True):
        times = f"{theirs / ours.seconds:.2f} times ours"
        rows.append((f"joblib.Memory, {what} run, neither synced nor verified", "", f"{theirs:.2f} s", "", times))
    return Table(f"The runner: {tasks} tasks", ("what", "ceiling", "measured", "", ""), rows)


def experiment(replicates: int) -> str:
    """An experiment of two small tasks for each replicate of each model."""
    models = "\n".join(f"  {name}: {{use: {name}, size: 8}}" for name in MODELS)
    return (
        f"format: tda-latent/experiment@1\nname: many\nseed: 7\nmodels:\n{models}\n"
        f"axes: {{replicates: {replicates}}}\nanalyzers: {{spectrum: {{use: spectrum}}}}\n"
    )


def command(name: str, folder: Path, *options: str) -> Spent:
    """A command of ours in a process of its own; the memory is that of the driver, without its workers."""
    call = [sys.executable, "-c", MEASURED, name, "many.yaml", *options]
    started = time.perf_counter()
    done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"tda-latent {name} failed:\n{done.stdout}{done.stderr}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Spent(seconds, int(done.stderr.split()[-1]) * unit / 1e6, done.stdout)


def peer(folder: Path, replicates: int) -> float:
    """Seconds of the same functions under `joblib.Memory`, imports left out."""
    script = folder / "peer.py"
    script.write_text(PEER, encoding="utf-8")
    call = [sys.executable, str(script), str(folder / "joblib"), json.dumps(MODELS), str(replicates)]
    return float(subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True).stdout)


def _promised(what: str, measured: float, ceiling: float, unit: str) -> tuple[str, ...]:
    return what, f"{ceiling:g} {unit}", f"{measured:.3g} {unit}", "kept" if measured <= ceiling else "BROKEN", ""
