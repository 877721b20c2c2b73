"""What the sampling audit prints, by the code of those who brought its measures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from tda_latent.analyzers.sampling_audit import SamplingAudit
from tda_latent.numerics.memorisation import cell_deviate
from tda_latent.numerics.prdc import expected_coverage, prdc

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(150, 4))
FRESH = RNG.normal(size=(150, 4))
CLOUDS = {
    "the same law": RNG.normal(size=(150, 4)),
    "another size and place": RNG.normal(size=(150, 4)) * 1.3 + 0.7,
    "copies": REAL + 1e-6 * RNG.normal(size=(150, 4)),
    "far away": RNG.normal(size=(150, 4)) + 100,
}


def nearest(points, others) -> tuple[np.ndarray, np.ndarray]:
    table = cdist(points, others)
    return table.min(axis=1), table.argmin(axis=1)


def own_nearest(points) -> np.ndarray:
    table = cdist(points, points)
    np.fill_diagonal(table, np.inf)
    return table.min(axis=1)


def theirs_deviate(generated, real) -> float:
    """The score of [meehan2020] by their code, without the correction for continuity that it adds to the mean."""
    m, n = len(generated), len(real)
    statistic = mannwhitneyu(generated, real, alternative="less").statistic
    return float((statistic - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))


@pytest.mark.parametrize("name", CLOUDS)
def test_the_audit_prints_the_numbers_of_their_authors_where_nothing_is_tied(name):
    """Balls without their boundary and a strict order, as published, say the same of points in general position."""
    generated, k = CLOUDS[name], 5
    found = SamplingAudit(neighbours=k).measured(generated, FRESH, REAL, np.random.default_rng(0))
    gaps, rows = nearest(generated, REAL)
    assert found["authenticity"] == pytest.approx((own_nearest(REAL)[rows] < gaps).mean(), abs=1e-12)
    assert found["data-copying Z"] == pytest.approx(theirs_deviate(gaps, nearest(FRESH, REAL)[0]), abs=1e-9)
    table = cdist(FRESH, generated)
    inside = table < np.sort(cdist(FRESH, FRESH), axis=1)[:, [k]]
    reverse = table < np.sort(cdist(generated, generated), axis=1)[:, k]
    theirs = inside.any(axis=0).mean(), reverse.any(axis=1).mean(), inside.sum(axis=0).mean() / k
    assert [found[what] for what in ("precision", "recall", "density")] == pytest.approx(theirs, abs=1e-12)
    assert found["coverage"] == pytest.approx(inside.any(axis=1).mean(), abs=1e-12)


@pytest.mark.parametrize("name", CLOUDS)
def test_the_end_of_the_curve_of_beta_recall_is_the_coverage_by_one_neighbour(name):
    """[alaa2022] at beta = 1: real points whose nearest generated point is no farther than their nearest real one.

    So a perfect model has about one half there, not one, and copies of the data have one.
    """
    gaps, _ = nearest(REAL, CLOUDS[name])
    assert prdc(REAL, CLOUDS[name], 1).coverage == pytest.approx((gaps <= own_nearest(REAL)).mean(), abs=1e-12)


def test_beta_recall_of_a_perfect_model_ends_at_one_half_on_average():
    size, draws = 60, np.random.default_rng(1).normal(size=(400, 2, 60, 3))
    values = [prdc(real, generated, 1).coverage for real, generated in draws]
    expected = expected_coverage(size, size, 1)
    assert expected == pytest.approx(size / (2 * size - 1))
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / 20)


def test_the_score_of_cells_weighs_each_by_its_share_of_the_real_points():
    rng = np.random.default_rng(3)
    values, cells = [rng.random(300), rng.random(200)], [rng.integers(0, 4, 300), rng.integers(0, 4, 200)]
    values[0][cells[0] == 2] *= 0.2  # copies, in one cell
    parts = [(values[0][cells[0] == cell], values[1][cells[1] == cell]) for cell in range(4)]
    expected = sum(len(b) / 200 * theirs_deviate(a, b) for a, b in parts)
    found = cell_deviate((values[0], cells[0]), (values[1], cells[1]), 5)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.cells == 4
