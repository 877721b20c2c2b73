"""The weight of the divergence may rise from zero, so that codes are in use before they are charged for."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tda_latent.models.training import Schedule
from tda_latent.records import Latents
from tda_latent.sources.vae import Vae


def swiss_roll(size: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    angle = 1.5 * np.pi * (1 + 2 * rng.random(size))
    return np.column_stack([angle * np.cos(angle), 21 * rng.random(size), angle * np.sin(angle)])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_warm_up_keeps_a_swiss_roll_from_collapsing(seed: int) -> None:
    found = {
        share: Vae(dimension=2, warm_up=share)(Latents(swiss_roll(400)), np.random.default_rng(seed)).quality
        for share in (0.0, 0.5)
    }
    assert found[0.5]["evidence_bound"] > found[0.0]["evidence_bound"] + 0.1
    assert found[0.5]["explained_variance"] > 0.9 > 0.6 > found[0.0]["explained_variance"]


@pytest.mark.parametrize(("share", "expected"), [(0.0, [3, 3, 3, 3]), (0.5, [1, 2, 3, 3]), (1.0, [0.5, 1, 1.5, 2])])
def test_the_weight_rises_evenly_over_its_share_of_the_steps(share: float, expected: list[float]) -> None:
    schedule = Schedule(2, 4, 1e-3, warm_up=share)  # 10 points in batches of 4: 3 steps an epoch
    assert list(islice(schedule.weights(3.0, 10), 4)) == pytest.approx(expected)
