"""Distances of unpaired clouds on lattices and among duplicates, where neighbours are equally far: order is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.records import Latents
from tda_latent.registry import registry

GRID = np.random.default_rng(0).integers(0, 6, (120, 2)).astype(float)


@pytest.mark.parametrize("name", ["imd", "prdc", "magnitude-difference"])
@pytest.mark.parametrize("points", [GRID, 0.1 * GRID, (GRID / 3).astype(np.float32)], ids=["bits", "tenths", "single"])
def test_a_cloud_is_at_zero_from_itself_in_another_order(name, points):
    distance = registry().find("distance", name).build({})
    order = np.random.default_rng(1).permutation(len(points))
    assert distance(Latents(points), Latents(points[order])) == pytest.approx(0.0, abs=1e-9)


def test_imd_of_lattice_points_does_not_depend_on_unit_place_or_direction():
    distance, other = (
        registry().find("distance", "imd").build({}),
        Latents(np.random.default_rng(2).normal(size=(90, 2))),
    )
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(2, 2)))[0]
    expected = distance(Latents(GRID), other)
    for points in (GRID @ turn, 1e-6 * GRID, 1e6 * GRID, GRID + 1e3, GRID.astype(np.float32) / 3):
        assert distance(Latents(points), other) == pytest.approx(expected, rel=1e-9)
