"""Paths against closed forms on spheres and circles, merge heights against a full linkage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist, squareform

from tda_latent.numerics.interpolation import (
    clearances,
    evenly,
    linear_paths,
    merge_heights,
    motion,
    neighbour_paths,
    spherical_paths,
)


def stream(seed=0):
    return np.random.default_rng(seed)


def circle(size, radius=1.0):
    angles = 2 * np.pi * np.arange(size) / size
    return radius * np.column_stack([np.cos(angles), np.sin(angles)])


def test_in_64_dimensions_straight_paths_between_normal_codes_dip_and_spherical_ones_keep_the_norm():
    starts, ends = stream(1).normal(size=(2000, 64)), stream(2).normal(size=(2000, 64))
    straight, arcs = linear_paths(starts, ends, 2)[:, 1], spherical_paths(starts, ends, 2)[:, 1]
    assert np.linalg.norm(straight, axis=1).mean() == pytest.approx(np.sqrt(32), rel=0.01)
    assert np.linalg.norm(arcs, axis=1).mean() == pytest.approx(8, rel=0.01)


def test_the_energy_of_paths_between_normal_codes_is_twice_the_dimension_and_a_quarter_circle_for_arcs():
    starts, ends = stream(1).normal(size=(2000, 64)), stream(2).normal(size=(2000, 64))
    straight, arcs = motion(linear_paths(starts, ends, 8)), motion(spherical_paths(starts, ends, 64))
    assert straight.energy.mean() == pytest.approx(128, rel=0.01)
    # a quarter circle at norm 8; the random angle adds about var(angle) = 1 / 64 times the squared norm
    assert arcs.energy.mean() == pytest.approx(64 * (np.pi / 2) ** 2 + 1, rel=0.01)
    np.testing.assert_allclose(straight.roughness, 0, atol=1e-12)
    np.testing.assert_allclose(straight.peak, 1)


def test_spherical_paths_turn_and_grow_at_even_speed():
    path = spherical_paths(np.array([[1.0, 0, 0]]), np.array([[0.0, 2, 0]]), 6)[0]
    np.testing.assert_allclose(np.arctan2(path[:, 1], path[:, 0]), np.linspace(0, np.pi / 2, 7))
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linspace(1, 2, 7))


def test_spherical_paths_between_nearly_opposite_codes_keep_within_their_norms():
    ends = np.array([[-2.0, 1e-5]])
    norms = np.linalg.norm(spherical_paths(np.array([[1.0, 0]]), ends, 16)[0], axis=1)
    assert norms.max() <= np.linalg.norm(ends) * (1 + 1e-6)
    assert norms.min() >= 1 - 1e-6


def test_codes_in_line_with_the_origin_have_no_spherical_path_and_say_so_without_a_warning():
    starts = np.array([[1.0, 0], [1.0, 0], [0.0, 0], [1.0, 0]])
    ends = np.array([[2.0, 0], [-1.0, 0], [1.0, 0], [0.0, 1]])
    assert np.isfinite(spherical_paths(starts, ends, 4)).all(axis=(1, 2)).tolist() == [False, False, False, True]


def test_a_chain_is_walked_at_even_lengths():
    found = evenly(np.array([[0.0, 0], [3, 0], [3, 1]]), 4)
    np.testing.assert_allclose(found, [[0, 0], [1, 0], [2, 0], [3, 0], [3, 1]])
    np.testing.assert_allclose(evenly(np.array([[2.0, 5]]), 3), [[2, 5]] * 4)


def test_a_path_along_neighbours_goes_round_the_circle_and_a_straight_one_through_its_middle():
    cloud = circle(100)
    pairs = np.array([[0, 50], [0, 24]])
    found = neighbour_paths(cloud, pairs, 10, 2)
    chord = 2 * np.sin(np.pi / 100)
    lengths = np.linalg.norm(np.diff(found.points, axis=1), axis=2).sum(axis=1)
    np.testing.assert_allclose(lengths, [np.pi, 0.48 * np.pi], rtol=1e-2)
    np.testing.assert_allclose(found.longest, chord)
    np.testing.assert_allclose(found.points[:, 0], cloud[pairs[:, 0]], atol=1e-12)
    np.testing.assert_allclose(found.points[:, -1], cloud[pairs[:, 1]], atol=1e-12)
    straight = clearances(linear_paths(cloud[pairs[:, 0]], cloud[pairs[:, 1]], 10), cloud)
    np.testing.assert_allclose(straight, [1.0, 1 - np.cos(0.24 * np.pi)], atol=1e-3)
    np.testing.assert_allclose(merge_heights(cloud, pairs), chord)


@pytest.mark.parametrize("seed", range(5))
def test_merge_heights_are_cophenetic_distances_of_single_linkage(seed):
    cloud = np.round(stream(seed).normal(size=(40, 2)), 1)  # rounded: with ties and duplicates
    pairs = stream(seed + 50).integers(40, size=(200, 2))
    expected = squareform(cophenet(linkage(pdist(cloud), "single")))[pairs[:, 0], pairs[:, 1]]
    np.testing.assert_allclose(merge_heights(cloud, pairs), expected, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_no_path_beats_the_merge_height(seed):
    cloud = stream(seed).normal(size=(60, 3))
    pairs = np.column_stack([np.arange(30), np.arange(30, 60)])
    heights = merge_heights(cloud, pairs)
    assert (neighbour_paths(cloud, pairs, 8, 4).longest >= heights * (1 - 1e-12)).all()
    for make in (linear_paths, spherical_paths):
        paths = make(cloud[pairs[:, 0]], cloud[pairs[:, 1]], 200)
        step = np.linalg.norm(np.diff(paths, axis=1), axis=2).max(axis=1)
        assert (2 * clearances(paths, cloud) + step >= heights).all()


def test_duplicates_are_neighbours_at_no_distance():
    cloud = np.array([[0.0], [0], [1], [1], [2]])
    found = neighbour_paths(cloud, np.array([[0, 4], [0, 1]]), 2, 1)
    np.testing.assert_allclose(found.points[:, :, 0], [[0, 1, 2], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(found.longest, [1, 0])


def test_an_image_that_never_moves_has_no_peak_and_no_roughness():
    found = motion(np.ones((1, 5, 3)))
    assert found.length[0] == found.energy[0] == 0
    assert np.isnan([found.peak[0], found.roughness[0]]).all()


def test_a_jump_halfway_peaks_at_the_number_of_steps():
    images = np.array([0.0, 0, 0, 1, 1])[None, :, None]
    found = motion(images)
    assert found.peak[0] == 4
    assert found.energy[0] == 4  # one of four steps moves by 1 in a quarter of the time
    assert found.roughness[0] == pytest.approx(2 / 3 * 4)
