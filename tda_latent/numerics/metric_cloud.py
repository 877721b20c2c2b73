"""A cloud with its distances, whichever way they are had: from coordinates, from directions, or from a matrix.

The three have one face: all distances, those among some rows, farthest-point landmarks with their covering radius, how
far a diagram can move when the landmarks stand for the cloud, and the median distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist, squareform

from tda_latent.errors import InvalidInput
from tda_latent.numerics.median_length import Median, median_length
from tda_latent.numerics.pairwise import median_distance, near_one, pairwise_distances, unit_directions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
EPSILON = float(np.finfo(np.float64).eps)
_CHUNK = 1 << 22  # entries looked at in one go


@dataclass(frozen=True)
class Cover:
    """Landmarks that stand for a cloud.

    rows : (k,) row numbers in ascending order
    radius : covering radius: every point is this near to a landmark
    shift : bound of the bottleneck distance between the diagrams of the landmarks and of the cloud, in exact
        arithmetic
    """

    rows: Integers
    radius: float
    shift: float


@dataclass(frozen=True)
class EuclideanCloud:
    """Euclidean distances of points.

    points : (n, d) finite float32 or float64
    """

    points: NDArray[Any]

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def _near(self) -> tuple[Floats, int]:
        """The points centred and divided by two to a power, so that no square leaves float64; the exponent."""
        return near_one(self.points)

    def matrix(self) -> Floats:
        """(n, n) distances."""
        return pairwise_distances(self.points)

    def _lengths(self, near: Any) -> Floats:
        with np.errstate(over="ignore"):
            return np.asarray(np.ldexp(near, self._near[1]), dtype=np.float64)

    def lengths_from(self, rows: slice) -> Floats:
        """(k, n) distances from some points to all."""
        return self._lengths(cdist(self._near[0][rows], self._near[0]))

    def take(self, rows: Integers) -> EuclideanCloud:
        """The same distances among some points."""
        return EuclideanCloud(self.points[rows])

    def cover(self, count: int, threads: int = 1) -> Cover:
        """Farthest-point landmarks; d_B <= 2 d_GH <= 2 radius [chazal2014b]."""
        from tda_latent.numerics.landmarks import farthest_points

        found = farthest_points(self._near[0], count, threads)
        radius = float(self._lengths(found.radius))
        return Cover(np.sort(found.rows), radius, 2 * radius)

    def median(self, threads: int = 1) -> Median:
        """Median distance of two different points."""
        return Median(*(float(value) for value in self._lengths(np.array(median_length(self._near[0], threads)))))

    def longest(self) -> float:
        """An upper bound of the longest distance, at most twice it: the diameter of a ball around the mean."""
        near = self._near[0]
        parts = np.array_split(near, 1 + near.size // _CHUNK)
        reach = max(float(np.einsum("ij,ij->i", part, part).max()) for part in parts if len(part))
        return float(self._lengths(2 * math.sqrt(reach)))

    def rounding(self, longest: float) -> float:
        """Largest error of a distance by floating point."""
        return EPSILON * longest * float(self.points.shape[1] + 8)


@dataclass(frozen=True)
class AngularCloud:
    """Angles between directions, in radians: a true metric.

    directions : (n, d) of length one
    """

    directions: Floats

    def __len__(self) -> int:
        return len(self.directions)

    def matrix(self) -> Floats:
        """(n, n) angles in [0, pi] by Kahan's formula, which keeps its digits near 0 and near pi."""
        chords = squareform(pdist(self.directions), checks=False)
        return np.asarray(2 * np.arctan2(chords, cdist(self.directions, -self.directions)), dtype=np.float64)

    def lengths_from(self, rows: slice) -> Floats:
        """(k, n) angles from some points to all."""
        chords = cdist(self.directions[rows], self.directions)
        return np.asarray(2 * np.arctan2(chords, cdist(self.directions[rows], -self.directions)), dtype=np.float64)

    def take(self, rows: Integers) -> AngularCloud:
        """The same angles among some points."""
        return AngularCloud(np.ascontiguousarray(self.directions[rows]))

    def cover(self, count: int, threads: int = 1) -> Cover:
        """Farthest-point landmarks by chords, which rise with angles; d_B <= 2 radius."""
        from tda_latent.numerics.landmarks import farthest_points

        found = farthest_points(self.directions, count, threads)
        radius = 2 * math.asin(min(1.0, found.radius / 2))
        return Cover(np.sort(found.rows), radius, 2 * radius)

    def median(self, threads: int = 1) -> Median:
        """Median angle of two different points: that of the median chord."""
        chords = median_length(self.directions, threads)
        return Median(*(2 * math.asin(min(1.0, chord / 2)) for chord in chords))

    def longest(self) -> float:
        """An upper bound of the angles."""
        return math.pi

    def rounding(self, longest: float) -> float:
        """Largest error of an angle, which near pi moves with the square root of the error of its chord."""
        chord = EPSILON * float(self.directions.shape[1] + 8)
        return 2 * chord / max(math.cos(min(longest, math.pi) / 2), math.sqrt(chord))


@dataclass(frozen=True)
class MatrixCloud:
    """Distances given as a matrix, a metric or not; +inf = never joined.

    distances : (n, n) symmetric, zero diagonal
    steps : sums behind a distance, for its rounding; 0 = the numbers are exact
    """

    distances: Floats
    steps: int = 0

    def __len__(self) -> int:
        return len(self.distances)

    def matrix(self) -> Floats:
        """(n, n) distances, a copy."""
        return self.distances.copy()

    def lengths_from(self, rows: slice) -> Floats:
        """(k, n) distances from some points to all."""
        return self.distances[rows]

    def take(self, rows: Integers) -> MatrixCloud:
        """The same distances among some points."""
        return MatrixCloud(self.distances[np.ix_(rows, rows)], self.steps)

    def cover(self, count: int, threads: int = 1) -> Cover:
        """Farthest-point landmarks; d_B is at most the distortion of moving every point to its nearest landmark."""
        from tda_latent.numerics.landmarks import distortion, farthest_of_matrix

        found = farthest_of_matrix(self.distances, count)
        return Cover(np.sort(found.rows), found.radius, distortion(self.distances, np.sort(found.rows)))

    def median(self, threads: int = 1) -> Median:
        """Median of the finite distances of two different points."""
        value = median_distance(self.distances)
        return Median(value, value, value)

    def longest(self) -> float:
        """The longest finite distance."""
        return float(self.distances[np.isfinite(self.distances)].max())

    def rounding(self, longest: float) -> float:
        """Largest error of a distance by floating point."""
        return EPSILON * longest * self.steps


MetricCloud = EuclideanCloud | AngularCloud | MatrixCloud


def largest_change(first: MetricCloud, second: MetricCloud, units: tuple[float, float]) -> float:
    """Largest change of a distance between two clouds with as many points, row by row, each in its own unit.

    An edge that enters one cloud and never the other changes by infinity. O(n^2) time, no matrix of all distances
    beyond those that the clouds hold.
    """
    if len(first) != len(second):
        return math.inf
    size, most = max(1, _CHUNK // len(first)), 0.0
    for start in range(0, len(first), size):
        rows = slice(start, start + size)
        left, right = first.lengths_from(rows) / units[0], second.lengths_from(rows) / units[1]
        apart = np.abs(np.subtract(left, right, out=np.zeros_like(left), where=left != right))
        most = max(most, float(apart.max()))
    return most


def angular_cloud(points: NDArray[Any]) -> AngularCloud:
    """Angles between (n, d) finite points seen from the origin.

    Raises
    ------
    InvalidInput
        When a point is the origin.
    """
    return AngularCloud(unit_directions(points))


def require_positive(median: float) -> float:
    """The median distance as a unit.

    Raises
    ------
    InvalidInput
        When it is zero, because more than half of the pairs coincide.
    """
    if not median > 0:
        raise InvalidInput("the median pairwise distance is zero: most points coincide. Use scale: given instead.")
    return median
