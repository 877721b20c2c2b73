"""The connectivity analyzer on clouds whose components and classes are known."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.connectivity import Connectivity
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.records import Factor, Latents

RNG = np.random.default_rng(0)
CENTRES = np.array([[0.0, 0, 0], [20, 0, 0], [0, 24, 0]])
CLASSES = np.repeat(["a", "b", "c"], 30)
BLOBS = CENTRES.repeat(30, axis=0) + RNG.normal(size=(90, 3))
NAMED = Latents(BLOBS, ids=np.array([f"x{k}" for k in range(90)]), labels={"class": CLASSES})


def close(first, second, factor=1.0):
    """Scalars, curves and tables equal within rounding, with scales multiplied by the factor."""
    assert list(first.scalars) == list(second.scalars)
    for name, scalar in first.scalars.items():
        times = factor if scalar.unit == "input distance" else 1.0
        assert second[name] == pytest.approx(times * scalar.value, rel=1e-8, abs=1e-8, nan_ok=True), name
    for name, curve in first.curves.items():
        np.testing.assert_allclose(
            second.curves[name].x, curve.x * (factor if curve.x_unit == "input distance" else 1), atol=1e-9
        )
        np.testing.assert_allclose(
            second.curves[name].y, curve.y * (factor if curve.unit == "input distance" else 1), atol=1e-9
        )


def test_well_separated_blobs_are_the_components_of_the_longest_gap_and_the_bridges_join_them():
    two = Latents(BLOBS[:60], labels={"class": CLASSES[:60]})
    found = Connectivity(neighbours=5)(two)
    assert found["gap components"] == 2
    assert found["gap smallest component"] == 30
    assert found["neighbour graph components"] == 2
    assert found["algebraic connectivity"] == 0
    assert found["boundary fraction"] == 0
    first, second, length = found.tables["bridges"].values[0]
    assert first < 30 <= second
    assert length == found["gap stop"] == found["largest merge scale"]
    assert length == pytest.approx(np.linalg.norm(BLOBS[int(first)] - BLOBS[int(second)]))


def test_classes_merge_where_their_blobs_do():
    found = Connectivity()(NAMED)
    scales = found.tables["class merge scale"]
    assert scales.rows.tolist() == ["a", "b", "c"]
    assert (np.diag(scales.values) == 0).all()
    nearest = min(np.linalg.norm(p - q) for p in BLOBS[:30] for q in BLOBS[30:60])
    assert scales.values[0, 1] == pytest.approx(nearest)
    tree = found.tables["class merge tree"].values
    assert tree[0, :2].tolist() == [0, 1]
    assert tree[-1, 2] == found["largest merge scale"]
    assert tree[-1, 3] == 3


def test_the_number_of_components_falls_from_all_points_to_one():
    curve = Connectivity()(NAMED).curves["components"]
    assert curve.steps
    assert (curve.x[0], curve.y[0], curve.y[-1]) == (0.0, 90, 1)
    assert (np.diff(curve.y) < 0).all()


def test_bridges_are_named_by_ids_and_without_ids_by_row_numbers():
    ids = Connectivity()(NAMED).tables["bridges"]
    rows = Connectivity()(NAMED.replace(ids=None)).tables["bridges"]
    first, second = rows.values[0, :2].astype(int)
    assert ids.rows[0] == f"x{first} - x{second}"
    assert rows.rows[0] == f"{first} - {second}"


def test_permuting_the_points_changes_only_the_row_numbers_of_the_bridges():
    order = np.random.default_rng(1).permutation(90)
    first, second = Connectivity()(NAMED), Connectivity()(NAMED.take(order))
    close(first, second)
    for name in set(first.tables) - {"bridges"}:
        np.testing.assert_allclose(second.tables[name].values, first.tables[name].values, atol=1e-9)
    ends = order[second.tables["bridges"].values[:, :2].astype(int)]
    np.testing.assert_array_equal(np.sort(ends, axis=1), first.tables["bridges"].values[:, :2])


def test_rotating_and_moving_the_cloud_changes_nothing():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    first, second = Connectivity()(NAMED), Connectivity()(NAMED.replace(points=BLOBS @ turn + 1000))
    close(first, second)
    for name, table in first.tables.items():
        np.testing.assert_allclose(second.tables[name].values, table.values, atol=1e-9)


def test_doubling_the_cloud_doubles_every_scale_and_leaves_median_normalised_ones_alone():
    twice = NAMED.replace(points=2 * BLOBS)
    close(Connectivity()(NAMED), Connectivity()(twice), factor=2.0)
    close(Connectivity(scale="median")(NAMED), Connectivity(scale="median")(twice))


def test_units_travel_with_the_scales():
    for scale, unit in (("given", "input distance"), ("median", "median-normalised"), ("posterior", "posterior sd")):
        component = Connectivity(scale=scale)
        found = component(NAMED.replace(scale=np.full(BLOBS.shape, 0.5)))
        assert found.scalars["longest gap"].unit == found.tables["class merge scale"].unit == unit
        assert component.needs == (("scale",) if scale == "posterior" else ())
    assert Connectivity(scale="posterior")(NAMED.replace(scale=np.full(BLOBS.shape, 0.5)))["gap stop"] == pytest.approx(
        2 * Connectivity()(NAMED)["gap stop"]
    )


def test_duplicates_merge_at_zero():
    doubled = Connectivity()(Latents(np.vstack([BLOBS, BLOBS])))
    assert (doubled.curves["merge scales"].y[:90] == 0).all()
    assert doubled.curves["components"].y[0] == 90
    assert doubled["largest merge scale"] == pytest.approx(Connectivity()(NAMED)["largest merge scale"])


def test_classes_on_the_same_points_share_as_many_neighbours_as_chance_would_give_them():
    mixed = NAMED.replace(labels={"class": np.random.default_rng(3).permutation(CLASSES)})
    found = Connectivity()(mixed)
    assert found["boundary fraction"] == pytest.approx(found["boundary fraction by chance"], abs=0.03)
    np.testing.assert_allclose(found.tables["class boundary"].values.sum(axis=1), 1)
    np.testing.assert_array_equal(found.tables["class edges"].values, found.tables["class edges"].values.T)


def test_without_a_label_the_first_column_of_classes_is_taken():
    several = Latents(BLOBS, labels={"size": RNG.random(90), "number": np.arange(90), "class": CLASSES})
    assert Connectivity()(several).tables["class edges"].rows.tolist() == ["a", "b", "c"]
    factor = Latents(BLOBS, factors={"class": Factor(CLASSES, "categorical"), "angle": Factor(RNG.random(90))})
    assert "class edges" in Connectivity()(factor).tables
    assert "class edges" in Connectivity(label="class")(factor).tables
    assert "class edges" not in Connectivity()(Latents(BLOBS)).tables


def test_a_wrong_label_is_refused():
    latents = Latents(BLOBS, labels={"class": CLASSES, "size": RNG.random(90)})
    with pytest.raises(UnknownName, match="Did you mean 'class'"):
        Connectivity(label="clas")(latents)
    with pytest.raises(InvalidInput, match="real numbers"):
        Connectivity(label="size")(latents)


def test_angles_have_no_posterior_unit():
    with pytest.raises(InvalidParameter, match="angles"):
        Connectivity(metric="cosine", scale="posterior")


@pytest.mark.parametrize("metric", ["euclidean", "geodesic"])
def test_a_single_point_and_coinciding_points_have_measures_and_round_trip(metric):
    from tda_latent.records import unpack

    for points in (np.ones((1, 2)), np.ones((5, 2))):
        found = Connectivity(metric=metric)(Latents(points, labels={"class": np.zeros(len(points), dtype=int)}))
        assert found["longest gap"] == 0
        assert found["gap components"] == 1
        assert len(found.tables["bridges"].rows) == 0
        assert found == unpack(*found.packed())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("metric", "scale"), [("euclidean", "given"), ("euclidean", "median"), ("geodesic", "given")])
def test_a_turned_lattice_hangs_together_like_the_lattice_in_the_digits_it_is_stored_in(dtype, metric, scale):
    lattice = np.stack(np.meshgrid(*[np.arange(4.0)] * 3), axis=-1).reshape(-1, 3)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    measured = Connectivity(neighbours=6, metric=metric, scale=scale)
    plain, turned = measured(Latents(lattice)), measured(Latents(((lattice + 2) @ turn).astype(dtype)))
    for name in ("longest gap", "gap components", "neighbour graph components", "algebraic connectivity"):
        assert turned[name] == pytest.approx(plain[name], rel=1e-9)
    assert (plain["gap components"], plain["longest gap"]) == (1, 0)


def test_one_far_point_is_no_neighbour_of_all():
    cloud = np.random.default_rng(2).normal(size=(60, 3))
    far = Connectivity(neighbours=4)(Latents(np.vstack([cloud, [[1e11, 0, 0]]]), labels={"far": ["no"] * 60 + ["yes"]}))
    assert far.tables["class edges"].values[0, 1] == 4
