"""Codes and lattices, whose distances are equal in great numbers: turned, moved, in other units, stored as float32."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.numerics.graph_distances import connected_neighbour_graph
from tda_latent.records import Latents
from tda_latent.registry import registry

RNG = np.random.default_rng(0)
CLOUDS = {
    "lattice": np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3),
    "one-hot": np.repeat(np.eye(6), 8, axis=0),
    "bits": RNG.integers(0, 2, (60, 8)).astype(float),
    "circle": np.column_stack([np.cos(np.arange(48) * np.pi / 24), np.sin(np.arange(48) * np.pi / 24)]),
}


def built(name, **parameters):
    return registry().find("distance", name).build(parameters)


def changes(points):
    """The same cloud five times, up to a similarity and rounding."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(points.shape[1],) * 2))[0]
    single = points.astype(np.float32)
    return [points * 1e-6, points @ turn + 1e3, np.pi * points, single @ turn.astype(np.float32), single / 7]


def latents(points):
    return Latents(points, ids=np.arange(len(points)))


@pytest.mark.parametrize("shape", CLOUDS)
@pytest.mark.parametrize("name", ["rsa", "neighbour-overlap"])
def test_rounding_makes_no_order_among_equal_distances(name, shape):
    cloud = CLOUDS[shape]
    for changed in changes(cloud):
        assert built(name)(latents(cloud), latents(changed)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("shape", CLOUDS)
def test_the_graph_of_neighbours_is_that_of_the_cloud_and_not_of_its_axes(shape):
    cloud = CLOUDS[shape]
    plain = connected_neighbour_graph(cloud, 4)
    for changed in changes(cloud):
        np.testing.assert_array_equal(connected_neighbour_graph(changed, 4), plain)


@pytest.mark.parametrize("correlation", ["spearman", "pearson"])
def test_equal_distances_have_no_order_however_they_are_stored(correlation):
    for changed in changes(np.eye(12)):
        with pytest.raises(InvalidInput, match="no order"):
            built("rsa", correlation=correlation)(latents(changed), latents(RNG.normal(size=(12, 3))))


@pytest.mark.parametrize("name", ["rsa", "neighbour-overlap"])
def test_float32_far_from_the_origin_makes_unrelated_clouds_no_more_alike(name):
    far, other = (RNG.normal(size=(80, 4)).astype(np.float32) + np.float32(1e5) for _ in range(2))
    assert built(name)(latents(far), latents(other)) > 0.85


@pytest.mark.parametrize("name", ["rsa", "neighbour-overlap"])
def test_unrelated_codes_stay_unrelated(name):
    a, b = (RNG.integers(0, 2, (80, 10)).astype(float) for _ in range(2))
    assert built(name)(latents(a), latents(b)) > 0.75
