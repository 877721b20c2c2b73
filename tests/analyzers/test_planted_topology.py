"""Codes with known holes against the Betti numbers of their data; bars by another library."""

from __future__ import annotations

import numpy as np
import pytest
from ripser import ripser
from scipy.spatial.distance import pdist

from tda_latent.analyzers.planted_topology import PlantedTopology
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Latents, Origin
from tda_latent.sources.flat_torus import FlatTorus
from tda_latent.sources.sphere import Sphere

DATA = " of the data (reference)"


def circle(size: int, radii: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, size, endpoint=False)
    return np.column_stack([radii[0] * np.cos(turn), radii[1] * np.sin(turn)])


def cloud(points: np.ndarray, data: str = "circle") -> Latents:
    return Latents(points, ids=np.arange(len(points)), origin=Origin(data=data))


def judged(codes: np.ndarray, data: np.ndarray, **parameters):
    return PlantedTopology(**parameters)(cloud(codes), cloud(data), np.random.default_rng(0))


def test_an_even_circle_has_one_bar_from_its_step_to_the_side_of_the_inscribed_triangle():
    points = circle(60)
    found = judged(points, points, betti=[1, 1])
    step, side, unit = 2 * np.sin(np.pi / 60), np.sqrt(3.0), np.median(pdist(points))
    assert found["margin"] == pytest.approx((side - step) / unit, rel=1e-12)
    assert found["H1 gap ratio"] == np.inf
    assert found["homology kept"] == found["H1 prominent bars"] == found["H1 planted bars (reference)"] == 1
    assert found["H1 bottleneck distance to the data, of no bars (reference)"] == pytest.approx(
        (side - step) / unit / 2
    )
    assert found["effective rank"] == pytest.approx(2.0)


def test_codes_that_are_the_data_are_at_distance_zero_and_equal_in_every_number():
    points = FlatTorus(size=200)(np.random.default_rng(0)).points
    found = judged(points, points, betti=[1, 2, 1], landmarks=60)
    assert all(found[f"H{k} bottleneck distance to the data"] == 0 for k in range(3))
    assert found["neighbour distance W1 to the data"] == 0
    names = [name.removesuffix("," + DATA) for name in found.scalars if name.endswith(DATA)]
    assert {"margin", "homology kept", "H1 gap ratio", "H2 gap ratio", "effective rank"} <= set(names)
    assert all(found[name] == found[f"{name},{DATA}"] for name in names)


@pytest.mark.parametrize(
    ("shape", "betti"), [(FlatTorus(size=90), (1, 2, 1)), (Sphere(size=90), (1, 0, 1)), (FlatTorus(size=90), (1, 1))]
)
def test_margin_and_counts_are_those_of_another_library(shape, betti):
    points = shape(np.random.default_rng(3)).points
    found = judged(points, points, betti=betti, prominence=0.2)
    unit = np.median(pdist(points))
    bars = ripser(points, maxdim=len(betti) - 1)["dgms"]
    planted, other = [], [0.0]
    for k in range(1, len(betti)):
        lives = np.sort(np.diff(bars[k], axis=1).ravel() / unit)[::-1]
        planted += lives[: betti[k]].tolist()
        other += lives[betti[k] :].tolist()
        assert found[f"H{k} prominent bars"] == (lives > 0.2).sum()
        if betti[k]:
            second = lives[betti[k]] if len(lives) > betti[k] else 0.0
            expected = lives[betti[k] - 1] / second if second else np.inf
            assert found[f"H{k} gap ratio"] == pytest.approx(expected, rel=1e-5)
    assert found["margin"] == pytest.approx(min(planted) - max(other), abs=1e-5)


def test_a_code_that_flattens_the_circle_has_lost_it():
    data = circle(80)
    flat = judged(data[:, :1], data, betti=[1, 1])
    assert flat["margin"] == flat["H1 gap ratio"] == flat["homology kept"] == 0
    assert (
        flat["H1 bottleneck distance to the data"] == flat["H1 bottleneck distance to the data, of no bars (reference)"]
    )
    assert flat["margin, of the data (reference)"] > 1
    assert flat["effective rank"] == pytest.approx(1.0)


def test_a_hole_where_none_was_planted_makes_the_margin_negative():
    torus = FlatTorus(size=900)(np.random.default_rng(1)).points
    found = judged(torus, torus, betti=[1, 0, 1])
    assert found["margin"] < 0
    assert found["homology kept"] == 0
    assert "H1 gap ratio" not in found.scalars
    assert judged(torus, torus, betti=[1, 2, 1])["homology kept"] == 1


def test_the_worse_of_two_unequal_codes_has_the_smaller_margin():
    data = circle(80)
    margins = [judged(circle(80, (1.0, b)), data, betti=[1, 1])["margin"] for b in (1.0, 0.5, 0.2, 0.05)]
    assert margins == sorted(margins, reverse=True)


def test_betti_numbers_are_those_of_the_data_set_that_the_codes_come_from():
    ask = PlantedTopology(betti={"circle": [1, 1], "disc": [1, 0]})
    points, rng = circle(40), np.random.default_rng(0)
    assert ask(cloud(points), cloud(points), rng)["homology kept"] == 1
    assert ask(cloud(points), cloud(points, "disc"), rng)["homology kept"] == 0
    unknown = ask(cloud(points), cloud(points, "digits"), rng)
    assert unknown["H1 bottleneck distance to the data"] == 0
    assert not {"margin", "homology kept"} & set(unknown.scalars)


def test_rows_are_paired_by_id_and_only_those_of_the_codes_are_compared():
    data = np.vstack([circle(50), np.full((30, 2), 40.0)])
    inputs = cloud(data)
    codes = inputs.take(np.arange(50)[::-1])
    found = PlantedTopology(betti=[1, 1])(codes, inputs, np.random.default_rng(0))
    assert found["neighbour distance W1 to the data"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("betti", [[1], [1, -1], {"circle": [1]}, [1, 1, 1, 1]])
def test_betti_numbers_that_cannot_be_asked_for_are_refused(betti):
    with pytest.raises(InvalidParameter, match="betti"):
        PlantedTopology(betti=betti)


def test_too_few_points_and_codes_that_coincide_are_refused():
    with pytest.raises(InvalidInput, match="at least 4"):
        judged(np.zeros((3, 2)), circle(3))
    with pytest.raises(InvalidInput, match="coincide"):
        judged(np.zeros((20, 2)), circle(20), betti=[1, 1])


def test_a_cloud_without_holes_has_the_margin_of_its_gaussian_reference_and_a_circle_is_far_above_it():
    """Some bar is always the longest: in 20 points of noise the margin is positive and says nothing."""
    noise = [judged(np.random.default_rng(seed).normal(size=(20, 2)), circle(20), betti=[1, 1]) for seed in range(12)]
    margins = [found["margin"] for found in noise]
    reference = np.mean([found["margin, of a Gaussian cloud (reference)"] for found in noise])
    assert np.mean(margins) > 0.02
    assert abs(np.mean(margins) - reference) < 3 * np.std(margins) / np.sqrt(12)
    shaped = judged(circle(20), circle(20), betti=[1, 1], gaussian_clouds=6)
    assert shaped["margin"] > 5 * shaped["margin, of a Gaussian cloud (reference)"]
    assert shaped["homology kept, of a Gaussian cloud (reference)"] < 0.5


def test_no_gaussian_clouds_no_reference():
    found = judged(circle(20), circle(20), betti=[1, 1], gaussian_clouds=0)
    assert not any("Gaussian" in name for name in found.scalars)
