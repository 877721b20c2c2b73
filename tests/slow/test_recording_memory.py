"""A hidden layer of 100,000 inputs x 768 (293 MiB) goes to disk without being held."""

from __future__ import annotations

import pytest

from benchmarks.recording import INPUTS, WIDTH, measured

pytestmark = pytest.mark.slow


def test_memory_stays_far_below_the_layer_whether_whole_or_sampled() -> None:
    layer = INPUTS * WIDTH * 4 / 2**20
    plain = measured("plain")["peak"]
    for mode in ("whole", "sampled"):
        found = measured(mode)
        assert found["peak"] - plain < layer / 4, f"{mode}: {found}"
    assert measured("held")["peak"] - plain > 0.8 * layer  # what is measured can tell the difference
