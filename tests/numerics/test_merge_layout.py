"""The planar layout that keeps merge scales: its degree-0 diagram is that of the cloud."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist

from tda_latent.numerics.merge_layout import merge_layout

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=(120, 5))


def deaths(points: np.ndarray) -> np.ndarray:
    """Merge heights by SciPy's single linkage, which shares no code with ours."""
    return linkage(pdist(points), "single")[:, 2]


@pytest.mark.parametrize(
    "cloud",
    [
        NORMAL,
        RNG.normal(size=(300, 40)),
        np.repeat(RNG.normal(size=(20, 3)), 4, axis=0),
        np.indices((7, 7)).reshape(2, -1).T.astype(float),
        np.arange(50.0)[:, None] ** 2,
        np.concatenate([np.zeros((5, 2)), np.ones((1, 2))]),
        RNG.normal(size=(2, 3)),
        np.vstack([RNG.normal(size=(40, 3)), RNG.normal(size=(40, 3)) * 1e-6 + 100]),
    ],
    ids=["normal", "many dimensions", "duplicates", "grid", "line", "all but one equal", "two", "two scales"],
)
def test_the_layout_merges_at_the_scales_of_the_cloud(cloud):
    layout = merge_layout(cloud)
    assert layout.shape == (len(cloud), 2)
    np.testing.assert_allclose(deaths(layout), deaths(cloud), rtol=0, atol=1e-12 * np.abs(cloud).max() * len(cloud))


@given(arrays(np.float64, (12, 3), elements=st.integers(-3, 3).map(float)))
@settings(max_examples=60, deadline=None)
def test_ties_and_coincidences_do_not_break_the_law(cloud):
    np.testing.assert_allclose(deaths(merge_layout(cloud)), deaths(cloud), rtol=0, atol=1e-12)


def test_clusters_merge_with_the_same_partners_at_every_scale():
    """Not only the heights: every pair of points is joined at its own scale (the cophenetic distances)."""
    heights = [cophenet(linkage(pdist(cloud), "single")) for cloud in (NORMAL, merge_layout(NORMAL))]
    np.testing.assert_allclose(heights[1], heights[0], atol=1e-12)


def test_it_has_the_unit_of_the_points_at_any_size():
    plain = merge_layout(NORMAL)
    for factor in (2.0**40, 2.0**-40):
        np.testing.assert_allclose(merge_layout(NORMAL * factor), plain * factor, rtol=1e-12)
    assert np.isfinite(merge_layout(NORMAL * 1e150)).all()


def test_order_and_position_of_the_points_change_nothing():
    plain = np.sort(np.linalg.norm(merge_layout(NORMAL), axis=1))
    order = RNG.permutation(120)
    turn = np.linalg.qr(RNG.normal(size=(5, 5)))[0]
    for cloud in (NORMAL[order], NORMAL @ turn, NORMAL + 3.0):
        np.testing.assert_allclose(np.sort(np.linalg.norm(merge_layout(cloud), axis=1)), plain, atol=1e-9)


def test_one_point_and_equal_points_lie_at_the_origin():
    assert not merge_layout(np.ones((1, 4))).any()
    assert not merge_layout(np.ones((6, 2))).any()
