"""RTD-Lite, PRDC, CCA, neighbour overlap, IMD, Gromov-Wasserstein: pairing, directions, references, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.distances.gromov_wasserstein import MOST_POINTS
from tda_latent.distances.imd import TIMES
from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.numerics.prdc import expected_coverage, prdc
from tda_latent.records import Latents
from tda_latent.registry import axioms_of, needs_of, registry

PAIRED = ("rtd-lite", "svcca", "pwcca", "neighbour-overlap")
UNPAIRED = ("imd", "gromov-wasserstein")


def built(name, **parameters):
    return registry().find("distance", name).build(parameters)


def cloud(seed=0, size=40, dimension=3) -> Latents:
    return Latents(np.random.default_rng(seed).normal(size=(size, dimension)), ids=np.arange(size))


def moved(latents, seed=5) -> Latents:
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(latents.dimension, latents.dimension)))[0]
    return latents.replace(points=4 * latents.points @ turn + 2)


@pytest.mark.parametrize("name", PAIRED)
def test_points_are_paired_by_id_and_others_left_out(name) -> None:
    a, b = cloud(0), cloud(1, dimension=5)
    rows, part = np.random.default_rng(2).permutation(40), np.arange(25)
    assert needs_of(built(name)) == ("ids",)
    assert built(name)(a, b.take(rows)) == built(name)(a, b) > 0
    assert built(name)(a.take(part), b) == built(name)(a.take(part), b.take(part))
    assert built(name)(a, a.take(rows)) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(IncompatibleRecords, match="carries no ids"):
        built(name)(a, Latents(b.points))
    with pytest.raises(IncompatibleRecords, match="share 1 ids"):
        built(name)(a, b.replace(ids=np.arange(39, 79)))


@pytest.mark.parametrize("name", UNPAIRED)
def test_nothing_is_paired_and_sizes_may_differ(name) -> None:
    a, b = Latents(cloud(0).points), Latents(cloud(1, 30, 5).points)
    rows = np.random.default_rng(2).permutation(40)
    assert needs_of(built(name)) == ()
    assert built(name)(a, b) == built(name)(b, a) > 0
    assert built(name)(a.take(rows), b) == pytest.approx(built(name)(a, b), rel=1e-9)
    assert built(name)(a, moved(a).take(rows)) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("name", [*PAIRED, *UNPAIRED, "rtd"])
def test_separate_similarities_change_nothing(name) -> None:
    a, b = cloud(0), cloud(1, dimension=5)
    if name != "pwcca":  # its weights stand on the axes of the first cloud
        assert built(name)(moved(a), b) == pytest.approx(built(name)(a, b), rel=1e-8)
    assert built(name)(a, moved(b)) == pytest.approx(built(name)(a, b), rel=1e-8)


@pytest.mark.parametrize(("name", "both"), [("rtd-lite", "both"), ("mtop-div", "both"), ("rtd", "mean")])
def test_one_direction_is_the_other_with_clouds_swapped_and_not_symmetric(name, both) -> None:
    field = "combine" if name == "rtd" else "direction"
    a, b = cloud(0), cloud(1)
    forward, backward, mean = (built(name, **{field: way}) for way in ("forward", "backward", both))
    assert forward(a, b) == backward(b, a) != forward(b, a)
    assert mean(a, b) == pytest.approx((forward(a, b) + backward(a, b)) / 2, rel=1e-14)
    assert axioms_of(mean) == ("identity", "symmetry")
    assert axioms_of(forward) == axioms_of(backward) == ("identity",)


def test_forward_is_what_the_second_cloud_joins_and_the_first_does_not() -> None:
    """Two clusters of the first that are one in the second: one bar, from joining there to the gap here.

    In units of the quantile the clusters themselves are joined earlier in the first: those bars are backward.
    """
    points = np.random.default_rng(3).normal(0, 0.1, (24, 2))
    apart = points + np.repeat([[0.0, 0], [5, 0]], 12, axis=0)
    one, two = (Latents(p, ids=np.arange(24)) for p in (points, apart))
    lite = built("rtd-lite")
    forward, backward = lite.bars(two, one), lite.bars(one, two)
    gap = np.linalg.norm(apart[:12, None] - apart[None, 12:], axis=2).min()
    unit = np.quantile(np.linalg.norm(apart[:, None] - apart[None], axis=2), 0.9)
    assert forward.shape == (1, 2)
    assert forward[0, 1] == pytest.approx(gap / unit)
    assert forward[0, 1] - forward[0, 0] > np.diff(backward, axis=1).max()
    assert lite(one, two) == pytest.approx((np.diff(forward, axis=1).sum() + np.diff(backward, axis=1).sum()) / 2)


def test_rtd_tells_both_directions_of_every_batch() -> None:
    a, b = cloud(0, 60), cloud(1, 60)
    divergence = built("rtd", batch=25, batches=4)
    table = divergence.per_batch(a, b)
    assert table.values.shape == (4, 2)
    assert table.columns.tolist() == ["forward", "backward"]
    assert table.values.mean() == pytest.approx(divergence(a, b), rel=1e-14)
    assert table.values.std(axis=0).min() > 0
    assert built("rtd").per_batch(a, b).values.shape == (1, 2)
    largest = built("rtd", batch=25, batches=4, combine="max")
    assert largest(a, b) == pytest.approx(table.values.max(axis=1).mean(), rel=1e-14)


def test_mtop_div_tells_every_batch_and_leaves_out_those_it_need_not_draw() -> None:
    a, b = Latents(cloud(0, 50).points), Latents(cloud(1, 80).points)
    divergence = built("mtop-div", batch=60, base_batch=100, batches=3)
    table = divergence.per_batch(a, b)
    assert table.values.shape == (3, 2)
    assert np.isnan(table.values[1:, 0]).all()  # 50 points of the first and 80 of the second fit into one batch
    assert np.isfinite(table.values[:, 1]).all()
    assert np.nanmean(table.values, axis=0).mean() == pytest.approx(divergence(a, b), rel=1e-14)
    one = built("mtop-div", batch=20, base_batch=100, batches=3, direction="forward").per_batch(a, b)
    assert one.columns.tolist() == ["forward"]
    assert len(set(one.values[:, 0].tolist())) == 3


def test_mtop_div_is_zero_for_points_of_the_other_cloud() -> None:
    base = cloud(1, 80)
    part = base.take(np.arange(0, 80, 3))
    assert built("mtop-div", direction="forward")(part, base) == 0.0
    assert built("mtop-div", direction="backward")(part, base) > 0


@pytest.mark.parametrize("statistic", ["precision", "recall", "density", "coverage"])
def test_prdc_is_what_is_missing_to_one(statistic) -> None:
    a, b = cloud(0), cloud(1, 30)
    near = b.replace(points=b.points + 0.8)
    value = getattr(prdc(a.points, near.points, 5), statistic)
    assert built("prdc", statistic=statistic)(a, near) == abs(1 - value)
    assert built("prdc", statistic=statistic).statistics(a, near).scalars[statistic].value == value
    assert "symmetry" not in axioms_of(built("prdc", statistic=statistic))
    assert ("identity" in axioms_of(built("prdc", statistic=statistic))) == (statistic != "density")


def test_prdc_sets_what_equal_laws_give_beside_its_numbers() -> None:
    found = built("prdc", neighbours=3).statistics(cloud(0), cloud(1, 30)).scalars
    assert found["coverage (reference)"].value == expected_coverage(40, 30, 3)
    assert found["density (reference)"].value == 1.0


def test_prdc_needs_one_space_and_enough_points() -> None:
    with pytest.raises(IncompatibleRecords, match=r"3 and 5 coordinates.*neighbour-overlap"):
        built("prdc")(cloud(0), cloud(1, dimension=5))
    with pytest.raises(InvalidInput, match="1 <= neighbours < 4"):
        built("prdc")(cloud(0, 4), cloud(1))


def test_canonical_correlations_leave_invertible_linear_changes_alone() -> None:
    a, b = cloud(0), cloud(1, dimension=5)
    sheared = b.replace(points=b.points @ np.random.default_rng(7).normal(size=(5, 5)) - 1)
    for name in ("svcca", "pwcca"):
        whole = built(name, variance=1.0)
        assert whole(a, sheared) == pytest.approx(whole(a, b), rel=1e-9)
        assert whole(b, sheared) == pytest.approx(0.0, abs=1e-10)
    assert built("svcca", variance=1.0)(sheared, a) == pytest.approx(built("svcca", variance=1.0)(b, a), rel=1e-9)
    for name in ("cka", "procrustes", "rsa", "rtd"):  # those do not
        assert built(name)(a, sheared) != pytest.approx(built(name)(a, b), rel=1e-3)


def test_neighbour_overlap_sets_random_neighbours_beside_its_number() -> None:
    a, b = cloud(0), cloud(1)
    found = built("neighbour-overlap", neighbours=4).overlap(a, b).scalars
    assert found["overlap"].value == pytest.approx(1 - built("neighbour-overlap", neighbours=4)(a, b))
    assert 0 < found["overlap (reference)"].value < 0.1


def test_neighbour_overlap_is_a_pseudometric() -> None:
    clouds = [cloud(seed, dimension=2 + seed % 3) for seed in range(6)]
    values = np.array([[built("neighbour-overlap", neighbours=5)(a, b) for a in clouds] for b in clouds])
    np.testing.assert_array_equal(values, values.T)
    assert (values[:, :, None] <= values[:, None, :] + values.T[None] + 1e-12).all()


def test_imd_is_the_largest_weighted_difference_of_two_closed_forms() -> None:
    """A circle and a longer one with two neighbours each are cycles, whose spectra are known."""

    def trace(size) -> np.ndarray:
        return np.exp(-np.outer(TIMES, 1 - np.cos(2 * np.pi * np.arange(size) / size))).mean(axis=1)

    circles = []
    for size in (5, 8):
        angles = 2 * np.pi * np.arange(size) / size
        circles.append(Latents(np.column_stack([np.cos(angles), np.sin(angles)])))
    expected = 1e6 * (np.exp(-2 * (TIMES + 1 / TIMES)) * np.abs(trace(5) - trace(8))).max()
    assert built("imd", neighbours=2)(*circles) == pytest.approx(expected, rel=1e-8)


def test_imd_estimates_large_clouds_close_to_their_spectrum() -> None:
    rng = np.random.default_rng(0)
    a, b = Latents(rng.normal(size=(300, 8))), Latents(rng.uniform(size=(250, 2)))
    exact, estimated = built("imd"), built("imd", exact_size=100)
    assert estimated(a, b) == pytest.approx(exact(a, b), rel=0.02)
    assert estimated(a, b) == built("imd", exact_size=100)(a, b) == estimated(b, a)
    curves = estimated.traces(a, b).curves
    assert curves["first (standard error)"].y.max() > 0
    assert built("imd").traces(a, b).curves["second (standard error)"].y.max() == 0
    assert estimated(a, a) == 0.0


def test_gromov_wasserstein_is_enclosed_and_refuses_large_clouds() -> None:
    a, b = cloud(0, 30), cloud(1, 20)
    distance = built("gromov-wasserstein", scale="given", starts=2)
    found = distance.bounds(a, b).scalars
    assert 0 < found["distance (reference)"].value <= found["distance"].value == distance(a, b)
    assert distance.unit == found["distance"].unit == "input distance"
    doubled = [x.replace(points=2 * x.points) for x in (a, b)]
    assert distance(*doubled) == pytest.approx(2 * distance(a, b), rel=1e-9)
    with pytest.raises(InvalidInput, match=rf"{MOST_POINTS + 1} points; the rule is 2 to {MOST_POINTS}"):
        distance(a, cloud(1, MOST_POINTS + 1))
    with pytest.raises(InvalidInput, match="1 points"):
        distance(cloud(0, 1), b)


def test_rsa_of_ranks_forgets_monotone_changes_and_of_lengths_does_not() -> None:
    line = np.sort(np.random.default_rng(1).uniform(size=12))[:, None]
    a = Latents(line, ids=np.arange(12))
    bent = Latents(np.hstack([line, 0.8 * line**2]), ids=np.arange(12))
    ranks, lengths = built("rsa"), built("rsa", correlation="pearson")
    assert lengths(a, a.replace(points=3 * line + 1)) == pytest.approx(0.0, abs=1e-12)
    assert 0 < lengths(a, bent) != ranks(a, bent)
    pairs = [np.abs(line - line.T)[np.triu_indices(12, 1)]]
    pairs.append(np.linalg.norm(bent.points[:, None] - bent.points[None], axis=2)[np.triu_indices(12, 1)])
    assert lengths(a, bent) == pytest.approx(1 - np.corrcoef(*pairs)[0, 1], rel=1e-9)


def test_samples_of_one_law_are_where_the_null_of_mtop_div_says_and_a_dropped_mode_is_above() -> None:
    rng = np.random.default_rng(7)
    modes = 9 * np.column_stack([np.cos(np.arange(4) * np.pi / 2), np.sin(np.arange(4) * np.pi / 2)])
    real, again = (Latents(modes[rng.integers(0, 4, 600)] + rng.normal(size=(600, 2))) for _ in range(2))
    dropped = Latents(modes[rng.integers(0, 3, 600)] + rng.normal(size=(600, 2)))
    divergence = built("mtop-div", batch=60, base_batch=400, batches=12, direction="forward")
    null = divergence.null(again)
    error = np.hypot(null.std(ddof=1), divergence.per_batch(real, again).values.std(ddof=1)) / np.sqrt(12)
    assert abs(divergence(real, again) - null.mean()) < 4 * error
    assert 0 < divergence(real, real) < null.mean()  # equal clouds that are drawn from share points, but not all
    assert divergence(real, dropped) > null.mean() + 6 * error
    with pytest.raises(InvalidInput, match=r"rule is 460"):
        divergence.null(real.take(np.arange(300)))


def test_the_bounds_of_an_isometric_image_are_in_order() -> None:
    for seed in range(4):
        found = built("gromov-wasserstein").bounds(cloud(seed), moved(cloud(seed))).scalars
        assert 0 <= found["distance (reference)"].value <= found["distance"].value < 1e-12
