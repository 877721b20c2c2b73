"""Distances that claim to need little memory do."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tda_latent.records import Latents
from tda_latent.registry import registry

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["nearest-neighbour-w1", "neighbour-overlap", "cka", "procrustes"])
def test_ten_thousand_points_need_a_fraction_of_their_matrix_of_distances(name) -> None:
    distance, rng = registry().find("distance", name).build({}), np.random.default_rng(3)
    few, many = ([Latents(rng.normal(size=(size, 3)), ids=np.arange(size)) for _ in range(2)] for size in (50, 10_000))
    distance(*few)  # compiles and imports
    tracemalloc.start()
    distance(*many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 10_000**2 / 4
