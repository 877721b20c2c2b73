"""Laws of the built-in clouds and image sets: the planted topology is there, and nothing but the stream decides."""

from __future__ import annotations

import numpy as np
import pytest
from ripser import ripser
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from tda_latent.errors import InvalidParameter
from tda_latent.numerics.pairwise import geodesic_distances, minimum_spanning_edges
from tda_latent.registry import component_of
from tda_latent.sources.annulus import Annulus
from tda_latent.sources.circle import Circle
from tda_latent.sources.clusters import Clusters
from tda_latent.sources.figure_eight import FigureEight
from tda_latent.sources.flat_torus import FlatTorus
from tda_latent.sources.klein_bottle import KleinBottle
from tda_latent.sources.patches import Patches
from tda_latent.sources.projective_plane import ProjectivePlane
from tda_latent.sources.rotating_shape import RotatingShape
from tda_latent.sources.shaded_ball import ShadedBall
from tda_latent.sources.shifted_blob import ShiftedBlob
from tda_latent.sources.sphere import Sphere
from tda_latent.sources.swiss_roll import SwissRoll
from tda_latent.sources.torus import Torus

SHAPES = [
    Circle,
    Sphere,
    Torus,
    FlatTorus,
    KleinBottle,
    ProjectivePlane,
    FigureEight,
    Clusters,
    SwissRoll,
    Annulus,
]
IMAGES = [RotatingShape, ShadedBall, ShiftedBlob, Patches]
PLANTED = [
    (Circle(), 60),
    (Circle(noise=0.05, ambient_dimension=10, unevenness=1.0), 60),
    (Annulus(), 60),
    (FigureEight(), 60),
    (Sphere(size=1000), 80),
    (Sphere(dimension=1), 60),
    (Torus(size=2000), 120),
    (FlatTorus(size=2000), 110),
    (FlatTorus(size=2000, ambient_dimension=20, noise=0.02), 110),
    (KleinBottle(size=2000), 130),
    (ProjectivePlane(size=2000), 80),
    (RotatingShape(size=200), 60),
    (RotatingShape(size=200, figure="heart"), 60),
    (ShadedBall(size=1000), 80),
    (ShadedBall(size=1000, gloss=2.0), 80),
    (ShiftedBlob(size=1000), 110),
    (Patches(size=2000), 110),
]


def stream(seed=0):
    return np.random.default_rng(seed)


def landmarks(points, count):
    """Greedy farthest points, from the first row."""
    distances = squareform(pdist(points))
    rows = [0]
    nearest = distances[0].copy()
    while len(rows) < count:
        rows.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, distances[rows[-1]])
    return distances[np.ix_(rows, rows)]


def lifetimes(distances, degree, field):
    """Lifetimes of each degree from 1 up, longest first."""
    reach = distances.max(axis=1).min()
    found = ripser(distances, distance_matrix=True, maxdim=degree, coeff=field, thresh=reach)["dgms"][1:]
    finite = [np.minimum(diagram, reach) for diagram in found]
    return [np.append(np.sort(diagram[:, 1] - diagram[:, 0])[::-1], 0.0) for diagram in finite]


@pytest.mark.parametrize(("cloud", "count"), PLANTED, ids=lambda value: getattr(value, "component_name", None))
def test_the_planted_homology_is_there_over_both_fields(cloud, count):
    """In each degree the bars that belong to the shape are at least 1.6 times as long as all others."""
    distances = landmarks(cloud(stream()).points, count)
    degree = len(cloud.betti[2]) - 1
    found = {field: lifetimes(distances, degree, field) for field in cloud.betti}
    planted = [
        (k, field, number) for field, betti in cloud.betti.items() for k, number in enumerate(betti[1:]) if number
    ]
    shortest = {k: min(found[field][j][number - 1] for j, field, number in planted if j == k) for k, _, _ in planted}
    for field, betti in cloud.betti.items():
        for k, number in enumerate(betti[1:]):
            other = found[field][k][number]
            assert shortest.get(k, min(shortest.values())) > 1.6 * other, (field, k + 1)


def test_a_klein_bottle_and_a_torus_differ_over_the_field_with_three_elements_only():
    assert KleinBottle().betti[2] == Torus().betti[2]
    assert KleinBottle().betti[3] != Torus().betti[3]


def test_the_loop_of_the_circle_dies_near_the_side_of_the_inscribed_triangle():
    distances = landmarks(Circle(size=1000, radius=2.0)(stream()).points, 60)
    death = ripser(distances, distance_matrix=True, maxdim=1, coeff=2)["dgms"][1][:, 1].max()
    assert death == pytest.approx(2 * np.sqrt(3), rel=0.05)


def test_the_swiss_roll_has_no_loop_in_its_inner_distances():
    points = SwissRoll(size=800)(stream()).points
    inner = geodesic_distances(points, 8)
    rows = [0]
    while len(rows) < 80:
        rows.append(int(inner[rows].min(axis=0).argmax()))
    inner = inner[np.ix_(rows, rows)]
    assert lifetimes(inner, 1, 2)[0][0] < 0.1 * inner.max()


def test_the_swiss_roll_unrolls_to_an_even_rectangle():
    roll = SwissRoll(size=3000, turns=2.0, spacing=0.5, width=2.0)
    chances = []
    for seed in range(20):
        cloud = roll(stream(seed))
        along, across = cloud.factors["along"].values, cloud.factors["across"].values
        chances += [stats.kstest(values, "uniform").pvalue for values in (along / along.max(), across / 2.0)]
    assert stats.kstest(chances, "uniform").pvalue > 0.01  # under evenness the p-values themselves are even
    radius = np.hypot(cloud.points[:, 0], cloud.points[:, 2])
    assert radius.max() - radius.min() == pytest.approx(2.0 * 0.5, rel=0.01)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_clusters_merge_at_their_separation_after_everything_else(count):
    clusters = Clusters(count=count, size=200, separation=20.0)
    cloud = clusters(stream())
    lengths = minimum_spanning_edges(squareform(pdist(cloud.points)))[2]
    assert (lengths > 8).sum() == count - 1
    assert clusters.betti[2][0] == count == len(set(cloud.labels["cluster"].tolist()))


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_clusters_on_a_ring_are_as_far_from_their_neighbours_as_is_said(count):
    cloud = Clusters(count=count, arrangement="ring", size=200, separation=20.0, spread=0.0)(stream())
    corners = np.unique(np.round(cloud.points, 9), axis=0)
    assert cloud.dimension == 2
    assert len(corners) == count
    apart = squareform(pdist(corners)) + np.where(np.eye(count) > 0, np.inf, 0.0)
    np.testing.assert_allclose(np.sort(apart, axis=1)[:, : min(2, count - 1)], 20.0)
    if count > 2:
        np.testing.assert_allclose(np.ptp(np.linalg.norm(corners - corners.mean(axis=0), axis=1)), 0.0, atol=1e-6)


def test_uneven_clusters_have_falling_sizes():
    labels = Clusters(size=5000, unevenness=1.0)(stream()).labels["cluster"]
    shares = np.array([np.mean(labels == name) for name in "012"])
    np.testing.assert_allclose(shares[:2] / shares[1:], np.e, rtol=0.15)


@pytest.mark.parametrize("shape", [*SHAPES, *IMAGES])
def test_nothing_but_the_stream_decides(shape):
    cloud = shape(size=30)
    assert cloud(stream(1)) == cloud(stream(1))
    assert cloud(stream(1)) != cloud(stream(2))


@pytest.mark.parametrize("shape", [*SHAPES, *IMAGES])
def test_every_size_is_met_and_every_point_has_its_factors(shape):
    for size in (1, 7):
        cloud = shape(size=size, unevenness=2.0)(stream())
        assert len(cloud) == size
        assert cloud.factors or cloud.labels
        assert cloud.origin.data == component_of(shape()).name


@pytest.mark.parametrize("shape", SHAPES)
def test_an_isometry_changes_no_distance_of_the_same_draw(shape):
    own = shape(size=20)(stream()).points
    far = shape(size=20, ambient_dimension=30)(stream()).points
    assert far.shape == (20, 30)
    np.testing.assert_allclose(pdist(far), pdist(own), atol=1e-12)


@pytest.mark.parametrize("shape", [*SHAPES, *IMAGES])
def test_noise_moves_points_about_the_same_draw(shape):
    plain, noisy = shape(size=300)(stream()), shape(size=300, noise=0.01)(stream())
    moved = noisy.points - plain.points
    assert moved.std() == pytest.approx(0.01, rel=0.2)
    assert noisy.factors == plain.factors


@pytest.mark.parametrize("shape", SHAPES)
def test_a_space_without_room_is_refused(shape):
    needed = shape(size=2)(stream()).dimension
    shape(ambient_dimension=needed)
    with pytest.raises(InvalidParameter, match=f"the shape needs {needed} coordinates"):
        shape(ambient_dimension=needed - 1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Torus(major_radius=1.0, minor_radius=1.0), "cut itself"),
        (lambda: KleinBottle(minor_radius=3.0), "cross itself"),
        (lambda: Annulus(inner_radius=2.0), "nothing would be left"),
        (lambda: Circle(radius=float("inf")), "radius"),
        (lambda: Sphere(noise=-1.0), "noise"),
        (lambda: RotatingShape(figure="hart"), "Did you mean 'heart'"),
    ],
)
def test_impossible_shapes_are_refused(build, message):
    with pytest.raises(InvalidParameter, match=message):
        build()


def test_points_of_the_figure_eight_lie_on_two_circles_that_touch_in_the_origin():
    cloud = FigureEight(first_radius=2.0, second_radius=1.0, size=3000)(stream())
    right = cloud.labels["loop"] == "right"
    np.testing.assert_allclose(np.linalg.norm(cloud.points[right] - [2.0, 0.0], axis=1), 2)
    np.testing.assert_allclose(np.linalg.norm(cloud.points[~right] + [1.0, 0.0], axis=1), 1)
    assert np.mean(right) == pytest.approx(2 / 3, abs=0.03)
    near = np.linalg.norm(cloud.points, axis=1) < 0.05
    angle = cloud.factors["angle"].values[near]
    assert np.minimum(angle, 2 * np.pi - angle).max() < 0.06


def test_the_annulus_is_even_by_area():
    cloud = Annulus(size=3000)(stream())
    distance = np.linalg.norm(cloud.points, axis=1)
    np.testing.assert_allclose(distance, cloud.factors["distance"].values)
    counts = np.histogram((distance**2 - 1) / 3, bins=10, range=(0, 1))[0]
    assert ((counts - 300) ** 2 / 300).sum() < 23.6


@pytest.mark.parametrize("shape", [*SHAPES, *IMAGES])
def test_the_example_of_each_cloud_runs(shape):
    component = component_of(shape())
    assert len(component.build(component.example)(stream())) == 20


@pytest.mark.parametrize(
    "shape", [Circle, Torus, FlatTorus, KleinBottle, FigureEight, Annulus, RotatingShape, ShiftedBlob, Patches]
)
def test_neighbours_in_space_are_neighbours_in_every_factor_across_the_seam_too(shape):
    latents = shape(size=1000)(stream())
    distances = squareform(pdist(latents.points))
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    for factor in latents.factors.values():
        assert factor.period is None or 0 <= factor.values.min() <= factor.values.max() < factor.period
        span = factor.period or np.ptp(factor.values)
        apart = np.abs(factor.values - factor.values[nearest]) / span
        if factor.kind == "circular":
            apart = np.minimum(apart, 1 - apart)
        assert apart.max() < 0.25  # a wrong seam is half a turn away or more
