"""Clusters by short steps: exact to the last bit of the radius, whatever blocks and sketches do."""

from __future__ import annotations

import math
import resource

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import AgglomerativeClustering

from tda_latent.numerics import clustering
from tda_latent.numerics.blocks import sketcher
from tda_latent.numerics.clustering import (
    automatic_eps,
    dbscan_labeller,
    dbscan_labels,
    merge_tree,
    numbered,
    step_labeller,
)
from tda_latent.numerics.powers import largest_square
from tda_latent.numerics.proximity import component_labels, have_neighbours, nearest_within

quick = settings(max_examples=25, deadline=None, derandomize=True)


def cloud(seed, size, dimension, kind):
    """Several blocks large; on the lattice most distances are ties."""
    rng = np.random.default_rng(seed)
    if kind == "lattice":
        return rng.integers(0, 2 + int(size ** (1 / dimension)), size=(size, dimension)).astype(float)
    if kind == "clusters":
        return rng.normal(size=(size, dimension)) + 5 * rng.normal(size=(4, dimension))[rng.integers(0, 4, size)]
    return rng.random((size, dimension)) * 0.5 ** np.arange(dimension)


CLOUDS = st.builds(
    cloud,
    st.integers(0, 1000),
    st.sampled_from([1, 2, 5, 63, 129, 300, 600]),
    st.sampled_from([1, 2, 3, 9, 20]),
    st.sampled_from(["lattice", "clusters", "uneven"]),
)


def radii(distances):
    """A distance that occurs, the ones just below and above it, and none and all of them."""
    some = np.quantile(distances, [0.001, 0.02, 0.3], method="lower") if len(distances) else np.ones(1)
    return [0.0, *some, *np.nextafter(some, 0), *np.nextafter(some, np.inf), np.inf]


@quick
@given(CLOUDS)
def test_components_are_those_of_the_graph_of_all_pairs_within_the_radius(points):
    distances = pdist(points)
    for radius in radii(distances):
        oracle = connected_components(squareform(distances) <= radius, directed=False)[1]
        np.testing.assert_array_equal(numbered(component_labels(points, radius)), numbered(oracle))


@quick
@given(CLOUDS, st.integers(1, 9))
def test_neighbours_are_counted_and_found_as_among_all_pairs(points, count):
    distances = pdist(points)
    table = squareform(distances)
    for radius in radii(distances)[:-1]:
        enough = (table <= radius).sum(axis=1) >= count
        np.testing.assert_array_equal(have_neighbours(points, radius, count), enough)
        nearest = np.full(len(points), -1)
        targets = np.flatnonzero(enough)
        for row in np.flatnonzero(~enough) if len(targets) else []:
            best = table[row, targets].argmin()
            nearest[row] = targets[best] if table[row, targets[best]] <= radius else -1
        np.testing.assert_array_equal(nearest_within(points, radius, enough), nearest)


@given(st.floats(0, 1e300))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_largest_square_is_the_last_one_whose_root_is_at_most_the_radius(radius):
    square = largest_square(radius)
    assert math.sqrt(square) <= radius
    assert math.sqrt(math.nextafter(square, math.inf)) > radius or math.isinf(math.nextafter(square, math.inf))


def test_no_pair_is_near_for_a_negative_radius_and_every_pair_for_an_infinite_one():
    points = cloud(0, 200, 3, "clusters")
    assert sorted(component_labels(points, -1.0)) == list(range(200))
    assert not component_labels(points, np.inf).any()


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e8])
def test_axes_of_another_cloud_and_a_far_origin_change_no_component(shift):
    points = np.round(cloud(1, 400, 12, "clusters"), 3) + shift
    other = sketcher(cloud(2, 50, 12, "uneven") + 2 * shift + 100)
    for radius in np.quantile(pdist(points), [0.001, 0.01]):
        oracle = connected_components(squareform(pdist(points)) <= radius, directed=False)[1]
        for axes in (None, other, sketcher(points)):
            np.testing.assert_array_equal(numbered(component_labels(points, radius, axes)), numbered(oracle))


@pytest.mark.parametrize("factor", [1e-170, 1e-120, 1e120, 1e160, 1e300])
def test_coordinates_at_the_ends_of_the_range_are_treated_as_scipy_treats_them(factor):
    points = factor * cloud(3, 200, 10, "clusters")
    with np.errstate(over="ignore"):
        distances = pdist(points)
    for radius in (0.0, 2 * factor, 4 * factor):
        oracle = connected_components(squareform(distances) <= radius, directed=False)[1]
        np.testing.assert_array_equal(numbered(component_labels(points, radius)), numbered(oracle))


def test_the_order_of_the_points_is_irrelevant():
    points = cloud(4, 500, 5, "clusters")
    order = np.random.default_rng(0).permutation(len(points))
    permuted = numbered(component_labels(points[order], 1.0))
    np.testing.assert_array_equal(numbered(numbered(component_labels(points, 1.0))[order]), permuted)


def test_fifty_thousand_points_in_one_patch_need_no_matrix():
    points = np.random.default_rng(0).random((50_000, 2))
    component_labels(points[:300], 0.003)  # what compiling needs is no part of the measure
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    labels = component_labels(points, 0.003)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert labels.max() > 1000
    assert grown < 100_000  # KiB; a matrix of one bit a pair would take 300,000


@pytest.fixture(params=["plain", "compiled"])
def way(request, monkeypatch):
    monkeypatch.setattr(clustering, "COMPILED_FROM", 10**9 if request.param == "plain" else 0)


@pytest.mark.usefixtures("way")
def test_a_step_of_exactly_the_height_is_made_and_at_the_threshold_of_scikit_learn_it_is_not():
    points = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 9.1], [7.0, 1.0]])
    assert numbered(step_labeller(points, 5.0)(points)).tolist() == [0, 0, 1, 0]
    theirs = AgglomerativeClustering(linkage="single", n_clusters=None, distance_threshold=5.0)
    assert numbered(theirs.fit_predict(points)).tolist() == [0, 1, 2, 3]
    below = step_labeller(points, float(np.nextafter(5.0, 0)))
    assert numbered(below(points)).tolist() == [0, 1, 2, 3]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["lattice", "clusters", "uneven"])
def test_steps_cut_at_a_threshold_are_the_single_linkage_of_scikit_learn(kind):
    points = cloud(6, 300, 3, kind)
    for threshold in np.quantile(pdist(points), [0.001, 0.01, 0.05]):
        theirs = AgglomerativeClustering(linkage="single", n_clusters=None, distance_threshold=threshold)
        ours = step_labeller(points, float(np.nextafter(threshold, -np.inf)))(points)
        np.testing.assert_array_equal(numbered(ours), numbered(theirs.fit_predict(points)))


@quick
@given(CLOUDS, st.integers(1, 6))
def test_both_ways_to_dbscan_and_to_single_linkage_give_the_same_clusters(points, min_samples):
    for radius in [*radii(pdist(points))[:-1], automatic_eps(points, min_samples)]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clustering, "COMPILED_FROM", 0)
            density, steps = dbscan_labeller(points, radius, min_samples), step_labeller(points, radius)
        np.testing.assert_array_equal(numbered(density(points)), dbscan_labels(points, radius, min_samples))
        np.testing.assert_array_equal(numbered(steps(points)), merge_tree(points).labels(radius))
