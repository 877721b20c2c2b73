"""Diagrams of two parts of a cloud against those of random parts: does it matter which point is in which part?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tda_latent.engines.subsamples import subsampled_bars
from tda_latent.numerics.distance_blocks import neighbour_distances
from tda_latent.numerics.sliced import wasserstein_on_line
from tda_latent.numerics.two_sample import Tested, permutation_test
from tda_latent.numerics.wasserstein import wasserstein_distance

Floats = NDArray[np.float64]


class SplitTests(NamedTuple):
    """Distances between the two parts, with their permutation null.

    degrees : of 1-Wasserstein distances (Euclidean ground) between diagrams of degree 0 and 1
    neighbours : of the 1-Wasserstein distance between nearest-neighbour distances, the plain baseline of degree 0
    """

    degrees: tuple[Tested, Tested]
    neighbours: Tested


def split_tests(pooled: Floats, sides: NDArray[np.bool_]) -> SplitTests:
    """Tests of one division of a cloud into equal halves against others.

    Parameters
    ----------
    pooled : (2 m, d) finite, m >= 2
    sides : (1 + b, 2 m) which points are in the first half, as `two_sample.shuffled_sides` gives them; row 0 is judged

    Notes
    -----
    The test is exact when points are exchangeable. Two diagrams of m points for each of the 1 + b divisions.
    """
    halves = np.stack([np.flatnonzero(part) for side in sides for part in (side, ~side)])
    found = []
    for degree in (0, 1):
        bars = subsampled_bars(pooled, halves, degree, "given").bars
        found.append([wasserstein_distance(bars[k], bars[k + 1], 1, 2) for k in range(0, len(bars), 2)])
    nearest = [neighbour_distances(pooled[rows], 1) for rows in halves]
    found.append([wasserstein_on_line(nearest[k], nearest[k + 1]) for k in range(0, len(nearest), 2)])
    tests = [permutation_test(values[0], np.array(values[1:])) for values in found]
    return SplitTests((tests[0], tests[1]), tests[2])
