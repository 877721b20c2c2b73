"""Attack one store at random and ask for the root digest: ``python -m benchmarks.soak --minutes 5``.

Every turn starts one to three runners on one store and does something to them: SIGKILL, SIGTERM, SIGINT, SIGSTOP and
SIGCONT to a runner or one of its workers, flipped, cut and lost files, a full disk (where it runs as root). Then a run
that nobody disturbs must be complete, with the root digest of a run on a fresh store. Ends with status 1 at the first
one that is not, and keeps its folder.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

EXPERIMENT = """\
format: tda-latent/experiment@1
name: soak
seed: 11
models:
  circle: {use: circle, size: 60, noise: 0.05}
  clusters: {use: clusters, size: 60}
axes: {replicates: 2}
sample: {size: 40}
analyzers:
  persistence: {use: vietoris-rips, max_degree: 1, scale: median}
  spectrum: {use: spectrum}
distances:
  bottleneck: {use: bottleneck, on: persistence, degree: 1}
"""
COMMAND = [sys.executable, "-m", "tda_latent.cli.main", "run", "soak.yaml", "--quiet", "--workers"]
PATIENCE = 300.0  # seconds after which a run counts as hanging
ROOM = "4m"


class Broken(Exception):
    """A promise that was not kept."""


@dataclass
class Arena:
    """A folder with the experiment, its store, and what was done to them."""

    folder: Path
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    @property
    def store(self) -> Path:
        """The store under attack."""
        return self.folder / "disk" / "store"

    def started(self, number: int = 0) -> subprocess.Popen[str]:
        """A runner of its own output folder."""
        options = [str(self.chance.randint(1, 2)), "--store", str(self.store), "--output", f"out{number}"]
        return subprocess.Popen(
            [*COMMAND, *options], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def root(self) -> str:
        """The root digest of a run that nobody disturbs."""
        runner = self.started()
        text = said(runner)
        found = re.search(r"^Root digest (\w{64})$", text, re.M)
        if runner.returncode or not found:
            raise Broken(f"a run on what was left ended with {runner.returncode}:\n{text}")
        return found[1]

    def files(self) -> list[Path]:
        """Everything in the store."""
        return [path for path in sorted(self.store.rglob("*")) if path.is_file() and path.name != "FORMAT"]


def said(runner: subprocess.Popen[str]) -> str:
    """What a runner printed until its end."""
    try:
        text = runner.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        runner.kill()
        raise Broken(f"a run hung for {PATIENCE:.0f} s:\n{runner.communicate()[0]}") from None
    if "Traceback (most recent call last)" in text:
        raise Broken(f"a traceback reached the user:\n{text}")
    return text


# ------------------------------------------------------------------ attacks


def signals(arena: Arena, runners: list[subprocess.Popen[str]]) -> None:
    """A signal to a runner or to one of its workers."""
    runner = arena.chance.choice(runners)
    number = arena.chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSTOP])
    with contextlib.suppress(psutil.Error):
        victims = [psutil.Process(runner.pid), *psutil.Process(runner.pid).children()]
        victim = arena.chance.choice(victims)
        arena.done[f"{signal.Signals(number).name} to a {'runner' if victim.pid == runner.pid else 'worker'}"] += 1
        victim.send_signal(number)
        if number == signal.SIGSTOP:
            time.sleep(arena.chance.uniform(0, 2))
            victim.send_signal(signal.SIGCONT)


def bytes_lost(arena: Arena, _: object) -> None:
    """A flipped bit, a cut file or a missing one."""
    files = arena.files()
    for path in arena.chance.sample(files, min(len(files), arena.chance.randint(1, 4))):
        way = arena.chance.choice(["flipped", "cut", "lost", "emptied"])
        with contextlib.suppress(OSError):
            data = bytearray(path.read_bytes())
            if not data:
                continue
            arena.done[f"{way} a file of {path.relative_to(arena.store).parts[0]}"] += 1
            if way == "flipped":
                data[arena.chance.randrange(len(data))] ^= 1 << arena.chance.randrange(8)
            elif way == "cut":
                del data[arena.chance.randrange(len(data)) :]
            elif way == "emptied":
                data.clear()
            path.unlink() if way == "lost" else path.write_bytes(data)


def disk_filled(arena: Arena, _: object) -> None:
    """Nothing is free for a moment."""
    filler = arena.folder / "disk" / "filler"
    if not os.path.ismount(filler.parent):
        return
    arena.done["filled the disk"] += 1
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))
    time.sleep(arena.chance.uniform(0, 2))
    filler.unlink(missing_ok=True)


def store_emptied(arena: Arena, _: object) -> None:
    """Half of the results vanish, so that there is work again."""
    arena.done["removed half of the actions"] += 1
    for path in list((arena.store / "actions").rglob("*.json"))[:: arena.chance.randint(1, 3)]:
        path.unlink(missing_ok=True)


ATTACKS: tuple[Callable[[Arena, list[subprocess.Popen[str]]], None], ...] = (
    signals, signals, signals, bytes_lost, disk_filled, store_emptied,
)  # fmt: skip


def turn(arena: Arena, expected: str) -> None:
    """One attack on a few runners; whatever they say, the next run must give the expected root."""
    store_emptied(arena, [])
    runners = [arena.started(number) for number in range(arena.chance.randint(1, 3))]
    for _ in range(arena.chance.randint(1, 4)):
        time.sleep(arena.chance.uniform(0, 2.5))
        arena.chance.choice(ATTACKS)(arena, runners)
    for runner in runners:
        text = said(runner)
        found = re.search(r"^Root digest (\w{64})$", text, re.M)
        if runner.returncode == 0 and (not found or found[1] != expected):
            raise Broken(f"a disturbed run called another result complete:\n{text}")
        if runner.returncode not in (0, 1, 2, 130) and runner.returncode >= 0:
            raise Broken(f"a run ended with {runner.returncode}:\n{text}")
        arena.done[f"a disturbed run ended with {runner.returncode}"] += 1
    if (root := arena.root()) != expected:
        raise Broken(f"the root is {root}, it was {expected}")
    arena.done["recovered to the same root"] += 1


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """A small file system for the store where one can be mounted, else a plain folder."""
    folder.mkdir()
    call = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and shutil.which("mount") and not subprocess.run(call, capture_output=True).returncode
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def main() -> int:
    """Attack for some minutes and tell what happened."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=None, help="of the attacks; printed when none is given")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    (folder / "soak.yaml").write_text(EXPERIMENT, encoding="utf-8")
    arena, deadline = Arena(folder, random.Random(seed)), time.monotonic() + 60 * options.minutes
    print(f"seed {seed}, folder {folder}", flush=True)
    with disk(folder / "disk"):
        try:
            expected = arena.root()
            while time.monotonic() < deadline:
                turn(arena, expected)
        except Broken as error:
            shutil.copytree(folder / "disk", folder / "evidence")
            print(f"BROKEN after {dict(arena.done)}: {error}")
            return 1
    for what, count in sorted(arena.done.items()):
        print(f"{count:5} {what}")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
