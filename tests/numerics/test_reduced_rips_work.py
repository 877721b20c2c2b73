"""How much work the degree-one kernel does, counted and never timed: a change that makes it do more is noticed here.

The counters depend on the cloud alone, so the bounds lie a quarter above what was counted when they were written; what
they guard is told in `tda_latent.numerics.reduced_rips`.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest

from benchmarks.clouds import drawn
from tda_latent.numerics.reduced_rips import degree_one

SIZE = 600
EDGES = SIZE * (SIZE - 1) / 2
SLACK = 1.25
# per pair of points: lunes tested, lunes searched; cycles per loop; per cycle: edges expanded, columns added
COUNTED = {
    "g16": (0.181, 0.144, 1.97, 17.9, 7.0),
    "g64": (0.198, 0.158, 2.22, 17.7, 5.6),
    "circ64": (0.605, 0.036, 1.29, 11.4, 0.9),
    "torus64": (0.140, 0.071, 1.25, 26.7, 6.0),
    "sphere64": (0.038, 0.012, 1.07, 11.2, 0.7),
    "mix32": (0.078, 0.031, 1.55, 19.2, 3.7),
}


@functools.cache
def counters(cloud: str, size: int) -> dict[str, int]:
    return degree_one(drawn(cloud, size)).counters


@pytest.mark.parametrize("cloud", COUNTED)
def test_the_kernel_does_no_more_work_than_it_did(cloud: str) -> None:
    found = counters(cloud, SIZE)
    cycles = found["cycles expanded"]
    counted = (
        found["lunes tested"] / EDGES,
        found["lunes searched"] / EDGES,
        cycles / found["loops"],
        found["edges expanded"] / cycles,
        found["columns added"] / cycles,
    )
    assert all(now <= SLACK * before for now, before in zip(counted, COUNTED[cloud], strict=True)), counted


@pytest.mark.parametrize("cloud", COUNTED)
def test_births_are_the_edges_of_the_graph_that_merge_nothing_and_few(cloud: str) -> None:
    found = counters(cloud, SIZE)
    assert found["loops"] == found["graph edges"] - (SIZE - 1)
    assert found["graph edges"] <= 4 * SIZE


@pytest.mark.parametrize("cloud", ["g16", "torus64", "mix32"])
def test_the_share_of_pairs_whose_lune_is_tested_does_not_grow_with_the_cloud(cloud: str) -> None:
    half, whole = counters(cloud, SIZE // 2), counters(cloud, SIZE)
    assert whole["lunes tested"] <= 4 * half["lunes tested"]
    assert whole["cycles expanded"] <= 4 * half["cycles expanded"]


def test_a_second_thread_does_little_in_vain_and_changes_no_bar() -> None:
    """Threads test the lunes of a block of edges before they know what dies there: some of them need not be tested."""
    points = drawn("torus64", 1100)
    one, two = (degree_one(points, threads=threads) for threads in (1, 2))
    np.testing.assert_array_equal(one.births, two.births)
    np.testing.assert_array_equal(one.deaths, two.deaths)
    assert one.counters["loops"] == two.counters["loops"]
    for name in ("lunes tested", "lunes searched", "cycles expanded", "edges expanded", "columns added"):
        assert one.counters[name] <= two.counters[name] <= SLACK * one.counters[name]


def test_lunes_are_tested_only_while_a_loop_is_alive() -> None:
    """On a sphere the loops die early: most edges are entered without a look at their lune."""
    assert counters("sphere64", SIZE)["lunes tested"] < 0.06 * EDGES
