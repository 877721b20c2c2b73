"""`representatives` of vietoris-rips: the same bars, with something in the cloud to point at."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.spatial.distance import pdist, squareform

from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import InvalidParameter
from tda_latent.numerics.chains import bounding_scales, youngest_edge
from tda_latent.numerics.cochains import diameters
from tda_latent.records import Latents, unpack

RNG = np.random.default_rng(0)
ANGLES = RNG.uniform(0, 2 * np.pi, 60)
CIRCLE = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1) + 0.05 * RNG.normal(size=(60, 2))


def diagram(points=CIRCLE, **parameters):
    return VietorisRips(**parameters)(Latents(points))


@pytest.mark.parametrize("kind", ["cycles", "cocycles", "simplices"])
def test_bars_do_not_depend_on_what_shows_them(kind):
    found = diagram(representatives=kind)
    plain = diagram()
    assert np.array_equal(found.pairs, plain.pairs)
    assert np.array_equal(found.degrees, plain.degrees)
    assert found.representatives.kind == kind.rstrip("s").replace("simplice", "simplices")
    assert found.computed["reason"] == f"gives {kind}, which were asked for"
    assert unpack(*found.packed()) == found


@pytest.mark.parametrize("kind", ["cycles", "cocycles", "simplices"])
def test_simplices_have_the_lengths_of_the_bars_also_in_other_units(kind):
    found = diagram(representatives=kind, scale="median")
    lengths = squareform(pdist(CIRCLE)) / found.computed["scale_divisor"]
    for (birth, death), one in zip(found.pairs.tolist(), found.representatives, strict=True):
        assert diameters(one.birth[None], lengths)[0] == pytest.approx(birth)
        assert one.killing is None or diameters(one.killing[None], lengths)[0] == pytest.approx(death)


def test_the_cycle_of_a_circle_goes_around_it_and_bounds_at_the_death():
    found = diagram(representatives="cycles")
    distances = squareform(pdist(CIRCLE))
    loops = np.flatnonzero(found.degrees == 1).tolist()
    chains = [found.representatives[bar][:2] for bar in loops]
    assert bounding_scales(distances, chains) == pytest.approx(found.pairs[loops, 1])
    for bar in loops:
        one = found.representatives[bar]
        assert youngest_edge(one.simplices, distances) == tuple(one.birth.tolist())
    longest = loops[int(np.argmax(np.diff(found.pairs[loops], axis=1)))]
    (walk,) = found.representatives.walks(longest)
    turns = np.angle(np.exp(1j * np.diff(ANGLES[np.append(walk, walk[0])])))
    assert abs(turns.sum()) == pytest.approx(2 * np.pi)


@pytest.mark.parametrize("kind", ["cycles", "cocycles", "simplices"])
def test_with_landmarks_vertices_are_rows_of_the_whole_cloud(kind):
    many = np.repeat(CIRCLE, 3, axis=0) + 1e-9 * RNG.normal(size=(180, 2))
    found = diagram(many, representatives=kind, landmarks=40)
    assert found.representatives.births.max() >= 40
    lengths = squareform(pdist(many))
    for birth, one in zip(found.pairs[:, 0].tolist(), found.representatives, strict=True):
        assert diameters(one.birth[None], lengths)[0] == pytest.approx(birth)


def test_degree_two_and_other_fields_have_cocycles():
    points = np.random.default_rng(2).normal(size=(30, 3))
    sphere = points / np.linalg.norm(points, axis=1, keepdims=True)
    found = diagram(sphere, representatives="cocycles", max_degree=2, field=3)
    assert found.computed["engine"] == "ripser"
    assert np.array_equal(found.pairs, diagram(sphere, max_degree=2, field=3).pairs)
    assert set(found.representatives.degrees.tolist()) == {0, 1, 2}


@pytest.mark.parametrize("kind", ["cycles", "cocycles", "simplices"])
def test_few_points_and_degree_zero_alone_are_no_trouble(kind):
    for size in (1, 2, 3):
        assert len(diagram(CIRCLE[:size], representatives=kind).representatives) == size
    found = diagram(representatives=kind, max_degree=0, field=131)
    assert found.computed["engine"] == "spanning tree"
    assert len(found.representatives) == 60


def test_a_cut_leaves_censored_bars_without_a_killing_simplex():
    found = diagram(representatives="cocycles", threshold=0.5)
    assert np.array_equal(found.representatives.are_killed, ~found.censored)
    assert found.censored.any()


def test_combinations_that_no_engine_offers_are_refused_when_the_component_is_made():
    for parameters in ({"representatives": "cycles", "field": 3}, {"representatives": "cocycles", "engine": "gudhi"}):
        with pytest.raises((InvalidParameter, ValidationError), match="Use"):
            VietorisRips(**parameters)
