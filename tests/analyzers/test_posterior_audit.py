"""The posterior audit on posteriors whose truth is known, and what scale-free persistence cannot see."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.posterior_audit import PosteriorAudit
from tda_latent.analyzers.vietoris_rips import VietorisRips
from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Latents
from tda_latent.registry import needs_of, registry

QUICK = PosteriorAudit(permutations=39, draws=2)


def stream(seed=0):
    return np.random.default_rng(seed)


def audit(means, deviations, seed=1):
    return QUICK(Latents(means, scale=np.broadcast_to(deviations, means.shape)), stream(seed))


def perfect(size=400, units=3, noise=0.5):
    """Posteriors whose aggregate is the prior: variance of the means + noise variance = 1."""
    return np.sqrt(1 - noise**2) * stream(2).normal(size=(size, units)), noise


def test_it_needs_the_posterior_deviations():
    assert needs_of(QUICK) == ("scale",)


def test_an_aggregate_that_is_the_prior_passes_every_test():
    found = audit(*perfect())
    truth = 3 * np.log(1 / 0.5)
    assert found["active units"] == found["informative units"] == 3
    assert found["divergence"] == pytest.approx(truth, rel=0.1)
    assert found["mutual information, lower bound"] <= found["mutual information, upper bound"]
    assert found["mutual information, lower bound"] == pytest.approx(truth, rel=0.1)
    assert found["aggregate divergence, upper bound"] < 0.1
    assert found["energy distance, p"] > 0.05
    assert found["neighbour share, p"] > 0.05
    for name in ("prior holes", "codes outside the prior"):
        assert found[name] < found[f"{name} (reference)"] + 0.05


def test_collapsed_posteriors_have_no_active_unit_and_no_hole():
    means = 1e-4 * stream().normal(size=(200, 3))
    found = audit(means, 1.0)
    assert found["active units"] == found["informative units"] == 0
    assert found["divergence"] < 1e-6
    assert 0 <= found["mutual information, lower bound"] <= found["mutual information, upper bound"] < 1e-6
    # around the means alone nearly all of the prior would be a hole, but the decoder was trained on draws
    assert found["prior holes"] < 0.06


def test_one_collapsed_unit_is_named_in_the_table():
    means, noise = perfect()
    means[:, 1] *= 1e-4
    deviations = np.full(means.shape, noise)
    deviations[:, 1] = 1.0
    table = audit(means, deviations).tables["units"]
    assert table.values[:, list(table.columns).index("active")].tolist() == [1, 0, 1]
    assert table.rows.tolist() == ["z0", "z1", "z2"]


def test_codes_that_spread_far_beyond_the_prior_are_outside_and_leave_no_hole():
    found = audit(5 * stream().normal(size=(300, 3)), 0.01)
    assert found["codes outside the prior"] > 0.8
    assert found["energy distance, p"] == found["neighbour share, p"] == 1 / 40
    assert found["moment divergence"] == pytest.approx(3 * (25 - 1 - np.log(25)) / 2, rel=0.15)


def test_codes_on_a_ring_leave_a_hole_in_the_prior_that_moments_do_not_see():
    angles = stream().uniform(0, 2 * np.pi, 600)
    found = audit(np.sqrt(2) * np.column_stack([np.cos(angles), np.sin(angles)]), 0.02)
    assert found["moment divergence"] < 0.05
    assert found["prior holes"] > 0.5
    assert found["prior holes (reference)"] < 0.05
    assert found["energy distance, p"] == 1 / 40


def test_with_sharp_posteriors_the_information_is_only_known_to_exceed_the_ceiling():
    found = audit(stream().normal(size=(100, 2)), 1e-3)
    assert found["mutual information, lower bound"] == pytest.approx(found["log of the number of points"])
    assert found["mutual information, upper bound"] == pytest.approx(found["divergence"])
    # the aggregate is the prior: no positive lower bound of their divergence may be claimed
    assert found["aggregate divergence, lower bound"] == 0


def test_the_bias_of_the_total_correlation_stands_beside_it():
    sharp = audit(stream().normal(size=(150, 3)), 0.01)
    assert sharp["total correlation"] > 5  # independent units
    assert sharp["total correlation"] == pytest.approx(sharp["total correlation (reference)"], rel=0.1)
    sign = np.where(stream().random((150, 1)) < 0.5, 1.0, -1.0)
    tied = audit(sign * np.ones((150, 3)) * 3, 0.5)
    assert tied["total correlation"] > 1.2
    assert tied["total correlation (reference)"] < 0.2


def test_a_single_unit_has_no_total_correlation():
    assert "total correlation" not in audit(stream().normal(size=(20, 1)), 0.5).scalars


def test_equal_posteriors_are_audited_like_any_others():
    found = audit(np.ones((12, 2)), 0.5)
    assert found["active units"] == 0
    assert found["mutual information, upper bound"] == pytest.approx(0, abs=1e-12)
    assert all(np.isfinite(scalar.value) for scalar in found.scalars.values())


def test_few_points_or_no_deviations_are_refused_with_the_remedy():
    with pytest.raises(InvalidInput, match="7 posteriors; the rule is at least 8"):
        audit(np.zeros((7, 2)), 1.0)
    with pytest.raises(InvalidInput, match="load the latents with scale"):
        QUICK(Latents(np.zeros((9, 2))), stream())


def test_persistence_per_median_distance_calls_a_collapsed_ring_alive_and_per_posterior_deviation_dead():
    angles = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    collapsed = Latents(1e-3 * ring, scale=np.full(ring.shape, 0.999))
    healthy = Latents(1.5 * ring, scale=np.full(ring.shape, 0.2))

    def longest(latents, scale):
        found = VietorisRips(scale=scale)(latents)
        bars = found.pairs[found.degrees == 1]
        return float((bars[:, 1] - bars[:, 0]).max()), found.unit

    assert longest(collapsed, "median")[0] == pytest.approx(longest(healthy, "median")[0])
    assert longest(collapsed, "median")[0] > 1
    dead, unit = longest(collapsed, "posterior")
    assert unit == "posterior sd"
    assert dead < 0.002
    assert longest(healthy, "posterior")[0] == pytest.approx(1500 * dead * 0.999 / 0.2)
    assert longest(healthy, "posterior")[0] > 10
    assert audit(collapsed.points, collapsed.scale)["active units"] == 0
    assert audit(healthy.points, healthy.scale)["active units"] == 2


def test_of_more_points_than_asked_for_a_random_part_is_looked_at():
    means, noise = perfect(400)
    latents = Latents(means, scale=np.full(means.shape, noise))
    found = PosteriorAudit(points=100, permutations=9)(latents, stream())
    assert found["log of the number of points"] == pytest.approx(np.log(100))


def test_codes_on_the_unit_sphere_are_not_held_against_a_gaussian_prior():
    means = stream().normal(size=(40, 3))
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    with pytest.raises(InvalidInput, match="spherical latent space, whose prior is not"):
        audit(means, 0.1)


@pytest.mark.parametrize("units", [20, 40, 90])
def test_an_aggregate_that_is_the_prior_has_the_moment_divergence_of_its_reference_in_any_dimension(units):
    """Sixty inputs: with 90 units the covariance of the means is singular, and nothing is wrong with the model."""
    found = audit(*perfect(60, units, 0.1))
    assert found["moment divergence"] == pytest.approx(found["moment divergence (reference)"], rel=0.35)
    narrow = audit(0.2 * perfect(60, units, 0.1)[0], 0.02)
    assert narrow["moment divergence"] > 1.3 * narrow["moment divergence (reference)"]


def test_numbers_beyond_float64_are_refused_with_the_usual_reason():
    with pytest.raises(InvalidInput, match="deviations, not log-variances"):
        audit(np.zeros((9, 2)), 1e200)


def test_the_memory_is_bounded_and_more_posteriors_than_that_are_refused(monkeypatch):
    monkeypatch.setattr("tda_latent.numerics.distance_blocks.BLOCK_ENTRIES", 300)
    assert audit(*perfect(60))["neighbour share, p"] > 0.05
    with pytest.raises(InvalidParameter, match="points"):
        registry().find("analyzer", "posterior-audit").build({"points": 20_000})
