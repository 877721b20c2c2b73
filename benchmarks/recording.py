"""``python -m benchmarks.recording``: memory and time of recording a hidden layer, which must not be held in memory.

A hidden layer of 100,000 inputs x 768 is streamed to disk in a process of its own, whole and sampled. What is
reported is the growth of the peak resident memory above that of the same model run over the same batches with no
recording, so that torch itself and the batches do not count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INPUTS, WIDTH, BATCH = 100_000, 768, 256
MODES = ("plain", "whole", "sampled", "held")
SAMPLE = 5_000


def measured(mode: str, inputs: int = INPUTS) -> dict[str, float]:
    """Peak resident memory in MiB, seconds, and MiB on disk of one mode, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.recording", "--mode", mode, "--inputs", str(inputs)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def _run(mode: str, inputs: int) -> dict[str, float]:
    """The work of one mode; "held" keeps all outputs in a list, as people do without a recorder."""
    import torch
    from torch import nn

    import tda_latent as tl

    torch.set_num_threads(1)
    model = nn.Sequential(nn.Linear(32, WIDTH), nn.ReLU(inplace=True), nn.Linear(WIDTH, 8)).eval()
    generator = torch.Generator().manual_seed(0)
    sizes = [min(BATCH, inputs - start) for start in range(0, inputs, BATCH)]
    batches = (torch.randn(size, 32, generator=generator) for size in sizes)
    held: list[torch.Tensor] = []
    if mode == "held":
        model[0].register_forward_hook(lambda _, __, output: held.append(output.clone()))
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        start = time.perf_counter()
        if mode in ("plain", "held"):
            for batch in batches:
                model(batch)
        else:
            size = SAMPLE if mode == "sampled" else None
            recording = tl.record_batches(model, batches, ["0"], folder=folder, size=size)
            assert len(recording.places("0")) == (size or inputs)
        seconds = time.perf_counter() - start
        written = sum(path.stat().st_size for path in Path(folder).rglob("*.npy"))
    return {"peak": _peak(), "seconds": seconds, "written": written / 2**20}


def _peak() -> float:
    """Peak resident memory of this process in MiB.

    Linux hands ``ru_maxrss`` of a parent down to its children, so the high-water mark of the address space is read.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Measure every mode and print a table."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__)
    arguments.add_argument("--inputs", type=int, default=INPUTS)
    arguments.add_argument("--mode", choices=MODES, default=None, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.mode:
        print(json.dumps(_run(options.mode, options.inputs)))
        return
    rows = {mode: measured(mode, options.inputs) for mode in MODES}
    plain = rows["plain"]["peak"]
    print(
        f"{options.inputs} inputs x {WIDTH} float32 = {options.inputs * WIDTH * 4 / 2**20:.0f} MiB, batches of {BATCH}"
    )
    print(f"{'':<10}{'peak MiB':>10}{'above plain':>13}{'seconds':>9}{'on disk MiB':>13}")
    for mode, row in rows.items():
        print(
            f"{mode:<10}{row['peak']:>10.0f}{row['peak'] - plain:>13.0f}{row['seconds']:>9.1f}{row['written']:>13.0f}"
        )


if __name__ == "__main__":
    main()
