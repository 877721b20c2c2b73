"""Spectrum, intrinsic dimension and the PCA view as components."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.intrinsic_dimension import IntrinsicDimension
from tda_latent.analyzers.pca_view import PcaView
from tda_latent.analyzers.spectrum import Spectrum
from tda_latent.engines.trust import Trust
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Factor, Latents, unpack

CLOUD = np.random.default_rng(0).gamma(1.0, size=(300, 5)) * [5, 4, 3, 2, 1]
TURN = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]


def stream():
    return np.random.default_rng(7)


def same_scalars(first, second):
    for name, scalar in first.scalars.items():
        assert second[name] == pytest.approx(scalar.value, rel=1e-9, nan_ok=True), name


def test_the_spectrum_of_four_unit_directions_of_eight():
    found = Spectrum()(Latents(np.vstack([np.eye(8)[:4], -np.eye(8)[:4]])))
    for name in ("effective rank", "effective rank of deviations", "participation ratio", "rank", "directions needed"):
        assert found[name] == pytest.approx(4.0)
    assert found["condition"] == np.inf
    np.testing.assert_allclose(found.curves["explained variance"].y, [0.25, 0.5, 0.75, 1, 1, 1, 1, 1])


def test_the_spectrum_ignores_isometries_and_the_order_of_the_points():
    expected = Spectrum()(Latents(CLOUD))
    order = np.random.default_rng(2).permutation(300)
    same_scalars(expected, Spectrum()(Latents((CLOUD @ TURN + 50)[order])))
    assert expected["total variance"] == pytest.approx(CLOUD.var(axis=0).sum())


def test_collapsed_latents_have_a_spectrum():
    for points in (np.ones((1, 3)), np.ones((9, 3))):
        found = Spectrum()(Latents(points))
        assert found["effective rank"] == found["participation ratio"] == found["total variance"] == 0
        assert found == unpack(*found.packed())


def test_the_dimension_of_a_plane_in_many_dimensions_is_two_at_every_size():
    rng = np.random.default_rng(3)
    plane = rng.random((1500, 2)) @ np.linalg.qr(rng.normal(size=(20, 20)))[0][:2]
    found = IntrinsicDimension()(Latents(plane), stream())
    assert found["two-nn"] == pytest.approx(2, abs=0.2)
    assert found["mle"] == pytest.approx(2, abs=0.2)
    np.testing.assert_allclose(found.curves["mle"].y, 2, atol=0.35)
    assert found.curves["two-nn"].x[-1] == 1500
    assert found.curves["two-nn"].y[-1] == pytest.approx(found["two-nn"])


def test_the_dimension_ignores_isometries_and_the_unit_of_length():
    first = IntrinsicDimension()(Latents(CLOUD), stream())
    second = IntrinsicDimension()(Latents(64 * CLOUD @ TURN + 9), stream())
    same_scalars(first, second)
    for name, curve in first.curves.items():
        np.testing.assert_allclose(second.curves[name].y, curve.y, rtol=1e-8)


def test_duplicates_count_once_or_are_refused():
    doubled = Latents(np.vstack([CLOUD, CLOUD[:50]]))
    same_scalars(IntrinsicDimension()(Latents(CLOUD), stream()), IntrinsicDimension()(doubled, stream()))
    with pytest.raises(InvalidInput, match="50 points repeat"):
        IntrinsicDimension(duplicates="refuse")(doubled, stream())


def test_fewer_than_three_distinct_points_have_no_dimension():
    found = IntrinsicDimension()(Latents(np.array([[0.0, 1], [0, 1], [2, 2]])), stream())
    assert np.isnan(found["two-nn"])
    assert np.isnan(found["mle"])
    assert found["distinct points"] == 2


def test_parts_smaller_than_a_neighbourhood_are_refused():
    with pytest.raises(InvalidParameter, match="smallest > neighbours"):
        IntrinsicDimension(neighbours=20, smallest=20)


def test_the_view_carries_ids_labels_factors_and_says_how_much_it_shows():
    latents = Latents(
        CLOUD,
        ids=np.arange(300),
        labels={"class": np.repeat(["a", "b"], 150)},
        factors={"angle": Factor(np.linspace(0, 1, 300), "circular", 1.0)},
    )
    view = PcaView()(latents, stream())
    share = np.sort(np.linalg.eigvalsh(np.cov(CLOUD.T)))[::-1]
    assert view.axes[0] == f"PC1 ({100 * share[0] / share.sum():.0f} % of variance)"
    assert view.trust["explained variance"] == pytest.approx(share[:2].sum() / share.sum())
    assert set(view.labels) == {"class", "angle"}
    np.testing.assert_array_equal(view.ids, latents.ids)
    assert 0.5 < view.trust["trustworthiness"] < view.trust["continuity"] <= 1


def test_permuting_the_points_permutes_the_view_and_keeps_its_trust():
    order = np.random.default_rng(4).permutation(300)
    first, second = (
        PcaView(dimensions=3)(Latents(CLOUD), stream()),
        PcaView(dimensions=3)(Latents(CLOUD[order]), stream()),
    )
    np.testing.assert_allclose(second.coordinates, first.coordinates[order], atol=1e-9)
    for name, value in first.trust.items():
        assert second.trust[name] == pytest.approx(value, abs=1e-12)


def test_rotating_the_cloud_leaves_the_view_alone():
    first, second = PcaView()(Latents(CLOUD), stream()), PcaView()(Latents(-CLOUD @ TURN - 4), stream())
    np.testing.assert_allclose(second.coordinates, first.coordinates, atol=1e-9)


def test_trust_of_a_large_cloud_is_estimated_from_a_sample_of_it():
    whole, sample = (PcaView(trust=Trust(sample=size))(Latents(CLOUD), stream()).trust for size in (300, 200))
    assert whole["trustworthiness"] == pytest.approx(sample["trustworthiness"], abs=0.05)
    assert whole["trustworthiness"] != sample["trustworthiness"]


def test_tiny_clouds_have_a_view():
    for size in (1, 2, 3):
        view = PcaView(dimensions=3)(Latents(np.arange(size, dtype=float)[:, None]), stream())
        assert view.coordinates.shape == (size, 3)
        assert ("continuity" in view.trust) == (size == 3)
        assert view == unpack(*view.packed())
    assert PcaView()(Latents(np.array([[0.0], [1]])), stream()).axes[1] == "PC2 (0 % of variance)"
