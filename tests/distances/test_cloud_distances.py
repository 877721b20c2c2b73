"""Distances between clouds: the plain baseline, and the three that pair points by id."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.records import Latents
from tda_latent.registry import needs_of, registry

PAIRED = ("cka", "procrustes", "rsa")


def built(name, **parameters):
    return registry().find("distance", name).build(parameters)


def cloud(seed=0, size=30, dimension=3, **columns) -> Latents:
    return Latents(np.random.default_rng(seed).normal(size=(size, dimension)), ids=np.arange(size), **columns)


@pytest.mark.parametrize("name", PAIRED)
def test_points_are_paired_by_id_and_not_by_row(name) -> None:
    a, b = cloud(0), cloud(1, dimension=5)
    rows = np.random.default_rng(2).permutation(30)
    assert built(name)(a, b.take(rows)) == built(name)(a, b)
    assert built(name)(a, a.take(rows)) == 0.0


@pytest.mark.parametrize("name", PAIRED)
def test_points_of_one_cloud_alone_are_left_out(name) -> None:
    a, b = cloud(0), cloud(1)
    assert built(name)(a.take(np.arange(20)), b) == built(name)(a.take(np.arange(20)), b.take(np.arange(20)))


@pytest.mark.parametrize("name", PAIRED)
def test_clouds_without_common_ids_are_refused(name) -> None:
    assert needs_of(built(name)) == ("ids",)
    with pytest.raises(IncompatibleRecords, match="carries no ids"):
        built(name)(cloud(0), Latents(np.ones((4, 2))))
    with pytest.raises(IncompatibleRecords, match="share 2 ids"):
        built(name)(cloud(0), cloud(1).replace(ids=np.arange(28, 58)))


def test_debiased_cka_needs_four_shared_ids() -> None:
    few = cloud(1).take(np.arange(3))
    assert built("cka")(cloud(0), few) >= 0
    with pytest.raises(IncompatibleRecords, match="at least 4"):
        built("cka", debiased=True)(cloud(0), few)


def test_both_forms_of_procrustes_measure_the_same_residual() -> None:
    a, b = cloud(0), cloud(1)
    angle, chord = built("procrustes")(a, b), built("procrustes", form="chordal")(a, b)
    assert chord == pytest.approx(2 * np.sin(angle / 2))
    assert built("procrustes").unit == "rad"
    assert built("procrustes", form="chordal").unit == ""


def test_orthogonal_clouds_are_a_right_angle_apart() -> None:
    waves = [np.cos(2 * np.pi * k * np.arange(30) / 30)[:, None] for k in (1, 2)]
    a, b = (Latents(wave, ids=np.arange(30)) for wave in waves)
    assert built("procrustes")(a, b) == pytest.approx(np.pi / 2)
    assert built("cka")(a, b) == pytest.approx(1.0)


def test_rsa_can_look_at_angles_which_a_shift_changes() -> None:
    a, b = cloud(0), cloud(1)
    moved = b.replace(points=b.points + 5)
    assert built("rsa")(a, moved) == pytest.approx(built("rsa")(a, b), rel=1e-9)
    assert built("rsa", metric="cosine")(a, moved) != pytest.approx(built("rsa", metric="cosine")(a, b), rel=1e-3)


def test_the_baseline_is_the_area_between_the_distributions_of_nearest_neighbour_distances() -> None:
    a, b = Latents([[0.0], [1], [3], [7]]), Latents([[0.0], [2], [20]])
    given = built("nearest-neighbour-w1", scale="given")
    # nearest distances 1, 1, 2, 4 and 2, 2, 18
    assert given(a, b) == pytest.approx(1 / 2 * 1 + (3 / 4 - 2 / 3) * 2 + (1 - 2 / 3) * 14)
    assert given.unit == "input distance"


def test_the_baseline_needs_no_ids_and_ignores_the_unit_of_each_cloud_unless_told() -> None:
    a, b = Latents(cloud(0).points), Latents(cloud(1, size=40, dimension=6).points)
    scaled = b.replace(points=100 * b.points)
    baseline = built("nearest-neighbour-w1")
    assert needs_of(baseline) == ()
    assert baseline.unit == "median-normalised"
    assert baseline(a, scaled) == pytest.approx(baseline(a, b), rel=1e-12)
    assert built("nearest-neighbour-w1", scale="given")(a, scaled) > 50 * baseline(a, b)
    assert baseline(a, a.take(np.arange(30)[::-1])) == pytest.approx(0.0, abs=1e-14)


def test_the_baseline_is_a_pseudometric() -> None:
    clouds = [Latents(np.random.default_rng(k).normal(size=(10 + 3 * k, 2 + k))) for k in range(6)]
    values = np.array([[built("nearest-neighbour-w1")(a, b) for a in clouds] for b in clouds])
    assert np.array_equal(values, values.T)
    assert (values[:, :, None] <= values[:, None, :] + values.T[None] + 1e-12).all()


def test_clouds_without_neighbours_or_extent_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one point"):
        built("nearest-neighbour-w1")(Latents([[1.0]]), cloud())
    with pytest.raises(InvalidInput, match="median"):
        built("nearest-neighbour-w1")(Latents(np.ones((5, 2))), cloud())
    with pytest.raises(InvalidInput, match="coincide"):
        built("cka")(cloud(), Latents(np.ones((30, 2)), ids=np.arange(30)))


@pytest.mark.parametrize("name", ["rsa", "rtd-lite"])
def test_more_inputs_than_pairs_fit_into_memory_are_refused_before_they_are_asked_for(name) -> None:
    line = Latents(np.linspace(0, 1, 30_000)[:, None], ids=np.arange(30_000))
    with pytest.raises(InvalidInput, match=r"30000 points need about .* GiB.*subsample"):
        built(name)(line, line)


def test_svcca_sets_what_unrelated_clouds_have_beside_its_number() -> None:
    found = built("svcca", variance=1.0).correlation(cloud(0, 200, 3), cloud(1, 200, 9)).scalars
    assert found["square correlation (reference)"].value == 9 / 199
    assert abs(found["square correlation"].value - 9 / 199) < 0.06
    assert built("svcca").correlation(cloud(0), cloud(0)).scalars["square correlation"].value == pytest.approx(1.0)
