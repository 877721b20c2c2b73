"""RTD and MTop-Div: what is paired, drawn and averaged, and what the two directions mean."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.records import Latents
from tda_latent.registry import needs_of, registry


def built(name, **parameters):
    return registry().find("distance", name).build(parameters)


def cloud(seed=0, size=30, dimension=3) -> Latents:
    return Latents(np.random.default_rng(seed).normal(size=(size, dimension)), ids=np.arange(size))


def clusters(gap) -> Latents:
    points = np.random.default_rng(3).normal(0, 0.1, (24, 2))
    points[12:, 0] += gap
    return Latents(points, ids=np.arange(24))


def test_rtd_pairs_points_by_id_and_leaves_out_those_of_one_cloud_alone() -> None:
    a, b = cloud(0), cloud(1, dimension=5)
    shuffled = b.take(np.random.default_rng(2).permutation(30))
    part = np.arange(20)
    assert needs_of(built("rtd")) == ("ids",)
    assert built("rtd")(a, shuffled) == built("rtd")(a, b) > 0
    assert built("rtd")(a.take(part), b) == built("rtd")(a.take(part), b.take(part))
    with pytest.raises(IncompatibleRecords, match="carries no ids"):
        built("rtd")(a, Latents(b.points))
    with pytest.raises(IncompatibleRecords, match="share 1 ids"):
        built("rtd")(a, b.replace(ids=np.arange(29, 59)))


def test_rtd_is_zero_up_to_a_similarity_and_for_two_points() -> None:
    a, b = cloud(0), cloud(1)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))[0]
    assert built("rtd")(a, a) == 0.0
    assert built("rtd")(a, a.replace(points=5 * a.points @ turn + 2)) == pytest.approx(0.0, abs=1e-12)
    two = np.arange(2)
    assert built("rtd")(a.take(two), b.take(two)) == 0.0  # one distance each, equal after normalisation


def test_rtd_sees_clusters_that_the_other_cloud_does_not_have() -> None:
    near, far, farther = clusters(0.0), clusters(2.0), clusters(8.0)
    assert built("rtd")(near, far) > 5 * built("rtd")(far, farther)
    assert built("rtd", combine="max")(near, far) > built("rtd")(near, far)


def test_rtd_of_many_points_is_a_mean_over_batches_that_the_seed_decides() -> None:
    a, b = cloud(0, 60), cloud(1, 60)
    small = built("rtd", batch=25, batches=3)
    assert small(a, b) == small(a, b) == small(b, a)
    assert small(a, a) == 0.0
    assert small(a, b) != built("rtd", batch=25, batches=3, seed=1)(a, b)
    assert built("rtd", batch=60)(a, b) == built("rtd")(a, b) > small(a, b)


def test_coinciding_points_have_no_quantile_to_divide_by_but_some_duplicates_are_fine() -> None:
    a = cloud(0)
    with pytest.raises(InvalidInput, match="quantile"):
        built("rtd")(a, a.replace(points=np.ones((30, 2))))
    doubled = a.replace(points=np.repeat(a.points[:15], 2, axis=0))
    assert built("rtd")(doubled, doubled) == 0.0
    assert built("rtd")(a, doubled) > 0


def test_mtop_div_asks_what_one_cloud_has_and_the_other_does_not_fill() -> None:
    """A loop around a spot: the loop is missing in the spot, and the spot lacks nothing but nearness."""
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    loop = Latents(np.column_stack([np.cos(angles), np.sin(angles)]))
    spot = Latents(rng.normal(0, 0.02, (80, 2)))
    forward, backward = (built("mtop-div", direction=d)(loop, spot) for d in ("forward", "backward"))
    assert forward > 0.8
    assert backward < 0.4 * forward
    assert built("mtop-div", direction="forward")(spot, loop) == backward


def test_mtop_div_needs_no_ids_but_one_space() -> None:
    assert needs_of(built("mtop-div")) == ()
    a, b = Latents(cloud(0).points), Latents(cloud(1, 40).points)
    assert built("mtop-div")(a, a) == 0.0
    whole = built("mtop-div")(a, b)
    forward, backward = (built("mtop-div", direction=d)(a, b) for d in ("forward", "backward"))
    assert whole == (forward + backward) / 2
    moved = [Latents(2 * x.points + 7) for x in (a, b)]
    assert built("mtop-div")(*moved) == pytest.approx(2 * whole)
    with pytest.raises(IncompatibleRecords, match=r"3 and 5 coordinates.*rtd"):
        built("mtop-div")(a, cloud(1, dimension=5))


def test_mtop_div_draws_batches_where_a_cloud_is_larger() -> None:
    a, b = Latents(cloud(0, 50).points), Latents(cloud(1, 80).points)
    small = built("mtop-div", batch=20, base_batch=40, batches=3)
    assert small(a, b) == small(a, b) == small(b, a)
    assert small(a, b) != built("mtop-div", batch=20, base_batch=40, batches=3, seed=1)(a, b)
    assert built("mtop-div", degree=2, batch=20, base_batch=20, batches=1)(a, b) >= 0.0
