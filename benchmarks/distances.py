"""Our distances between diagrams against those of gudhi, Hera, POT and persim: time, and largest difference."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import Table, interleaved, milliseconds, ratio
from tda_latent.numerics.matching import bottleneck_distance, wasserstein_distance

Floats = NDArray[np.float64]
Distance = Callable[[Floats, Floats], float]
SIZES = (50, 200, 800)
JITTER = 0.002
OURS = "ours"


def random_bars(size: int, rng: np.random.Generator) -> Floats:
    """(size, 2) bars as noise makes them: births spread, most lifetimes short, a few long."""
    births = rng.uniform(0, 1, size)
    return np.column_stack([births, births + rng.exponential(0.05, size) + 1e-3])


def pairs() -> Iterator[tuple[str, Floats, Floats]]:
    """Diagrams to compare: two of the same kind, and one with itself after a small displacement of each bar."""
    rng = np.random.default_rng(2)
    for size in SIZES:
        first = random_bars(size, rng)
        yield f"{size} bars, unrelated", first, random_bars(size, rng)
        moved = first + rng.uniform(-JITTER, JITTER, first.shape)
        longer = np.maximum(moved[:, 1], moved[:, 0] + JITTER)
        yield f"{size} bars, nearly equal", first, np.column_stack([moved[:, 0], longer])


def bottleneck_peers() -> dict[str, Distance]:
    """Exact bottleneck distances."""
    import gudhi
    import gudhi.hera
    import persim

    return {
        OURS: bottleneck_distance,
        "gudhi": partial(gudhi.bottleneck_distance, e=0.0),
        "Hera (1e-6)": partial(gudhi.hera.bottleneck_distance, delta=1e-6),
        "persim": persim.bottleneck,
    }


def wasserstein_peers() -> dict[str, Distance]:
    """Wasserstein distances of order 1 with the ground norm of the plane that all of them offer, l_2."""
    import gudhi.hera
    import persim
    from gudhi.wasserstein import wasserstein_distance as by_pot

    return {
        OURS: partial(wasserstein_distance, order=1.0, ground=2),
        "gudhi with POT": partial(by_pot, order=1.0, internal_p=2.0),
        "Hera (1%)": partial(gudhi.hera.wasserstein_distance, order=1.0, internal_p=2.0, delta=0.01),
        "persim": persim.wasserstein,
    }


def distances() -> list[Table]:
    """One table for each distance; a row for each library and size."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peers warn about their own dependencies
        return [
            _table("Bottleneck distance", bottleneck_peers()),
            _table("Wasserstein distance, order 1, ground 2", wasserstein_peers()),
        ]


def _table(title: str, peers: dict[str, Distance]) -> Table:
    rows = []
    for label, first, second in pairs():
        timed = interleaved({name: partial(peer, first, second) for name, peer in peers.items()}, rounds=3)
        ours = timed[OURS]
        for name, found in timed.items():
            apart = f"{abs(found.result - ours.result) / ours.result:.2g}"
            time = milliseconds(found.seconds)
            rows.append((label, name, time, ratio(found.seconds, ours.seconds), apart))
            label = ""
    return Table(title, ("diagrams", "library", "time", "time / ours", "relative difference"), rows)
