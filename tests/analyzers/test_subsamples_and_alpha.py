"""Two other ways to large clouds: averages over subsamples, and alpha complexes in the plane and in space."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.alpha import Alpha
from tda_latent.analyzers.landscape import Landscape
from tda_latent.analyzers.subsampled_landscape import SubsampledLandscape
from tda_latent.analyzers.subsampled_persistence import SubsampledPersistence
from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import IncompatibleRecords, InvalidInput, InvalidParameter
from tda_latent.numerics.bottleneck import bottleneck_distance
from tda_latent.records import Latents, require_comparable


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def ring(size: int = 300, noise: float = 0.05) -> np.ndarray:
    angles = rng(1).uniform(0, 2 * np.pi, size)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) + noise * rng(2).normal(size=(size, 2))


# --- subsamples --------------------------------------------------------------------------------------------------


def test_the_average_landscape_is_the_mean_of_the_landscapes_of_the_subsamples():
    latents = Latents(ring(80))
    found = SubsampledLandscape(size=30, draws=6, stop=2.0, layers=2, resolution=50)(latents, rng())
    stream = rng()
    draws = [np.sort(stream.choice(80, 30, replace=False)) for _ in range(6)]
    single = Landscape(stop=2.0, layers=2, resolution=50)
    expected = np.mean([single(VietorisRips()(Latents(latents.points[rows]))).values for rows in draws], axis=0)
    np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-14)
    assert (found.name, found.unit) == ("average-landscape", "input distance")


def test_one_draw_of_all_points_is_the_landscape_of_the_cloud():
    latents = Latents(ring(60))
    found = SubsampledLandscape(size=60, draws=1, scale="median", layers=5, resolution=201)(latents, rng())
    whole = Landscape()(VietorisRips(scale="median")(latents))
    np.testing.assert_allclose(found.values, whole.values, rtol=0, atol=1e-14)
    assert (found.unit, found.grid.tolist()) == (whole.unit, whole.grid.tolist())


def test_the_unit_of_all_subsamples_is_the_median_distance_of_the_whole_cloud():
    points = ring(200)
    given, normal = (
        SubsampledPersistence(size=40, draws=5, scale=scale)(Latents(points), rng()) for scale in ("given", "median")
    )
    median = VietorisRips(scale="median", max_degree=0)(Latents(points)).computed["scale_divisor"]
    assert given["longest bar"] / median == pytest.approx(normal["longest bar"], rel=1e-12)


def test_an_outlier_moves_landmarks_and_hardly_an_average():
    points = ring(400)
    spoilt = np.concatenate([points, [[30.0, 0.0]]])
    draw = SubsampledLandscape(size=80, draws=60, stop=2.0)
    plain, moved = (draw(Latents(cloud), rng()).values for cloud in (points, spoilt))
    assert np.abs(plain - moved).max() < 0.25 * plain.max()
    parts = [VietorisRips(landmarks=2)(Latents(cloud)).finite(0).max() for cloud in (points, spoilt)]
    assert parts[1] > 10 * parts[0]


def test_the_image_of_the_mean_measure_has_the_mean_weight_of_a_diagram():
    latents = Latents(ring(200))
    image = SubsampledLandscape(size=60, draws=10, summary="image", stop=4.0, deviation=0.01)(latents, rng())
    scalars = SubsampledPersistence(size=60, draws=10)(latents, rng())
    assert image.values.sum() == pytest.approx(scalars["total persistence"], rel=1e-3)
    assert image.name == "mean-persistence-measure"


def test_standard_errors_are_those_of_the_mean_and_are_named_as_within_one_model():
    latents = Latents(ring(200))
    found = SubsampledPersistence(size=50, draws=8, stop=2.0)(latents, rng())
    stream = rng()
    diagrams = [
        VietorisRips()(latents.take(np.sort(stream.choice(200, 50, replace=False)))).finite(1) for _ in range(8)
    ]
    longest = [np.ptp(bars, axis=1).max(initial=0.0) for bars in diagrams]
    assert found["longest bar"] == pytest.approx(np.mean(longest), rel=1e-12)
    name = "longest bar, standard error within one model"
    assert found[name] == pytest.approx(np.std(longest, ddof=1) / np.sqrt(8), rel=1e-9)
    assert "nothing about other trainings" in found.scalars[name].meaning
    assert all("one model" in key for key in found.curves if not key.startswith("mean "))


def test_the_standard_error_shrinks_like_the_root_of_the_draws():
    latents = Latents(ring(300))
    few, many = (
        SubsampledPersistence(size=30, draws=draws)(latents, rng())[
            "total persistence, standard error within one model"
        ]
        for draws in (40, 640)
    )
    assert 3 < few / many < 5.5


def test_components_of_subsamples_are_counted_in_degree_zero():
    found = SubsampledPersistence(size=25, draws=4, degree=0)(Latents(ring(90)), rng())
    assert found["number of bars"] == 24
    assert found.curves["mean Betti curve"].y[0] == 25
    assert found.curves["mean Betti curve"].y[-1] == 1


def test_draws_are_those_of_the_stream_and_more_points_than_there_are_is_refused():
    latents = Latents(ring(50))
    draw = SubsampledLandscape(size=20, draws=3, stop=2.0)
    assert draw(latents, rng(1)) == draw(latents, rng(1)) != draw(latents, rng(2))
    with pytest.raises(InvalidInput, match=r"subsamples of 51 points.*has 50; lower size"):
        SubsampledLandscape(size=51)(latents, rng())


# --- alpha -------------------------------------------------------------------------------------------------------


def test_two_points_merge_at_their_distance_and_a_right_triangle_has_its_loop_until_its_circumdiameter():
    assert Alpha()(Latents(np.array([[0.0, 0], [3, 4]]))).finite(0).tolist() == [[0, 5]]
    corners = np.array([[0.0, 0], [2, 0], [1, np.sqrt(3)]])
    ((birth, death),) = Alpha()(Latents(corners)).of_degree(1)
    assert birth == pytest.approx(2, rel=1e-14)
    assert death == pytest.approx(4 / np.sqrt(3), rel=1e-14)


def test_a_regular_polygon_has_its_loop_until_the_diameter_of_its_circle():
    angles = 2 * np.pi * np.arange(12) / 12
    found = Alpha()(Latents(np.stack([np.cos(angles), np.sin(angles)], axis=1)))
    bars = found.of_degree(1)
    ((birth, death),) = bars[bars[:, 1] - bars[:, 0] > 1e-9]
    assert (birth, death) == (pytest.approx(2 * np.sin(np.pi / 12)), pytest.approx(2))


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_it_lies_within_its_factor_of_vietoris_rips_over_logarithms(dimension):
    for seed in range(4):
        latents = Latents(rng(seed).normal(size=(60, dimension)))
        alpha, rips = Alpha(max_degree=2)(latents), VietorisRips(max_degree=2)(latents)
        factor = alpha.computed["rips_factor"]
        assert factor == pytest.approx(np.sqrt(2 * dimension / (dimension + 1)))
        np.testing.assert_allclose(alpha.finite(0), rips.finite(0), rtol=0, atol=1e-12)
        for degree in (1, 2):
            logs = [np.log(d.of_degree(degree)) for d in (alpha, rips)]
            assert bottleneck_distance(*logs) <= np.log(factor) + 1e-12


def test_the_square_root_two_bound_of_the_plane_is_used_up_by_a_triangle():
    corners = Latents(np.array([[0.0, 0], [2, 0], [1, np.sqrt(3)]]))
    ((birth, death),) = Alpha()(corners).of_degree(1)
    assert not len(VietorisRips()(corners).of_degree(1))
    assert death / birth == pytest.approx(Alpha()(corners).computed["rips_factor"])  # a bar of log-length log(factor)


def test_units_fields_duplicates_and_single_points():
    points = ring(50)
    twice = Alpha()(Latents(np.concatenate([points, points[:9]])))
    np.testing.assert_allclose(twice.pairs, Alpha()(Latents(points)).pairs, rtol=0, atol=twice.accuracy)
    median = Alpha(scale="median")(Latents(1024 * points))
    np.testing.assert_allclose(median.pairs, Alpha(scale="median")(Latents(points)).pairs, rtol=0, atol=1e-12)
    assert Alpha(field=3)(Latents(points)).field == 3
    assert Alpha()(Latents(np.ones((1, 2)))).pairs.tolist() == [[0, np.inf]]
    assert Alpha()(Latents(np.ones((5, 3)))).pairs.tolist() == [[0, np.inf]]


def test_precisions_agree_on_points_in_general_position():
    latents = Latents(rng(5).normal(size=(80, 3)))
    safe, exact, fast = (Alpha(max_degree=2, precision=p)(latents) for p in ("safe", "exact", "fast"))
    for other in (exact, fast):
        np.testing.assert_allclose(safe.pairs, other.pairs, rtol=1e-12)


def test_it_is_not_compared_with_vietoris_rips_by_mistake():
    latents = Latents(ring(30))
    with pytest.raises(IncompatibleRecords, match="filtration"):
        require_comparable(Alpha()(latents), VietorisRips()(latents), 1)


def test_more_than_three_coordinates_are_refused_with_the_ways_out():
    with pytest.raises(InvalidInput, match=r"4 coordinates.*vietoris-rips.*landmarks.*project to 3"):
        Alpha()(Latents(np.zeros((5, 4))))
    with pytest.raises(InvalidParameter, match="prime"):
        Alpha(field=4)


def test_the_documentation_names_its_licence():
    assert "GPL" in (Alpha.__doc__ or "")
    assert "GPL" in Alpha()(Latents(ring(9))).computed["engine"]
