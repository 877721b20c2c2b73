"""Ceilings in seconds that the project promises, beside what this machine takes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.timing import Table, interleaved

ROOT = Path(__file__).resolve().parents[1]
QUICKSTART = ROOT / "experiments" / "quickstart.yaml"
COMMAND = Path(sys.executable).with_name("tda-latent")
FIRST_RUN, SECOND_RUN, HELP = 60.0, 3.0, 0.3


def said(*arguments: str, cwd: Path) -> str:
    """What ``tda-latent`` prints; a claim of the experiment may fail, anything else may not."""
    done = subprocess.run([COMMAND, *arguments], cwd=cwd, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "INCOMPLETE" in done.stdout:
        raise RuntimeError(f"tda-latent {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def promises() -> Table:
    """The quickstart from an empty store, again from a full one, and the help page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        call = ("run", str(QUICKSTART), "--store", str(folder / "store"), "--output", str(folder / "run"))
        rows = []
        for what, ceiling in (("quickstart, empty store", FIRST_RUN), ("quickstart, second run", SECOND_RUN)):
            started = time.perf_counter()
            printed = said(*call, cwd=folder)
            seconds = time.perf_counter() - started
            note = next(line for line in reversed(printed.splitlines()) if "computed" in line)
            rows.append(_row(what, ceiling, seconds, note))
        answer = interleaved({"help": lambda: said("--help", cwd=folder)}, rounds=7)["help"]
        rows.append(_row("tda-latent --help", HELP, answer.seconds, answer.result.splitlines()[0]))
    return Table("Promises", ("what", "ceiling", "measured", "", "it said"), rows)


def _row(what: str, ceiling: float, seconds: float, note: str) -> tuple[str, ...]:
    return what, f"{ceiling:g} s", f"{seconds:.2f} s", "kept" if seconds <= ceiling else "BROKEN", note
