"""Where a class lies on a map: the smallest region that holds a given share of its points, by a smoothed histogram."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

Floats = NDArray[np.float64]
CELLS = 128
"""Cells of the grid along the longer side of a map."""


class Region(NamedTuple):
    """A density on a grid, and the level above which the region lies.

    x, y : centres of the cells; density : (len(y), len(x)); level : density at the border of the region
    anchor : (2,) where a name belongs: the median of the points in the largest connected part of the region
    """

    x: Floats
    y: Floats
    density: Floats
    level: float
    anchor: Floats

    @property
    def corners(self) -> Floats:
        """(2, 2) lower and upper corner of the box around the region."""
        inside = self.density >= self.level
        places = self.x[inside.any(axis=0)], self.y[inside.any(axis=1)]
        return np.array([[part[0] for part in places], [part[-1] for part in places]])


def density_region(points: Floats, limits: tuple[Floats, Floats], share: float) -> Region:
    """The region of highest density that holds a share of the points.

    Parameters
    ----------
    points : (n, 2) finite, n >= 1
    limits : lower and upper corner of the map, both (2,), lower < upper
    share : of the points, in (0, 1)

    Notes
    -----
    Histogram with a Gaussian of Scott's width n^(-1/6) deviations [scott1992], at least one cell; the deviation is the
    smaller of standard deviation and interquartile range over 1.349 in each direction.
    """
    low, high = limits
    step = float((high - low).max()) / CELLS
    counts = np.maximum(np.ceil((high - low) / step).astype(int), 1)
    edges = [low[axis] + step * np.arange(counts[axis] + 1) for axis in (0, 1)]
    edges[0][-1], edges[1][-1] = max(edges[0][-1], high[0]), max(edges[1][-1], high[1])
    found = np.histogram2d(points[:, 1], points[:, 0], bins=(edges[1], edges[0]))[0]
    width = np.maximum(_spread(points) * len(points) ** (-1 / 6) / step, 1.0)
    density = gaussian_filter(found, (width[1], width[0]), mode="constant")
    cells = [np.clip(((points[:, axis] - low[axis]) / step).astype(int), 0, counts[axis] - 1) for axis in (0, 1)]
    at_points = density[cells[1], cells[0]]
    level = float(np.quantile(at_points, 1 - share))
    parts = label(density >= level)[0][cells[1], cells[0]]
    largest = np.argmax(np.bincount(parts[parts > 0]))
    x, y = ((edges[axis][:-1] + edges[axis][1:]) / 2 for axis in (0, 1))
    return Region(x, y, density, level, np.median(points[parts == largest], axis=0))


def _spread(points: Floats) -> Floats:
    quartiles = np.quantile(points, [0.25, 0.75], axis=0)
    robust, plain = (quartiles[1] - quartiles[0]) / 1.349, points.std(axis=0)
    return np.where(robust > 0, np.minimum(robust, plain), plain)


def apart(anchors: Floats, sizes: Floats, limits: tuple[Floats, Floats]) -> Floats:
    """Centres of labels near their anchors that do not overlap, where there is room.

    Parameters
    ----------
    anchors : (k, 2); sizes : (k, 2) widths and heights of the labels, in the unit of the anchors
    limits : lower and upper corner that labels are kept inside

    Notes
    -----
    Overlapping labels are pushed apart by half their overlap along the direction in which it is smaller, in a fixed
    order, at most 200 times; 0 of them overlap then unless they do not fit.
    """
    places = np.clip(anchors, limits[0] + sizes / 2, np.maximum(limits[1] - sizes / 2, limits[0] + sizes / 2))
    for _ in range(200):
        still = True
        for one in range(len(places)):
            for other in range(one):
                gap = places[one] - places[other]
                overlap = (sizes[one] + sizes[other]) / 2 - np.abs(gap)
                if (overlap > 1e-9 * sizes[one]).all():
                    axis = int(np.argmin(overlap))
                    push = np.copysign(overlap[axis] / 2, gap[axis] or 1.0)
                    places[one, axis] += push
                    places[other, axis] -= push
                    still = False
        places = np.clip(places, limits[0] + sizes / 2, np.maximum(limits[1] - sizes / 2, limits[0] + sizes / 2))
        if still:
            break
    return np.asarray(places)
