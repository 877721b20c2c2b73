"""Dendrogram order and multidimensional scaling of distance matrices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.cluster.hierarchy import is_valid_linkage, leaves_list
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.arrangement import dendrogram_order, multidimensional_scaling


def distances(points) -> np.ndarray:
    return cdist(points, points)


def test_points_on_a_line_are_ordered_along_it() -> None:
    places = np.array([4.0, 0, 3, 1, 10])
    order, tree = dendrogram_order(distances(places[:, None]))
    assert sorted(places[order].tolist()) in (places[order].tolist(), places[order].tolist()[::-1])
    assert is_valid_linkage(tree)
    assert np.array_equal(leaves_list(tree), order)


def test_replicates_of_one_model_stand_together() -> None:
    rng = np.random.default_rng(0)
    models = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    order, _ = dendrogram_order(distances(10 * models[:, None] + rng.random((9, 1))))
    assert np.count_nonzero(np.diff(models[order])) == 2


def test_an_infinite_distance_counts_as_twice_the_largest_finite_one() -> None:
    values = np.array([[0, 1, np.inf], [1, 0, np.inf], [np.inf, np.inf, 0]])
    _, tree = dendrogram_order(values)
    assert tree[:, 2].tolist() == [1.0, 2.0]
    coordinates, stress = multidimensional_scaling(values)
    assert np.sort(cdist(coordinates, coordinates)[np.triu_indices(3, 1)]) == pytest.approx([1, 2, 2])
    assert stress == pytest.approx(0.0, abs=1e-5)


def test_only_infinite_distances_are_arranged_as_equal_ones() -> None:
    values = np.where(np.eye(4, dtype=bool), 0.0, np.inf)
    coordinates, _ = multidimensional_scaling(values)
    assert distances(coordinates)[np.triu_indices(4, 1)].min() > 0.5


@pytest.mark.parametrize("size", [1, 2])
def test_one_and_two_models_are_arranged(size) -> None:
    values = 3.0 * (1 - np.eye(size))
    order, tree = dendrogram_order(values)
    coordinates, stress = multidimensional_scaling(values)
    assert sorted(order.tolist()) == list(range(size))
    assert tree.shape == (size - 1, 4)
    assert coordinates.shape == (size, 2)
    assert distances(coordinates) == pytest.approx(values)
    assert stress == pytest.approx(0.0, abs=1e-12)


def test_equal_models_share_a_place() -> None:
    coordinates, stress = multidimensional_scaling(np.zeros((4, 4)))
    assert np.array_equal(coordinates, np.zeros((4, 2)))
    assert stress == 0.0


def test_both_directions_are_averaged_and_the_diagonal_is_not_read() -> None:
    plain = distances(np.random.default_rng(0).random((5, 2)))
    skewed = plain + np.triu(plain, 1) - np.tril(plain, -1) + np.eye(5)
    assert np.array_equal(dendrogram_order(skewed)[0], dendrogram_order(plain)[0])
    assert multidimensional_scaling(skewed)[0] == pytest.approx(multidimensional_scaling(plain)[0])


@pytest.mark.parametrize("bad", [[[0, np.nan], [np.nan, 0]], [[0, -1], [-1, 0]], [[0.0, 1, 2]], np.empty((0, 0))])
def test_what_cannot_be_arranged_is_refused(bad) -> None:
    for arrange in (dendrogram_order, multidimensional_scaling):
        with pytest.raises(InvalidInput, match="distances"):
            arrange(np.array(bad))


def test_plane_distances_are_embedded_without_stress() -> None:
    wanted = distances(np.random.default_rng(1).normal(size=(12, 2)))
    coordinates, stress = multidimensional_scaling(wanted)
    assert distances(coordinates) == pytest.approx(wanted, abs=1e-9)
    assert stress == pytest.approx(0.0, abs=1e-9)


def test_the_stress_is_that_of_the_coordinates_and_lower_than_that_of_two_principal_axes() -> None:
    points = np.random.default_rng(2).normal(size=(15, 5))
    wanted = distances(points)
    coordinates, stress = multidimensional_scaling(wanted)

    def misfit(places) -> float:
        return float(np.sqrt(np.sum((distances(places) - wanted) ** 2) / np.sum(wanted**2)))

    assert stress == pytest.approx(misfit(coordinates))
    centred = points - points.mean(axis=0)
    assert stress < misfit(centred @ np.linalg.svd(centred)[2][:2].T)


def test_models_at_equal_distances_never_share_a_place() -> None:
    """The classical solution alone puts most of them on one spot, from where majorisation cannot part them."""
    coordinates, stress = multidimensional_scaling(1 - np.eye(8))
    assert distances(coordinates)[np.triu_indices(8, 1)].min() > 0.3
    assert stress < 0.33


def test_the_embedding_is_deterministic_centred_and_has_fixed_signs() -> None:
    wanted = distances(np.random.default_rng(3).random((9, 4)))
    coordinates, _ = multidimensional_scaling(wanted)
    assert np.array_equal(coordinates, multidimensional_scaling(wanted)[0])
    assert coordinates.mean(axis=0) == pytest.approx([0, 0], abs=1e-12)
    assert (coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]] > 0).all()
    assert coordinates[:, 0] @ coordinates[:, 1] == pytest.approx(0.0, abs=1e-9)


def test_more_axes_never_raise_the_stress() -> None:
    wanted = distances(np.random.default_rng(4).random((10, 6)))
    stresses = [multidimensional_scaling(wanted, dimension)[1] for dimension in (1, 2, 3, 6)]
    assert all(low <= high for high, low in itertools.pairwise(stresses))
