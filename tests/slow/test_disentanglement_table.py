"""The scores of six representations of four factors, 3000 points each, as the settings in the literature give them."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.disentanglement import Disentanglement
from tda_latent.records import Factor, Latents

pytestmark = pytest.mark.slow
SIZE = 3000
NAMES = ("MIG", "SAP", "DCI disentanglement", "DCI completeness", "DCI informativeness", "modularity")
RNG = np.random.default_rng(0)
FACTORS = RNG.uniform(size=(SIZE, 4))
TURN = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2  # every code an equal mix
EXACT = 0.03  # of scores whose value follows from the construction: bins of equal width and finite trees


def scores(codes: np.ndarray) -> dict[str, float]:
    factors = {f"factor {k}": Factor(column, "real") for k, column in enumerate(FACTORS.T)}
    found = Disentanglement(permutations=1)(Latents(codes, factors=factors), np.random.default_rng(1))
    return {name: found[name] for name in found.scalars}


def test_factors_alone_score_one():
    found = scores(FACTORS)
    assert [found[name] for name in NAMES] == pytest.approx([1.0] * 6, abs=EXACT)
    assert found["FactorVAE score"] == pytest.approx(1.0, abs=EXACT)


def test_six_coordinates_of_noise_beside_the_factors_change_nothing():
    found = scores(np.hstack([FACTORS, RNG.normal(size=(SIZE, 6))]))
    assert [found[name] for name in NAMES] == pytest.approx([1.0] * 6, abs=EXACT)


def test_factors_given_twice_have_no_gap_and_half_the_completeness():
    found = scores(np.hstack([FACTORS, FACTORS]))
    shared = 1 - np.log(2) / np.log(8)
    assert [found[name] for name in NAMES] == pytest.approx([0.0, 0.0, 1.0, shared, 1.0, 1.0], abs=EXACT)


def test_a_turn_that_mixes_all_factors_equally_costs_every_score_of_axes_and_no_information():
    found = scores((FACTORS - 0.5) @ TURN)
    assert [found[name] for name in NAMES[:4]] == pytest.approx([0.0] * 4, abs=EXACT)
    assert found["DCI informativeness"] > 0.97
    assert found["explicitness"] > 0.97


def test_four_factors_in_ten_mixed_codes_are_known_and_not_separated():
    found = scores(FACTORS @ np.random.default_rng(5).normal(size=(4, 10)))
    assert found["DCI informativeness"] > 0.97
    assert found["MIG"] < 0.25
    assert found["SAP"] < 0.35


def test_noise_scores_nothing():
    found = scores(np.random.default_rng(6).normal(size=(SIZE, 4)))
    assert [found[name] for name in NAMES[:4]] == pytest.approx([0.0] * 4, abs=EXACT)
    assert -0.15 < found["DCI informativeness"] < 0.0
    assert found["informative codes"] == 0
