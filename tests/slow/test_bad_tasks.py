"""Tasks that die, hang, eat, shout, lie or leave things behind: each is stopped, named, recorded; the others finish."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from small_disk import is_root, small_disk

pytestmark = pytest.mark.slow

MODULE = '''
"""Components that do what they should not."""
import os, signal, subprocess, sys, time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
import numpy as np
from tda_latent.records import Latents, Measures, PersistenceDiagram, Scalar
from tda_latent.registry import analyzer, distance

class Mute(Exception):
    def __str__(self):
        raise RuntimeError("no words")

def hang(): time.sleep(3600)
def segfault(): os.kill(os.getpid(), signal.SIGSEGV)
def abort(): os.abort()
def leave(): os._exit(3)
def swallow(): return [bytearray(2**24) for _ in range(2**11)]
def eat(): np.ones(20 * 2**30, dtype=np.uint8)
def stubborn():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(3600)
def shout():
    text = b"x" * 2**20
    for _ in range(1024):
        os.write(1, text)
def lie(): return "not a record"
def disguise(): return Latents(np.zeros((3, 2)))
def foreign(): raise RuntimeError("something foreign")
def mute(): raise Mute
def quit(): raise SystemExit(4)
def interrupt(): raise KeyboardInterrupt
def babble():
    for number in range(3, 30):
        try: os.write(number, b"words that are no answer\\n")
        except OSError: pass
def shut(): os.closerange(0, 200)
def seclude(): os.closerange(0, 200); time.sleep(3600)
def silence():
    sys.stdout.close(); sys.stderr.close(); os.close(1)
def move(): os.chdir("/"); os.umask(0o777); os.environ.clear()
def daemon():
    code = "import os, time; os.setsid(); open('daemons', 'a').write(f'{os.getpid()} '); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
    while not Path("daemons").exists(): time.sleep(0.05)
def split():
    os.fork()
def fill():
    with open(os.environ["TMPDIR"] + "/fill", "wb", buffering=0) as file:
        while True: file.write(bytes(2**20))
def lasting():
    if not Path("mended").exists(): raise RuntimeError("not yet")
def swollen():
    raise RuntimeError("r" * 10**7)
def sigfpe():
    import gudhi
    gudhi.AlphaComplex(points=np.array([[0, 0], [1, np.nan], [0, 1.0]])).create_simplex_tree()
def sigabrt():
    import ripser
    ripser.ripser(np.random.default_rng(0).random((20, 2)), coeff=46349)

@analyzer("bad")
@dataclass(frozen=True)
class Bad:
    """Does what it should not.

    Parameters
    ----------
    way : text
        How to go wrong.
    """
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    way: str = "good"

    def __call__(self, latents: Latents) -> Measures:
        print("a component that talks")
        found = globals()[self.way]() if self.way != "good" else None
        return found if found is not None else Measures(scalars={"done": Scalar(1.0)})

@distance("endless")
@dataclass(frozen=True)
class Endless:
    """Hera, asked for two diagrams that are equal but for the order of their bars.

    Parameters
    ----------
    degree : int
        Homology degree.
    """
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    axioms: ClassVar[tuple[str, ...]] = ()
    degree: int = 1

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        import gudhi.hera
        return gudhi.hera.wasserstein_distance(np.array([[0, 1.0], [0, 2]]), np.array([[0, 2.0], [0, 1]]), order=1)
'''

REASONS = {
    "segfault": "SIGSEGV",
    "abort": "SIGABRT",
    "leave": "status 3",
    "hang": "took longer than 20 s",
    "stubborn": "took longer than 20 s",
    "eat": "out of memory of 3.7 GiB",
    "swallow": "out of memory of 3.7 GiB",
    "lie": "gave a str; a component gives one of the records",
    "disguise": "gave a Latents; it declares that it gives Measures",
    "foreign": "RuntimeError: something foreign",
    "mute": "Mute: it cannot say why",
    "quit": "SystemExit: 4",
    "interrupt": "KeyboardInterrupt",
    "babble": "wrote into the pipe of its worker",
    "shut": "ended with status",
    "seclude": "closed the pipe of its worker",
    "swollen": "RuntimeError: rrr",
    "sigfpe": "SIGFPE",
    "sigabrt": "SIGABRT",
}
HARMLESS = ("good", "shout", "silence", "move", "daemon", "split", "after")
HEAD = "format: tda-latent/experiment@1\nname: bad\nseed: 1\nmodels: {circle: {use: circle, size: 30}}\n"


@pytest.fixture
def plugged(tmp_path: Path) -> Path:
    """A folder with a plugin that registers the bad components, found through its metadata."""
    (tmp_path / "bad_plugin.py").write_text(MODULE, encoding="utf-8")
    info = tmp_path / "bad_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-plugin\nVersion: 1.0\n", encoding="utf-8")
    points = "".join(f"[tda_latent.{kind}]\n{name} = bad_plugin\n" for kind, name in
                     (("analyzers", "bad"), ("distances", "endless")))  # fmt: skip
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    return tmp_path


def ran(folder: Path, text: str, *options: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    """The command and the record that it left."""
    (folder / "bad.yaml").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tda_latent.cli.main", "run", "bad.yaml", *options],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(folder)} | environment, capture_output=True, text=True,
        timeout=400,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr
    return done, json.loads((folder / "runs" / "bad" / "record.json").read_text(encoding="utf-8"))


def analyzers(*ways: str) -> str:
    return "analyzers:\n" + "".join(
        f"  {way}: {{use: bad, way: {'good' if way == 'after' else way}}}\n" for way in ways
    )


def assert_told(done: subprocess.CompletedProcess[str], record: Any, reasons: dict[str, str]) -> None:
    """Each of these failed with its reason, in the record and on the terminal; nothing else did."""
    tasks = {label.split("/")[1]: task for label, task in record["tasks"].items() if label.startswith("analysis/")}
    failed = {way: task["reason"] for way, task in tasks.items() if task["state"] == "failed"}
    assert set(failed) == set(reasons), failed
    for way, reason in reasons.items():
        assert reason in failed[way], (way, failed[way])
        assert len(failed[way]) < 2100
    assert all(task["state"] in ("computed", "cached") for way, task in tasks.items() if way not in reasons)
    assert done.returncode == 1
    shown = re.findall(r"^FAILED analysis/(\w+)/", done.stdout, re.M)
    assert set(shown) <= set(reasons)
    assert shown
    assert "INCOMPLETE: " in done.stdout


def assert_dead(file: Path) -> None:
    for number in map(int, file.read_text(encoding="utf-8").split()):
        for _ in range(50):
            if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"{number} was left behind")


def test_each_bad_task_is_stopped_and_named_and_the_others_finish(plugged: Path) -> None:
    mixed = [way for pair in zip(REASONS, [*HARMLESS, *[""] * len(REASONS)], strict=False) for way in pair if way]
    done, record = ran(plugged, HEAD + analyzers(*mixed), "--workers", "2", "--memory", "4GB", "--task-time", "20s")
    assert_told(done, record, REASONS)
    assert_dead(plugged / "daemons")
    log = plugged / "runs" / "bad" / "workers.log"
    assert log.stat().st_size < 2 * 2**20 * len(mixed)
    assert re.search(rb"analysis/shout/\S+ printed [\d,]{13,} bytes more", log.read_bytes())


def test_a_distance_that_never_returns_is_stopped_and_the_other_one_finishes(plugged: Path) -> None:
    """The input on which gudhi's Hera hangs in all its versions; no signal but SIGKILL ends it."""
    text = """\
format: tda-latent/experiment@1
name: bad
seed: 1
models:
  circle: {use: circle, size: 30}
  ring: {use: circle, size: 30, noise: 0.1}
analyzers: {persistence: {use: vietoris-rips}}
distances:
  endless: {use: endless, on: persistence}
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
"""
    done, record = ran(plugged, text, "--task-time", "15s")
    states = {label: task["state"] for label, task in record["tasks"].items() if label.startswith("block/")}
    assert {state for label, state in states.items() if "bottleneck" in label} == {"computed"}
    assert states["block/endless/circle~ring"] == states["block/endless/ring~circle"] == "failed"
    assert record["tasks"]["comparison/endless"]["state"] == "blocked"
    assert "took longer than 15 s" in done.stdout
    assert done.returncode == 1


def test_our_own_distances_survive_the_inputs_that_hang_their_engines(plugged: Path) -> None:
    """Equal clouds in another order give diagrams that are equal up to the order of bars."""
    points = np.random.default_rng(0).random((40, 2))
    np.save(plugged / "a.npy", points)
    np.save(plugged / "b.npy", points[::-1])
    text = """\
format: tda-latent/experiment@1
name: bad
seed: 1
models:
  a: {use: file, path: a.npy}
  b: {use: file, path: b.npy}
analyzers: {persistence: {use: vietoris-rips}}
distances:
  exact: {use: wasserstein, on: persistence, order: 1, ground: inf, degree: 0}
  hera: {use: wasserstein, on: persistence, order: 1, ground: inf, degree: 0, engine: hera, relative_error: 0.01}
  bottleneck: {use: bottleneck, on: persistence, degree: 0}
  persim: {use: persim-bottleneck, on: persistence, degree: 0}
"""
    done, _ = ran(plugged, text, "--task-time", "60s")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = csv.DictReader((plugged / "runs" / "bad" / "results.csv").read_text(encoding="utf-8").splitlines())
    values = {row["label"]: float(row["value"]) for row in rows if row["kind"] == "distance"}
    assert set(values) >= {"exact", "hera", "bottleneck", "persim"}
    assert set(values.values()) == {0.0}


def test_a_failure_is_tried_again_by_the_next_run_and_alone(plugged: Path) -> None:
    done, record = ran(plugged, HEAD + analyzers("good", "lasting"))
    assert_told(done, record, {"lasting": "RuntimeError: not yet"})
    (plugged / "mended").touch()
    done, again = ran(plugged, HEAD + analyzers("good", "lasting"))
    assert done.returncode == 0
    assert again["tasks"]["analysis/good/circle/0"]["state"] == "cached"
    assert again["tasks"]["analysis/lasting/circle/0"]["state"] == "computed"
    (plugged / "mended").unlink()
    _, third = ran(plugged, HEAD + analyzers("good", "lasting"), "--store", "elsewhere")
    assert third["tasks"]["analysis/lasting/circle/0"]["state"] == "failed", "a failure is no result"


@pytest.mark.skipif(not is_root(), reason="mounting a small file system needs root")
def test_a_task_that_fills_the_folder_for_temporaries_leaves_room_for_the_next(plugged: Path) -> None:
    with small_disk(plugged / "tmp", "16m") as place:
        call = HEAD + analyzers("good", "fill", "after")
        done, record = ran(plugged, call, "--workers", "1", TMPDIR=str(place))
        assert_told(done, record, {"fill": "No space left on device"})
        assert list(place.iterdir()) == []
