"""Hera behind its fence: within its error where it answers, and none of its known hangs reaches the caller."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tda_latent.engines import hera
from tda_latent.engines.hera import auction, hera_wasserstein
from tda_latent.engines.isolation import isolated_number
from tda_latent.errors import EngineFailure, InvalidInput
from tda_latent.numerics.wasserstein import wasserstein_distance


def table(rows) -> np.ndarray:
    return np.array(rows, dtype=float).reshape(-1, 2)


def random_bars(seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    births = rng.random(size)
    return np.vstack([np.column_stack([births, births + rng.exponential(0.1, size)]), [[rng.random(), np.inf]]])


@pytest.mark.parametrize(("order", "ground"), [(1, "inf"), (2, 2)])
def test_the_result_is_within_the_relative_error_and_symmetric(order, ground) -> None:
    a, b = random_bars(0, 120), random_bars(1, 90)
    exact = wasserstein_distance(a, b, order, ground)
    found = hera_wasserstein(a, b, order, ground, 0.01)
    assert exact * (1 - 1e-12) <= found <= 1.01 * exact
    assert hera_wasserstein(b[::-1], a, order, ground, 0.01) == found


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        ([[0, 1], [0, 2]], [[0, 2], [0, 1]], 0.0),  # equal in another order
        ([[1, 1], [0, 1]], [[0, 1]], 0.0),  # equal but for a bar of length zero
        ([[0, np.inf], [0, 1]], [[0.3, np.inf], [0, 1]], 0.3),  # equal but for the essential birth
        ([[0, np.inf]], [[0, 1]], np.inf),  # different numbers of essential classes
        ([[0, 1]], [], 0.5),  # nothing on one side
        ([], [], 0.0),
    ],
)
def test_inputs_on_which_hera_hangs_are_answered_without_it(monkeypatch, a, b, value) -> None:
    monkeypatch.setattr(hera, "isolated_number", lambda *_: pytest.fail("Hera was called"))
    assert hera_wasserstein(table(a), table(b), 2, "inf", 0.01) == value


def test_not_a_number_is_refused_before_hera_sees_it() -> None:
    with pytest.raises(InvalidInput, match="NaN"):
        hera_wasserstein(table([[0, np.nan]]), table([[0, 1]]), 1, 2, 0.01)


def test_a_call_that_hangs_is_stopped() -> None:
    """The bare auction on equal diagrams does not return; its process is killed."""
    arrays = {"first": table([[0, 1], [0, 2]]), "second": table([[0, 2], [0, 1]])}
    settings = {"order": 1.0, "exponent": np.inf, "relative_error": 0.01}
    start = time.monotonic()
    with pytest.raises(EngineFailure, match=r"no answer within 2 s and was stopped"):
        isolated_number(auction, arrays, settings, 2.0)
    assert time.monotonic() - start < 30
