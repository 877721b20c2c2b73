"""What a badge must not say: features of noise, one component of four, a loop where points are merely few."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.merge_scale_view import MergeScaleView
from tda_latent.analyzers.pca_view import PcaView
from tda_latent.engines.trust import Trust, trust_badge
from tda_latent.records import Latents

FEATURES = [f"{name}{change}" for name in ("components", "loops") for change in ("", " lost", " invented")]


def stream(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def badge(cloud: np.ndarray, view: np.ndarray) -> dict[str, float]:
    return trust_badge(cloud, view, Trust(), stream())


def features(trust: dict[str, float]) -> list[float]:
    return [trust[name] for name in FEATURES]


def one_wide_and_three_tight() -> np.ndarray:
    centres = np.array([[0.0, 0], [6, 0], [-6, 0], [0, 6]])
    return np.concatenate(
        [c + s * stream(4).normal(size=(200, 2)) for c, s in zip(centres, (1, 0.01, 0.01, 0.01), strict=True)]
    )


@pytest.mark.parametrize("size", [20, 100])
@pytest.mark.parametrize("dimension", [2, 20])
def test_few_points_of_noise_show_features_hardly_ever(size: int, dimension: int) -> None:
    shown = 0
    for seed in range(20):
        trust = PcaView()(Latents(stream(seed).normal(size=(size, dimension))), stream()).trust
        shown += features(dict(trust)) != [1, 0, 0, 0, 0, 0]
    assert shown <= 3  # one in twenty is expected at most; 4 or more of 20 has probability 0.02 then


def test_clusters_count_by_their_points_and_not_by_the_room_they_take() -> None:
    cloud = one_wide_and_three_tight()
    assert features(badge(cloud, cloud)) == [4, 0, 0, 0, 0, 0]
    heap = stream(9).normal(size=(800, 2))
    assert badge(cloud, heap)["components lost"] == 3


def test_evening_out_a_dense_middle_invents_no_loop() -> None:
    cloud = np.vstack([stream(1).normal(size=(300, 2)), 0.05 * stream(2).normal(size=(700, 2))])
    radius = np.linalg.norm(cloud, axis=1)
    even = cloud / radius[:, None] * np.sqrt(radius.argsort().argsort() / len(radius))[:, None]
    assert features(badge(cloud, even)) == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("times", [1, 2, 12])
@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_a_flat_cloud_in_its_own_plane_is_perfect_whatever_ties_and_repeats_it_has(times: int, shift: float) -> None:
    lattice = np.stack(np.meshgrid(np.arange(8.0), np.arange(9.0)), -1).reshape(-1, 2)
    plane = np.linalg.qr(stream().normal(size=(7, 7)))[0][:2]
    cloud = np.repeat(lattice @ plane + shift, times, axis=0)
    trust = PcaView()(Latents(cloud), stream()).trust
    assert trust["trustworthiness"] == trust["continuity"] == 1
    assert trust["explained variance"] == pytest.approx(1)
    assert trust["stress"] < 1e-6
    assert features(dict(trust)) == [1, 0, 0, 0, 0, 0]


def test_repeating_the_points_changes_no_feature() -> None:
    blobs = np.concatenate([6 * np.eye(8)[k] + stream(k).normal(scale=0.5, size=(20, 8)) for k in range(3)])
    once, thrice = (badge(p, p[:, :2]) for p in (blobs, np.repeat(blobs, 3, axis=0)))
    assert features(once) == features(thrice)


@pytest.mark.parametrize("size", [5, 9, 10, 14])
def test_few_points_are_few_however_often_they_repeat(size: int) -> None:
    points = stream(size).normal(size=(size, 3))
    once, *more = (
        badge(np.repeat(points, times, axis=0), np.repeat(points[:, :2], times, axis=0)) for times in (1, 2, 7)
    )
    for repeated in more:
        assert [repeated.get(name) for name in FEATURES] == [once.get(name) for name in FEATURES]
    assert ("components" in once) == (size >= 10)


def test_a_torn_ring_loses_its_loop_and_a_bent_line_invents_one() -> None:
    turn = np.sort(stream(5).uniform(0, 2 * np.pi, 200))
    ring, line = np.stack([np.cos(turn), np.sin(turn)], 1), np.stack([turn, 0 * turn], 1)
    assert features(badge(ring, line))[3:] == [1, 1, 0]
    assert features(badge(line, ring))[3:] == [0, 0, 1]
    assert badge(ring, line)["continuity"] < badge(ring, line)["trustworthiness"]


def test_of_few_points_nothing_is_said_about_features_and_agreement_stands_beside_chance() -> None:
    trust = dict(PcaView()(Latents(stream().normal(size=(9, 3))), stream()).trust)
    assert not set(FEATURES) & set(trust)
    assert trust["seed agreement by chance"] == pytest.approx(4 / 8)
    assert set(PcaView()(Latents(np.ones((30, 3))), stream()).trust).isdisjoint([*FEATURES, "stress"])


def test_the_merge_layout_keeps_the_components_that_its_own_diagram_keeps() -> None:
    cloud = np.hstack([one_wide_and_three_tight(), np.zeros((800, 3))])
    assert features(dict(MergeScaleView()(Latents(cloud), stream()).trust))[:3] == [4, 0, 0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_line_far_from_the_origin_has_no_second_axis(dtype: type) -> None:
    line = (np.outer(stream().normal(size=80), np.arange(1.0, 6)) + 1e4).astype(dtype)
    view = PcaView()(Latents(line), stream())
    assert view.axes[1] == "PC2 (0 % of variance)"
    assert not view.coordinates[:, 1].any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_turned_lattice_keeps_every_order_that_the_lattice_has(dtype: type) -> None:
    lattice = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    turn = np.linalg.qr(stream(5).normal(size=(2, 2)))[0]
    found = badge((lattice + 10).astype(dtype), (lattice @ turn / 7).astype(dtype))
    for name in ("trustworthiness", "continuity", "rank correlation"):
        assert found[name] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("shift", [0.0, 100.0])
def test_a_lattice_stored_in_few_digits_has_a_perfect_linear_map(shift: float) -> None:
    lattice = np.stack(np.meshgrid(np.arange(9.0), np.arange(9.0)), axis=-1).reshape(-1, 2)
    plane = np.linalg.qr(stream(5).normal(size=(6, 6)))[0][:2]
    trust = PcaView()(Latents((lattice @ plane + shift).astype(np.float32)), stream()).trust
    for name in ("trustworthiness", "continuity", "rank correlation"):
        assert trust[name] == pytest.approx(1.0, abs=1e-12)
