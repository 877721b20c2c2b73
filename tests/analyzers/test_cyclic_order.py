"""The analyzer `cyclic-order`: circles, lines, arcs and chance, with a dozen classes or fewer."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from tda_latent.analyzers.cyclic_order import CyclicOrder
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.numerics.cyclic_order import (
    closure_index,
    cut_at_widest,
    even_circle,
    even_line,
    lag_correlations,
    order_test,
)
from tda_latent.records import Factor, Latents, Measures

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def family(places: np.ndarray, each: int = 20, noise: float = 0.1, seed: int = 0) -> Latents:
    """Points around ordered places in twelve dimensions, labelled by their number in words."""
    wide = np.pad(places, ((0, 0), (0, 12 - places.shape[1])))
    points = np.repeat(wide, each, axis=0) + noise * rng(seed).normal(size=(each * len(places), 12))
    return Latents(points, labels={"place": np.repeat([f"p{k:02d}" for k in range(len(places))], each)})


def circle(size: int, turn: float = 2 * np.pi) -> np.ndarray:
    angles = np.arange(size) / size * turn
    return np.column_stack([np.cos(angles), np.sin(angles)])


def ordered(latents: Latents, **parameters: object) -> Measures:
    names = tuple(np.unique(latents.labels["place"]).tolist())
    return CyclicOrder(**({"label": "place", "order": names, "draws": 999} | parameters))(latents, rng(5))


@pytest.mark.parametrize("size", [6, 7, 9, 12])
def test_a_circle_is_ordered_and_closed(size):
    found = ordered(family(circle(size)))
    assert found["order p"] <= max(2 * size / math.factorial(size), 1 / 1000) + 1e-12
    assert found["least order p"] == pytest.approx(max(2 * size / math.factorial(size), 0.001 if size > 8 else 0.0))
    assert found["closure"] == pytest.approx(1.0, abs=0.12)
    assert found["closure at the widest step"] > 0.7
    assert found["correlation with cyclic lag"] > found["correlation with linear lag"] + 0.2


@pytest.mark.parametrize("size", [5, 8, 12])
def test_a_line_is_ordered_and_open(size):
    found = ordered(family(np.arange(size)[:, None].astype(float)))
    assert found["order p"] < 0.05
    assert found["closure"] < 0.1
    assert found["closure"] == pytest.approx(found["closure (even line)"], abs=0.1)
    assert found["correlation with linear lag"] > found["correlation with cyclic lag"]


def test_a_line_in_a_space_where_distances_stop_growing_has_closure_near_zero():
    found = ordered(family(np.exp(-even_line(12) / 2), noise=0.01))  # places know only their neighbours
    assert found["order p"] < 0.05
    assert abs(found["closure"]) < 0.15


def test_random_places_have_no_order_and_so_no_closure():
    found = ordered(family(rng(3).normal(size=(10, 2))))
    assert found["order p"] > 0.05
    assert math.isnan(found["closure"])
    assert math.isnan(found["closure at the widest step"])
    assert "order test fails" in found.scalars["closure"].meaning


def test_an_arc_whose_gap_is_not_at_the_ends_is_not_called_closed():
    angles = np.arange(12) / 12 * 1.2 * np.pi
    arc = np.column_stack([np.cos(angles), np.sin(angles)])
    found = ordered(family(np.roll(arc, 5, axis=0), noise=0.02))
    assert found["order p"] < 0.05
    assert found["closure"] > 0.8  # between the given ends there is a step like others
    assert found["closure at the widest step"] < 0.2


def test_a_loop_that_is_run_through_twice_has_no_correlation_with_its_lag():
    found = ordered(family(circle(12, 4 * np.pi)))
    assert abs(found["correlation with cyclic lag"]) < 0.3
    assert found["correlation with cyclic lag"] < found["correlation with cyclic lag (even circle)"] - 0.6


def test_four_places_cannot_pass_however_well_they_lie():
    found = ordered(family(circle(4), noise=0.0))
    assert found["least order p"] == pytest.approx(8 / 24)
    assert found["order p"] == pytest.approx(8 / 24)
    assert math.isnan(found["closure"])


def test_p_values_of_places_without_order_are_uniform():
    values = [
        order_test(np.abs(np.subtract.outer(x, x)), 99, rng(k + 500)).p
        for k in range(200)
        if len(x := rng(k).normal(size=10))
    ]
    levels = (np.arange(100) + 1) / 100
    shares = np.array([np.mean(np.array(values) <= level + 1e-9) for level in levels])
    assert np.abs(shares - levels).max() < 1.63 / np.sqrt(200)  # Kolmogorov and Smirnov, 1 %


def test_for_few_places_the_test_counts_every_order():
    places = rng(1).normal(size=(6, 2))
    distances = np.linalg.norm(places[:, None] - places, axis=2)

    def length(order: tuple[int, ...]) -> float:
        return sum(distances[a, b] for a, b in itertools.pairwise(order))

    shorter = sum(length(order) <= length(tuple(range(6))) + 1e-12 for order in itertools.permutations(range(6)))
    assert order_test(distances, 99, rng()).p == pytest.approx(shorter / 720)


def test_the_closure_is_its_formula_and_one_for_every_even_circle():
    for size in (5, 8, 12, 31):
        assert closure_index(even_circle(size)) == pytest.approx(1.0, abs=1e-12)
        assert closure_index(even_line(size)) < 0
    places = circle(7) + 0.2 * rng(2).normal(size=(7, 2))
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    far = np.mean([distances[i, j] for i in range(7) for j in range(7) if abs(i - j) >= 3.5])
    step = np.mean([distances[i, i + 1] for i in range(6)])
    assert closure_index(distances) == pytest.approx((far - distances[6, 0]) / (far - step))
    assert math.isnan(closure_index(np.ones((5, 5)) - np.eye(5)))


def test_cutting_at_the_widest_step_moves_it_to_the_end_and_keeps_the_loop():
    cut = cut_at_widest(np.roll(np.roll(even_line(9), 4, axis=0), 4, axis=1))
    np.testing.assert_array_equal(cut, even_line(9))


def test_correlations_are_those_of_scipy_and_rounding_breaks_no_ties():
    places = rng(4).normal(size=(9, 2))
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    pairs = list(itertools.combinations(range(9), 2))
    line = [j - i for i, j in pairs]
    values = [distances[i, j] for i, j in pairs]
    cyclic, linear = lag_correlations(distances)
    assert linear == pytest.approx(spearmanr(values, line).statistic)
    assert cyclic == pytest.approx(spearmanr(values, [min(lag, 9 - lag) for lag in line]).statistic)
    assert lag_correlations(even_circle(11) * 1e-7)[0] == pytest.approx(1.0, abs=1e-12)


def test_a_circular_factor_orders_its_sectors_and_a_real_one_its_groups():
    angles = rng(6).uniform(-20, 20, 600)
    points = np.column_stack([np.cos(angles), np.sin(angles)]) + 0.05 * rng(7).normal(size=(600, 2))
    latents = Latents(points, factors={"angle": Factor(angles, "circular", 2 * np.pi)})
    found = CyclicOrder(groups=10, draws=999)(latents, rng())
    assert found["closure"] == pytest.approx(1.0, abs=0.1)
    heights = Latents(points, factors={"height": Factor(points[:, 0], "real")})
    assert CyclicOrder(groups=6)(heights, rng())["closure"] < 0.1


@pytest.mark.parametrize("groups", [4, 6, 12])
def test_the_same_angles_on_other_turns_are_the_same_places(groups):
    places = np.repeat(np.arange(12), 30)
    once = places / 12 * 2 * np.pi
    turned = once + 2 * np.pi * rng(1).integers(-5, 6, 360)  # equal but for rounding, on the borders of the sectors
    points = np.column_stack([np.cos(once), np.sin(once)]) + 0.1 * rng(2).normal(size=(360, 2))
    for angles in (once, turned):
        latents = Latents(points, factors={"angle": Factor(angles, "circular", 2 * np.pi)})
        found = CyclicOrder(groups=groups, draws=99)(latents, rng())
        np.testing.assert_array_equal(found.tables["classes"].values[:, 0], 360 / groups)


def test_the_same_words_in_two_contexts_need_the_contexts_taken_away():
    days = circle(7)
    offsets = {"on": 8.0, "before": -5.0, "after": 2.0}
    points = np.concatenate([days + np.array([0.0, shift]) for shift in offsets.values()])
    points = np.column_stack([points, 0.02 * rng(8).normal(size=(21, 3))])
    labels = {"day": np.tile(DAYS, 3), "context": np.repeat(list(offsets), 7)}
    order = {"label": "day", "order": DAYS, "template": "context", "unit_norm": True}
    found = CyclicOrder(**order)(Latents(points, labels=labels), rng())
    assert found["closure"] == pytest.approx(1.0, abs=0.1)
    part = Latents(points, labels=labels).take(np.arange(20))
    with pytest.raises(InvalidInput, match="'sun' does not occur in the context 'after'"):
        CyclicOrder(**order)(part, rng())


@pytest.mark.parametrize("sizes", [(4, 8, 12, 16, 20, 20, 16, 12, 8, 4), (64, 32, 16, 8, 4, 2, 1, 1, 1, 1)])
def test_sizes_of_classes_that_rise_or_fall_along_the_order_are_no_order(sizes):
    """Means of few points lie far out: of unequal classes of noise, small ones at the ends would make a short path."""
    names = np.repeat([f"p{k:02d}" for k in range(len(sizes))], sizes)
    tests = [
        ordered(Latents(rng(seed).normal(size=(sum(sizes), 32)), labels={"place": names}), draws=99)
        for seed in range(40)
    ]
    assert np.mean([found["order p"] <= 0.05 for found in tests]) <= 0.15  # binomial, 0.3 %
    assert abs(np.mean([found["correlation with linear lag"] for found in tests])) < 0.1
    assert {found["points of each class"] for found in tests} == {min(sizes)}
    np.testing.assert_array_equal(tests[0].tables["classes"].values[:, 0], sizes)


def test_an_order_is_seen_in_classes_of_any_size():
    angles = np.repeat(np.arange(10), (5, 9, 30, 40, 50, 50, 40, 30, 9, 5)) / 10 * 2 * np.pi
    points = np.column_stack([np.cos(angles), np.sin(angles), 0.2 * rng(1).normal(size=(len(angles), 4))])
    labels = {"place": np.array([f"p{turn:.2f}" for turn in angles])}
    found = ordered(Latents(points, labels=labels))
    assert found["order p"] <= 0.01
    assert found["least order p"] == pytest.approx(2 / 1000)
    assert found["closure"] == pytest.approx(1.0, abs=0.15)


def test_classes_of_uneven_contexts_are_compared_by_equally_many_points_of_each_context():
    sizes = {"on": [2, 3, 4, 5, 6, 7, 8], "before": [9, 8, 7, 6, 5, 4, 3]}
    days = np.concatenate([np.repeat(DAYS, numbers) for numbers in sizes.values()])
    labels = {"day": days, "context": np.repeat(list(sizes), [sum(numbers) for numbers in sizes.values()])}
    latents = Latents(rng(2).normal(size=(len(days), 5)), labels=labels)
    found = CyclicOrder(label="day", order=DAYS, template="context")(latents, rng())
    assert found["points of each class"] == 2 + 3


def test_values_that_differ_late_have_names_that_tell_them_apart():
    times = np.repeat(1.6e9 + 60_000.0 * np.arange(6), 5)
    latents = Latents(rng(3).normal(size=(30, 2)), factors={"time": Factor(times)})
    rows = CyclicOrder(draws=99)(latents, rng()).tables["classes"].rows
    assert [float(row) for row in rows] == np.unique(times).tolist()


def test_what_has_no_order_is_refused_in_words():
    latents = family(circle(6))
    with pytest.raises(InvalidParameter, match="give both or none"):
        CyclicOrder(label="place")
    with pytest.raises(InvalidParameter, match="different"):
        CyclicOrder(label="place", order=("a", "a", "b", "c"))
    with pytest.raises(InvalidParameter, match="one of them"):
        CyclicOrder(label="place", order=("a", "b", "c", "d"), factor="x")
    with pytest.raises(InvalidInput, match="no real or circular factor"):
        CyclicOrder()(latents, rng())
    with pytest.raises(InvalidInput, match="without points"):
        ordered(latents, order=("p00", "p01", "p02", "nowhere"))
    with pytest.raises(UnknownName, match="label column 'plac'"):
        ordered(latents, label="plac")
    with pytest.raises(InvalidInput, match="no direction"):
        ordered(family(np.arange(5)[:, None].astype(float), noise=0.0), unit_norm=True)


def test_places_that_coincide_have_a_test_and_no_closure():
    found = ordered(Latents(np.ones((40, 3)), labels={"place": np.repeat([f"p{k}" for k in range(5)], 8)}))
    assert found["order p"] == 1.0
    assert math.isnan(found["closure"])
    assert math.isnan(found["correlation with cyclic lag"])
