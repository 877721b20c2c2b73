"""Vectors of many diagrams: ``bars`` (k, m, 2), the same grid for all; ``values`` (k, p) one row a diagram."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.contestants.run import Arrays, Run

STEPS = 100
LANDSCAPES = 5
PIXELS = 20
RANGE = (0.0, 1.5)
LIFETIMES = (0.0, 1.5)
BANDWIDTH = 0.05


def ours(given: Arrays, threads: int, kind: str) -> Run:
    """Ours, all diagrams in one call."""
    from tda_latent.numerics import diagram_summaries as summaries

    bars, grid = list(given["bars"]), np.linspace(*RANGE, STEPS)
    edges = np.linspace(*RANGE, PIXELS + 1), np.linspace(*LIFETIMES, PIXELS + 1)
    area = (edges[0][1] - edges[0][0]) * (edges[1][1] - edges[1][0])

    def call() -> Any:
        stack = summaries.stacked(bars)
        if kind == "betti":
            return summaries.betti_curves(stack, grid)
        if kind == "landscape":
            return summaries.landscapes(stack, grid, LANDSCAPES)
        return summaries.persistence_images(stack, edges, BANDWIDTH, 1.0)

    def answer(found: Any) -> Arrays:
        return _values(np.reshape(found, (len(bars), -1)) / (area if kind == "image" else 1.0))

    return Run(call, answer)


def gudhi_betti(given: Arrays, threads: int) -> Run:
    """GUDHI's Betti curves on a grid."""
    from gudhi.representations import BettiCurve

    bars = list(given["bars"])
    curve = BettiCurve(predefined_grid=np.linspace(*RANGE, STEPS))
    return Run(lambda: curve.fit_transform(bars), _values)


def gudhi_landscape(given: Arrays, threads: int) -> Run:
    """GUDHI's landscapes, which are sqrt(2) times those of the definition."""
    from gudhi.representations import Landscape

    bars = list(given["bars"])
    landscape = Landscape(num_landscapes=LANDSCAPES, resolution=STEPS, sample_range=RANGE, keep_endpoints=True)
    return Run(lambda: landscape.fit_transform(bars), lambda found: _values(np.asarray(found) / np.sqrt(2)))


def gudhi_image(given: Arrays, threads: int) -> Run:
    """GUDHI's persistence images: the density at grid points."""
    from gudhi.representations import PersistenceImage

    bars = list(given["bars"])
    middle = (RANGE[1] - RANGE[0]) / PIXELS / 2
    centres = RANGE[0] + middle, RANGE[1] - middle, LIFETIMES[0] + middle, LIFETIMES[1] - middle
    image = PersistenceImage(
        bandwidth=BANDWIDTH,
        weight=lambda bar: bar[1],
        resolution=[PIXELS, PIXELS],
        im_range=list(centres),
    )
    return Run(lambda: image.fit_transform(bars), _values)


def persim_image(given: Arrays, threads: int) -> Run:
    """persim's persistence images: the density over pixels."""
    from persim import PersistenceImager

    bars = list(given["bars"])
    imager = PersistenceImager(
        birth_range=RANGE,
        pers_range=LIFETIMES,
        pixel_size=(LIFETIMES[1] - LIFETIMES[0]) / PIXELS,
        weight="persistence",
        weight_params={"n": 1.0},
        kernel_params={"sigma": BANDWIDTH**2},
    )
    return Run(
        lambda: imager.transform(bars),
        lambda found: _values([image.T.ravel() / imager.pixel_size**2 for image in found]),
    )


def giotto_betti(given: Arrays, threads: int) -> Run:
    """giotto-tda's Betti curves; its grid is fitted to the diagrams."""
    from gtda.diagrams import BettiCurve

    return _giotto(given, BettiCurve(n_bins=STEPS, n_jobs=threads))


def giotto_landscape(given: Arrays, threads: int) -> Run:
    """giotto-tda's landscapes; their grid is fitted to the diagrams."""
    from gtda.diagrams import PersistenceLandscape

    return _giotto(given, PersistenceLandscape(n_layers=LANDSCAPES, n_bins=STEPS, n_jobs=threads))


def giotto_image(given: Arrays, threads: int) -> Run:
    """giotto-tda's persistence images: a histogram, smoothed."""
    from gtda.diagrams import PersistenceImage

    return _giotto(given, PersistenceImage(sigma=BANDWIDTH, n_bins=PIXELS, n_jobs=threads))


def _giotto(given: Arrays, transformer: Any) -> Run:
    """A transformer that fits its own grid: no values to compare."""
    bars = given["bars"]
    stacked = np.concatenate([bars, np.ones((*bars.shape[:2], 1))], axis=2)
    return Run(lambda: transformer.fit_transform(stacked), lambda found: _values([]))


def _values(found: Any) -> Arrays:
    return {"values": np.asarray(found, dtype=np.float64)}
