"""New points on an old map: exact where the method is, in their cluster where it is not, and never silently wrong."""

from __future__ import annotations

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import InvalidInput
from tda_latent.numerics.projection import interpolated_places, principal_view
from tda_latent.records import Latents, Projection

RNG = np.random.default_rng(0)
CENTRES = 6 * np.eye(8)[:4]
CLASSES = np.repeat(np.arange(4), 30)
CLOUD = Latents(CENTRES[CLASSES] + RNG.normal(size=(120, 8)), labels={"blob": CLASSES.astype(str)})
KINDS = np.arange(24) % 4
NEW = Latents(CENTRES[KINDS] + RNG.normal(size=(24, 8)), labels={"blob": KINDS.astype(str)})
VIEWS = ("pca-view", "tsne-view", "pacmap-view", "merge-scale-view")
FEW = {"tsne-view": {"reruns": 0}, "pacmap-view": {"reruns": 0}}


@pytest.fixture(scope="module")
def made() -> dict[str, Projection]:
    return {name: tl.analyze(CLOUD, {"use": name, **FEW.get(name, {})}, size=None)[name] for name in VIEWS}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("by", ["method", "neighbours"])
def test_the_old_points_get_their_places_back(made, name, by):
    placed = tl.place(made[name], CLOUD, CLOUD, by=by)
    np.testing.assert_array_equal(placed.coordinates, made[name].coordinates)
    assert placed.trust["outside"] == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", ["tsne-view", "pacmap-view", "merge-scale-view"])
def test_new_points_of_a_cluster_land_in_it(made, name):
    placed = tl.place(made[name], CLOUD, NEW)
    gaps = np.linalg.norm(placed.coordinates[:, None] - made[name].coordinates[None], axis=2)
    assert (CLASSES[gaps.argmin(axis=1)] == KINDS).mean() > 0.9
    assert placed.labels["blob"].tolist() == KINDS.astype(str).tolist()
    assert 15 / 120 < placed.trust["neighbours kept"] <= 1


def test_principal_places_are_the_coordinates_along_the_axes_of_the_old_cloud(made):
    placed = tl.place(made["pca-view"], CLOUD, NEW)
    _, _, axes = np.linalg.svd(CLOUD.points - CLOUD.points.mean(axis=0))
    expected = (NEW.points - CLOUD.points.mean(axis=0)) @ axes[:2].T
    np.testing.assert_allclose(np.abs(placed.coordinates), np.abs(expected), atol=1e-10)
    np.testing.assert_allclose(
        tl.place(made["pca-view"], CLOUD, NEW.points[:1]).coordinates, placed.coordinates[:1], atol=1e-12
    )


def test_an_axis_that_the_cloud_does_not_have_places_at_zero():
    line = Latents(np.outer(np.arange(9.0), [1, 2, 2]))
    view = tl.analyze(line, {"use": "pca-view", "dimensions": 3})["pca-view"]
    placed = tl.place(view, line, np.array([[0.5, 1, 1], [0, 3, -3]]))
    np.testing.assert_allclose(placed.coordinates[:, 1:], 0, atol=1e-12)
    np.testing.assert_allclose(np.abs(placed.coordinates[0, 0]), 3 * 3.5, atol=1e-12)


def test_how_they_were_placed_is_written_down(made):
    assert tl.place(made["tsne-view"], CLOUD, NEW).settings["placed_by"] == "tsne"
    assert tl.place(made["tsne-view"], CLOUD, NEW, by="neighbours").settings["placed_by"] == "nearest old points"
    assert "nearest old points" in tl.place(made["pacmap-view"], CLOUD, NEW).method
    foreign = Projection(principal_view(CLOUD.points, 2)[0], "drawn by hand")
    assert "nearest old points" in tl.place(foreign, CLOUD, NEW).method


def test_points_far_from_the_cloud_are_told(made):
    assert tl.place(made["pca-view"], CLOUD, NEW.points + 50).trust["outside"] == 1


def test_another_cloud_or_another_space_is_refused(made):
    other = Latents(CLOUD.points[::-1].copy())
    with pytest.raises(InvalidInput, match="made again, the map differs"):
        tl.place(made["tsne-view"], other, NEW)
    with pytest.raises(InvalidInput, match="the map shows 120 points and `into` holds 24"):
        tl.place(made["pca-view"], NEW, CLOUD)
    with pytest.raises(InvalidInput, match="have 3 coordinates, the cloud of the map 8"):
        tl.place(made["pca-view"], CLOUD, np.zeros((2, 3)))


def test_interpolated_places_are_weighted_by_inverse_distance():
    points, places = np.array([[0.0], [1], [10]]), np.array([[0.0, 0], [3, 3], [9, 9]])
    np.testing.assert_allclose(interpolated_places(points, places, np.array([[0.25]]), 2), [[0.75, 0.75]])
    np.testing.assert_allclose(interpolated_places(points, places, np.array([[1.0]]), 2), [[3, 3]])
    twins = interpolated_places(np.array([[0.0], [0], [5]]), places, np.array([[0.0]]), 3)
    np.testing.assert_allclose(twins, [[1.5, 1.5]])


def test_each_point_far_from_the_cloud_is_told(made):
    mixed = np.vstack([NEW.points, NEW.points[:3] + 50])
    for name in VIEWS:
        placed = tl.place(made[name], CLOUD, mixed)
        is_outside = placed.labels["placed"] == "outside"
        assert is_outside[-3:].all()
        assert is_outside[:-3].mean() < 0.2
        assert placed.trust["outside"] == pytest.approx(is_outside.mean())


def test_repeating_every_point_of_the_cloud_makes_no_point_an_outsider():
    twice = Latents(np.repeat(CLOUD.points, 2, axis=0))
    view = tl.analyze(twice, "pca-view", size=None)["pca-view"]
    assert tl.place(view, twice, CLOUD.points + 1e-6).trust["outside"] == 0


def test_a_small_cloud_does_not_keep_its_neighbours_by_counting_all_of_them():
    few = Latents(RNG.normal(size=(12, 3)))
    placed = tl.place(Projection(RNG.normal(size=(12, 2)), "by hand"), few, few.points + 0.1)
    assert placed.trust["neighbours kept"] < 0.9
    assert placed.trust["neighbours kept by chance"] == pytest.approx(5 / 12)


@pytest.mark.parametrize("size", [1e-200, 1e-6, 1e6, 1e200])
def test_places_have_no_scale(size):
    cloud, new = Latents(CLOUD.points * size), CLOUD.points[:5] * 1.1 * size
    placed = tl.place(tl.analyze(cloud, "pca-view", size=None)["pca-view"], cloud, new)
    view = tl.analyze(CLOUD, "pca-view", size=None)["pca-view"]
    expected = tl.place(view, CLOUD, CLOUD.points[:5] * 1.1)
    np.testing.assert_allclose(placed.coordinates / size, expected.coordinates, rtol=1e-9)
    assert dict(placed.trust) == pytest.approx(dict(expected.trust))


def test_the_nearest_of_numbers_below_the_normal_range_has_a_place():
    places = interpolated_places(np.array([[0.0], [1]]), np.array([[0.0, 0], [3, 3]]), np.array([[5e-324]]), 2)
    np.testing.assert_allclose(places, [[0, 0]], atol=1e-300)
