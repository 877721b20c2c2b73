"""Cross-barcodes of two clouds: barcodes by hand, by simplices written out, and the numbers their authors printed."""

from __future__ import annotations

import gudhi
import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.engines.cross_rips import matrix_bars, total_length
from tda_latent.errors import InvalidInput
from tda_latent.numerics.cross_barcode import cross_matrix, paired_cross_matrix, quantile_scaled


def line(*places) -> np.ndarray:
    return np.array(places, dtype=float)[:, None]


def distances(points) -> np.ndarray:
    return cdist(points, points)


def simplex_bars(matrix, degree) -> np.ndarray:
    """Bars by GUDHI of a complex that is written out simplex by simplex; edges at infinity are left out."""
    tree = gudhi.SimplexTree()
    for i in range(len(matrix)):
        tree.insert([i], 0.0)
        for j in range(i):
            if np.isfinite(matrix[i, j]):
                tree.insert([i, j], matrix[i, j])
    tree.expansion(degree + 1)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=0)
    found = tree.persistence_intervals_in_dimension(degree).reshape(-1, 2)
    found = found[found[:, 0] < found[:, 1]]
    return found[np.lexsort((found[:, 1], found[:, 0]))]


def default_matrix(w, other) -> np.ndarray:
    """As the authors' code has it by default: w in both halves."""
    return np.block([[np.zeros_like(w), w], [w, np.minimum(w, other)]])


def paper_matrix(w, other) -> np.ndarray:
    """As the paper has it: w among the originals, and one more vertex over them that the copies never reach."""
    upper = np.where(np.tri(len(w), k=-1, dtype=bool), np.inf, w)
    over, never = np.zeros((len(w), 1)), np.full((len(w), 1), np.inf)
    return np.block([[w, upper.T, over], [upper, np.minimum(w, other), never], [over.T, never.T, np.zeros((1, 1))]])


# three points on a line: in one cloud at 0, 1, 3; in the other the second and the third are together at 1
FIRST, SECOND = distances(line(0, 1, 3)), distances(line(0, 1, 1))


def test_an_edge_that_is_short_in_the_other_cloud_alone_is_a_bar_until_it_is_as_short_in_this_one() -> None:
    """Points 1 and 2 are joined at 0 there and at 2 here; 0 and 2 at 1 there, when they already are by way of 1."""
    assert matrix_bars(paired_cross_matrix(FIRST, SECOND), 1).tolist() == [[0.0, 2.0]]
    assert matrix_bars(paired_cross_matrix(SECOND, FIRST), 1).tolist() == []


def test_two_clusters_against_one_are_one_bar_from_joining_to_joining() -> None:
    """Four points: two pairs 10 apart here, evenly spaced there. The bridge is a bar from 1 to 10 and nothing else."""
    two, one = distances(line(0, 1, 11, 12)), distances(line(0, 1, 2, 3))
    assert matrix_bars(paired_cross_matrix(two, one), 1).tolist() == [[1.0, 10.0]]
    assert total_length(paired_cross_matrix(one, two), 1) == 0.0


@pytest.mark.parametrize("seed", range(12))
def test_the_three_published_forms_of_the_matrix_give_the_same_bars(seed) -> None:
    rng = np.random.default_rng(seed)
    if seed % 2:  # ties
        w, other = (distances(rng.integers(0, 4, (9, 2)).astype(float)) for _ in range(2))
    else:
        w, other = (distances(rng.normal(size=(9, dimension))) for dimension in (2, 4))
    matrix = paired_cross_matrix(w, other)
    expected = simplex_bars(default_matrix(w, other), 1)
    assert np.isinf(matrix).sum() == 9 * 8
    np.testing.assert_array_equal(simplex_bars(matrix, 1), expected)
    np.testing.assert_array_equal(simplex_bars(paper_matrix(w, other), 1), expected)
    np.testing.assert_array_equal(matrix_bars(matrix, 1), expected)


def test_equal_distances_leave_no_bar() -> None:
    w = distances(np.random.default_rng(0).normal(size=(30, 3)))
    assert len(matrix_bars(paired_cross_matrix(w, w), 1)) == 0
    assert len(matrix_bars(paired_cross_matrix(w, w + 1.0 - np.eye(30)), 1)) == 0  # there everything is longer


@pytest.mark.parametrize("seed", range(4))
def test_the_cross_barcode_is_that_of_simplices_written_out(seed) -> None:
    rng = np.random.default_rng(seed)
    one, base = rng.normal(size=(6, 2)), rng.normal(size=(7, 2))
    if seed == 3:
        one[2:4], base[:2] = one[1], one[1]  # duplicates, and points of both clouds
    matrix = cross_matrix(one, base)
    assert matrix.shape == (13, 13)
    assert not matrix[:7, :7].any()
    np.testing.assert_array_equal(matrix_bars(matrix, 1), simplex_bars(matrix, 1))


def test_a_point_beside_the_other_cloud_closes_loops_with_it() -> None:
    """One point at 1 from one and at 3 from the other of two points: the loop opens at 3 and is filled at once.

    Two points at 0 and 4 against base points at 0 and 4: none. Against a base point at 2 they are joined at 2.
    """
    assert len(matrix_bars(cross_matrix(line(1), line(0, 4)), 1)) == 0
    assert len(matrix_bars(cross_matrix(line(0, 4), line(0, 4)), 1)) == 0
    # an edge of the first at 2, whose ends reach different base points at 1; a common one only at 1 + 2 = 3
    bars = matrix_bars(cross_matrix(line(1, 3), line(0, 4)), 1)
    np.testing.assert_array_equal(bars, [[2.0, 3.0]])


def test_a_cloud_inside_the_other_has_nothing_that_it_lacks() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=(40, 3))
    assert total_length(cross_matrix(base[::3], base), 1) == 0.0
    angles = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles])
    assert total_length(cross_matrix(ring, np.zeros((1, 3))), 1) > total_length(cross_matrix(ring, ring * 0.99), 1)


def test_the_quantile_counts_the_zeros_of_the_diagonal() -> None:
    w = distances(line(0, 1, 3))  # entries 0 0 0 1 1 2 2 3 3
    np.testing.assert_allclose(quantile_scaled(w, 0.5), w / 1.0)
    np.testing.assert_allclose(quantile_scaled(w, 1.0), w / 3.0)
    with pytest.raises(InvalidInput, match=r"0\.2 quantile.*duplicate"):
        quantile_scaled(w, 0.2)


def test_matrices_and_clouds_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="same objects"):
        paired_cross_matrix(np.zeros((3, 3)), np.zeros((4, 4)))
    with pytest.raises(InvalidInput, match="same coordinates"):
        cross_matrix(np.zeros((3, 2)), np.zeros((3, 3)))


def printed_clouds() -> tuple[np.random.RandomState, np.ndarray, np.ndarray]:
    """What both README files begin with: np.random.seed(7), then two clouds of 1000 points in the unit square."""
    legacy = np.random.RandomState(7)
    return legacy, legacy.rand(1000, 2), legacy.rand(1000, 2)


def test_the_divergence_that_the_authors_of_rtd_print_is_ours_to_their_single_precision() -> None:
    """35.55234398557805 is the mean of ten batches of 500, both ways; the first six digits need all of them."""
    legacy, p, q = printed_clouds()
    found = []
    for _ in range(10):
        rows = list(range(1000))
        legacy.shuffle(rows)
        w, other = (quantile_scaled(distances(points[rows[:500]]), 0.9) for points in (p, q))
        found += [total_length(paired_cross_matrix(*pair), 1) for pair in ((w, other), (other, w))]
    assert np.mean(found) == pytest.approx(35.55234398557805, rel=1e-7)


def test_the_divergence_that_the_authors_of_mtop_div_print_is_ours_to_their_single_precision() -> None:
    """0.035247244 is the mean of twenty batches of 100 against all 1000, after one batch for a picture."""
    legacy, p, q = printed_clouds()
    found = []
    for _ in range(21):
        base, rows = legacy.choice(1000, 1000, replace=False), legacy.choice(1000, 100, replace=False)
        found.append(total_length(cross_matrix(p[rows], q[base]), 1))
    assert np.mean(found[1:]) == pytest.approx(0.035247244, rel=1e-6)
