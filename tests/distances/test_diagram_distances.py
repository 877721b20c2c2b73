"""Distances between diagrams and between their summaries: what they refuse and how their parameters read."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import IncompatibleRecords, InvalidParameter
from tda_latent.records import PersistenceDiagram, Vectors
from tda_latent.registry import needs_of, registry

PARAMETERS = {
    "bottleneck": {},
    "wasserstein": {"order": 2.0, "ground": 2},
    "sliced-wasserstein": {},
    "persim-bottleneck": {},
    "persim-wasserstein": {},
    "persim-sliced-wasserstein": {},
    "persim-heat": {"sigma": 0.4},
}


def built(name, **parameters):
    return registry().find("distance", name).build({**PARAMETERS.get(name, {}), **parameters})


def diagram(bars, degree=1, **facts) -> PersistenceDiagram:
    table = np.array(bars, dtype=float).reshape(-1, 2)
    return PersistenceDiagram(table, [degree] * len(table), computed={"max_degree": 1}, **facts)


A, B = diagram([[0, 1], [1, 3]]), diagram([[0.5, 1], [1, 2.5]])


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize(
    "facts",
    [{"field": 3}, {"unit": "posterior sd"}, {"filtration": "alpha"}, {"reach": 5.0}],
    ids=lambda f: next(iter(f)),
)
def test_diagrams_whose_numbers_mean_different_things_are_refused(name, facts) -> None:
    with pytest.raises(IncompatibleRecords, match=next(iter(facts))):
        built(name)(A, diagram([[0, 1]], **facts))


@pytest.mark.parametrize("name", PARAMETERS)
def test_censored_bars_and_degrees_that_were_not_computed_are_refused(name) -> None:
    cut = diagram([[0, np.inf]], reach=5.0)
    with pytest.raises(IncompatibleRecords, match="alive at the cut"):
        built(name)(cut, cut)
    with pytest.raises(IncompatibleRecords, match="degree 2"):
        built(name, degree=2)(A, B)


@pytest.mark.parametrize("name", PARAMETERS)
def test_only_the_bars_of_the_chosen_degree_count(name) -> None:
    other = PersistenceDiagram(np.vstack([A.pairs, [[0, 9.0]]]), [1, 1, 0])
    assert built(name)(A, other) == 0.0
    assert built(name, degree=0)(A, other) > 0
    assert built(name)(A, B) > 0


@pytest.mark.parametrize("name", PARAMETERS)
def test_unequal_numbers_of_essential_classes_are_infinitely_far_apart(name) -> None:
    assert built(name)(diagram([[0, np.inf], [0, 1]]), diagram([[0, 1]])) == np.inf


@pytest.mark.parametrize("missing", ["order", "ground"])
def test_order_and_ground_are_always_named(missing) -> None:
    given = {name: value for name, value in PARAMETERS["wasserstein"].items() if name != missing}
    with pytest.raises(InvalidParameter, match=f"parameter '{missing}' is missing"):
        registry().find("distance", "wasserstein").build(given)


@pytest.mark.parametrize(("parameter", "value"), [("order", 0.5), ("order", np.inf), ("ground", 3), ("ground", "2")])
def test_orders_and_grounds_outside_their_range_are_refused(parameter, value) -> None:
    with pytest.raises(InvalidParameter, match=parameter):
        built("wasserstein", **{parameter: value})


def test_the_ground_changes_the_number() -> None:
    moved = diagram(A.pairs + np.array([-0.3, 0.4]))
    values = [built("wasserstein", order=1.0, ground=ground)(A, moved) for ground in (1, 2, "inf")]
    assert values == pytest.approx([0.7 * 2, 0.5 * 2, 0.4 * 2])


def test_hera_needs_a_relative_error_and_the_exact_engine_refuses_one() -> None:
    with pytest.raises(InvalidParameter, match="relative_error"):
        built("wasserstein", engine="hera")
    with pytest.raises(InvalidParameter, match="relative_error"):
        built("wasserstein", relative_error=0.1)
    exact = built("wasserstein")(A, B)
    assert exact <= built("wasserstein", engine="hera", relative_error=0.01)(A, B) * (1 + 1e-12) <= 1.011 * exact


def curve(height=1.0, points=101, **facts) -> Vectors:
    grid = np.linspace(0, 2, points)
    given = {"name": "betti-curve", "degree": 1, "integral_weight": 2 / (points - 1)} | facts
    return Vectors(np.where(grid < 1, height, 0.0), grid, **given)


def test_the_l2_distance_is_an_integral_that_a_finer_grid_keeps() -> None:
    distance = built("vectors-l2")
    assert distance(curve(3.0), curve(1.0)) == pytest.approx(2.0)
    assert distance(curve(3.0, 1001), curve(1.0, 1001)) == pytest.approx(2.0)
    assert distance(curve(), curve()) == 0.0


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (curve(degree=0), "different degree"),
        (curve(name="landscape"), "different name"),
        (curve(unit="median-normalised"), "different unit"),
        (curve(grid_unit="median-normalised"), "different grid_unit"),
        (curve(points=51, integral_weight=0.02), "different grid; fix start and stop"),
        (curve().replace(values=np.zeros((2, 101))), "shapes"),
        (curve().replace(values=np.zeros((3, 101)), rows_grid=[0, 1, 2]), "different rows_grid"),
    ],
)
def test_summaries_on_different_terms_are_refused(other, message) -> None:
    with pytest.raises(IncompatibleRecords, match=message):
        built("vectors-l2")(curve(), other)


def test_distances_between_diagrams_need_no_ids() -> None:
    assert all(needs_of(built(name)) == () for name in PARAMETERS)
