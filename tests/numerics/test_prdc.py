"""Precision, recall, density and coverage: by hand, written out, and what draws of one distribution give on average."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from tda_latent.errors import InvalidInput
from tda_latent.numerics.prdc import expected_coverage, prdc


def written_out(real, generated, k) -> tuple[float, ...]:
    """Every indicator of the definitions, one by one."""
    radius = [np.sort([np.linalg.norm(x - y) for j, y in enumerate(real) if j != i])[k - 1] for i, x in enumerate(real)]
    other = [
        np.sort([np.linalg.norm(x - y) for j, y in enumerate(generated) if j != i])[k - 1]
        for i, x in enumerate(generated)
    ]
    holds = np.array([[np.linalg.norm(x - y) <= r for y in generated] for x, r in zip(real, radius, strict=True)])
    held = np.array([[np.linalg.norm(x - y) <= r for y, r in zip(generated, other, strict=True)] for x in real])
    return (
        holds.any(axis=0).mean(),
        held.any(axis=1).mean(),
        holds.sum() / (k * len(generated)),
        holds.any(axis=1).mean(),
    )


def test_four_points_on_a_line_by_hand() -> None:
    """Real 0, 1, 2, 10 have balls of radius 1, 1, 1, 8 (k = 1); generated 0.5, 4, 30."""
    real, generated = np.array([[0.0], [1], [2], [10]]), np.array([[0.5], [4], [30]])
    found = prdc(real, generated, 1)
    assert found.precision == pytest.approx(2 / 3)  # 30 lies in no ball
    assert found.coverage == pytest.approx(3 / 4)  # nothing within 1 of 2
    assert found.density == pytest.approx((2 + 1 + 0) / 3)
    assert found.recall == pytest.approx(3 / 4 + 1 / 4)  # balls 3.5, 3.5, 26 around 0.5, 4, 30: 4..56 holds 10 too


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_definition_written_out(seed) -> None:
    rng = np.random.default_rng(seed)
    real, generated = rng.normal(size=(23, 3)), rng.normal(0.5, 1.2, size=(17, 3))
    if seed == 3:  # ties and duplicates
        real, generated = np.round(real), np.round(generated)
    assert prdc(real, generated, 3) == pytest.approx(written_out(real, generated, 3))


def test_equal_clouds_are_fully_covered_also_when_all_points_coincide() -> None:
    cloud = np.random.default_rng(0).normal(size=(30, 4))
    found = prdc(cloud, cloud, 5)
    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)
    assert found.density == pytest.approx(6 / 5)  # every ball holds its own centre and k more
    assert prdc(np.ones((9, 2)), np.ones((9, 2)), 2)[:2] == (1.0, 1.0)


def turned(cloud, seed=0):
    return cloud @ np.linalg.qr(np.random.default_rng(seed).normal(size=(cloud.shape[1],) * 2))[0]


GRID = np.random.default_rng(0).integers(0, 5, (400, 3)), np.random.default_rng(1).integers(0, 5, (350, 3))
BITS = tuple(
    (np.random.default_rng(seed).random((250, 25)) < np.linspace(0.05, 0.6, 25)).astype(int) for seed in (2, 3)
)


@pytest.mark.parametrize("clouds", [GRID, BITS], ids=["grid", "bits"])
def test_ties_are_those_of_whole_numbers_whatever_the_axes_the_unit_and_the_storage(clouds) -> None:
    """Neither a turn nor a change of unit nor float32, in one cloud or in both, decides who is in a ball."""
    squares = [((a[:, None] - b[None]) ** 2).sum(axis=2) for a, b in ((clouds[0],) * 2, (clouds[1],) * 2, clouds)]
    reach = [np.sort(within, axis=1)[:, 5] for within in squares[:2]]  # entry 0 is the point itself
    in_real, in_generated = squares[2] <= reach[0][:, None], squares[2] <= reach[1]
    expected = (
        in_real.any(axis=0).mean(),
        in_generated.any(axis=1).mean(),
        in_real.sum() / (5 * len(clouds[1])),
        in_real.any(axis=1).mean(),
    )
    moves = (lambda cloud: cloud / 1, turned, lambda cloud: (cloud - 0.1307) / 0.3081, lambda cloud: turned(cloud) - 7)
    for move in moves:
        real, generated = (move(cloud) for cloud in clouds)
        for types in ("dd", "ff", "fd", "df"):
            found = prdc(real.astype(types[0]), generated.astype(types[1]), 5)
            assert found == pytest.approx(expected, abs=1e-12), types
    in_single = (clouds[0].astype("f") - np.float32(0.1307)) / np.float32(0.3081)  # arithmetic in float32, too
    assert prdc(in_single, (clouds[1] - 0.1307) / 0.3081, 5) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 1e5])
def test_in_continuous_clouds_rounding_decides_nothing(shift) -> None:
    rng = np.random.default_rng(7)
    real, generated = (rng.normal(size=(size, 4)).astype(np.float32) + np.float32(shift) for size in (200, 150))
    wide = real.astype(float), generated.astype(float)
    own = np.sort(cdist(wide[0], wide[0]), axis=1)[:, 5]
    apart = cdist(*wide)
    assert prdc(real, generated, 5).density == pytest.approx(
        (apart <= own[:, None]).sum() / 750, abs=0.002 * bool(shift)
    )


def test_many_ties_take_little_memory() -> None:
    cloud = np.random.default_rng(8).integers(0, 2, (3000, 6))
    tracemalloc.start()
    prdc(cloud, cloud[:2500], 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 130e6  # of 9 million pairs, of which a fourth are ties


def test_clouds_far_apart_have_nothing() -> None:
    cloud = np.random.default_rng(0).normal(size=(30, 4))
    assert prdc(cloud, cloud + 100, 5) == (0.0, 0.0, 0.0, 0.0)


def test_precision_of_one_direction_is_recall_of_the_other() -> None:
    rng = np.random.default_rng(1)
    real, generated = rng.normal(size=(40, 2)), rng.normal(0.7, 1, size=(50, 2))
    assert prdc(real, generated, 4).precision == prdc(generated, real, 4).recall


@pytest.mark.parametrize(("dimension", "sizes", "k"), [(1, (40, 40), 3), (2, (60, 30), 5), (40, (30, 60), 2)])
def test_draws_of_one_distribution_give_the_expected_density_and_coverage(dimension, sizes, k) -> None:
    """[naeem2020]: E density = 1 and E coverage = 1 - prod (n - i) / (n + m - i), within 4 standard errors."""
    rng = np.random.default_rng(dimension)
    draws = [prdc(*(rng.standard_exponential((size, dimension)) for size in sizes), k) for _ in range(300)]
    for values, expected in (
        ([found.density for found in draws], 1.0),
        ([found.coverage for found in draws], expected_coverage(*sizes, k)),
    ):
        assert abs(np.mean(values) - expected) < 4 * np.std(values, ddof=1) / np.sqrt(len(values))


def test_the_expected_coverage_counts_orders_of_neighbours() -> None:
    """Two real points, one generated, k = 1: of the two others of a real point either is nearest equally often."""
    assert expected_coverage(2, 1, 1) == pytest.approx(0.5)
    assert expected_coverage(200, 200, 5) == pytest.approx(0.96992, abs=5e-6)  # about 1 - 2^-5


def test_one_mode_of_two_is_half_the_coverage_at_full_precision() -> None:
    rng = np.random.default_rng(2)
    modes = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(50, 1, (100, 2))])
    found = prdc(modes, rng.normal(0, 0.5, (200, 2)), 5)
    assert found.precision == 1.0
    assert found.coverage <= 0.5


def test_blocks_of_rows_change_nothing(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    real, generated = rng.normal(size=(50, 3)), rng.normal(size=(35, 3))
    whole = prdc(real, generated, 4)
    monkeypatch.setattr("tda_latent.numerics.neighbour_balls.BLOCK_ENTRIES", 200)
    assert prdc(real, generated, 4) == whole


def test_too_few_points_and_other_spaces_are_refused() -> None:
    cloud = np.zeros((5, 2))
    with pytest.raises(InvalidInput, match="1 <= neighbours < 5"):
        prdc(cloud, np.zeros((9, 2)), 5)
    with pytest.raises(InvalidInput, match="same coordinates"):
        prdc(cloud, np.zeros((5, 3)), 2)
