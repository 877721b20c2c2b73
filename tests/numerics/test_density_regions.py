"""Regions of highest density and labels that do not overlap."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.numerics.density_regions import apart, density_region

RNG = np.random.default_rng(0)
LIMITS = np.array([-6.0, -6.0]), np.array([6.0, 6.0])


@pytest.mark.parametrize("share", [0.3, 0.7, 0.9])
def test_a_region_holds_its_share_of_the_points(share):
    points = RNG.normal(size=(2000, 2))
    region = density_region(points, LIMITS, share)
    columns, rows = (np.abs(axis[:, None] - points[:, k]).argmin(axis=0) for k, axis in enumerate((region.x, region.y)))
    inside = region.density[rows, columns] >= region.level
    assert inside.mean() == pytest.approx(share, abs=0.01)


def test_the_region_of_a_normal_law_is_a_disc_of_the_known_radius():
    points = np.random.default_rng(1).normal(size=(20000, 2))
    region = density_region(points, LIMITS, 0.7)
    widths = (region.corners[1] - region.corners[0]) / 2
    np.testing.assert_allclose(widths, np.sqrt(-2 * np.log(0.3)), rtol=0.1)
    np.testing.assert_allclose(region.anchor, 0, atol=0.1)


def test_the_anchor_lies_in_the_larger_of_two_parts():
    points = np.concatenate([RNG.normal([-3, 0], 0.3, (300, 2)), RNG.normal([3, 1], 0.3, (100, 2))])
    np.testing.assert_allclose(density_region(points, LIMITS, 0.9).anchor, [-3, 0], atol=0.15)


def test_labels_are_moved_apart_and_stay_inside():
    anchors, sizes = RNG.normal(scale=0.5, size=(10, 2)), np.tile([2.0, 0.5], (10, 1))
    places = apart(anchors, sizes, LIMITS)
    for one in range(10):
        for other in range(one):
            gap = np.abs(places[one] - places[other])
            assert (gap >= sizes[0] * (1 - 1e-6)).any()
    assert (np.abs(places) <= 6 - sizes / 2 + 1e-9).all()


def test_labels_that_do_not_overlap_stay_where_they_are():
    anchors = np.array([[0.0, 0], [3, 0], [0, 3]])
    np.testing.assert_array_equal(apart(anchors, np.tile([2.0, 1.0], (3, 1)), LIMITS), anchors)


def test_equal_anchors_are_separated():
    places = apart(np.zeros((4, 2)), np.tile([1.0, 0.5], (4, 1)), LIMITS)
    assert len(np.unique(places.round(6), axis=0)) == 4
