"""`interpolation-audit`: do paths between codes stay where the data are, and does the shape of the cloud say so?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out_codes
from tda_latent.numerics.distance_blocks import neighbour_distances
from tda_latent.numerics.interpolation import (
    clearances,
    linear_paths,
    merge_heights,
    motion,
    neighbour_paths,
    spherical_paths,
)
from tda_latent.numerics.two_sample import nearest_distances
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve, Measures, Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEAST_EXPLAINED = 0.1  # share of the variance of held-out inputs; a decoder that says less has no manifold to leave
_DATA, _CODE = "data distance", "input distance"  # lengths in the space of the data; between latents


@analyzer("interpolation-audit")
@dataclass(frozen=True)
class InterpolationAudit:
    """Where paths between random pairs of codes lead: straight, spherical, and along neighbours in the cloud.

    Every path is decoded, and its points are measured against the training inputs. The cloud must hold codes of
    held-out inputs; rows that were trained on are left out.

    Parameters
    ----------
    pairs : int
        Random pairs of codes that are joined.
    steps : int
        Even steps in which every path is walked. References take as many held-out codes, at random, as a kind of path
        has points.
    neighbours : int
        k of the neighbour graph of the codes, united with their minimum spanning tree, for the geodesic paths.

    Returns
    -------
    Measures
        For each kind of path (linear, spherical, geodesic), means over pairs unless stated: ``off-manifold ratio``,
        the median distance from decoded inner points to the nearest training input, over that of decoded held-out
        codes: 1 = a point on the way looks as much like data as the reconstruction of an unseen input;
        ``worst off-manifold ratio``, of the farthest point of each path (median over pairs), beside ``by chance``: the
        farthest of as many decoded held-out codes; ``decoded length`` and ``decoded end distance (reference)``, below
        which no path can be; ``path energy``, the mean squared speed in the space of the data for parameters from 0 to
        1, which is the perceptual path length of [karras2019] with pixels in place of a network; ``peak step`` over
        mean step (1 = even) and ``roughness``, the change from step to step over the mean step (0 = straight and even);
        ``clearance``, the largest distance from the path to the nearest code.

        ``bridge scale``: single-linkage height at which the two codes are joined. No continuous path has a
        clearance below half of it; a clearance far above it means that the path cuts across a hole that a chain of
        codes goes round; a bridge far above ``neighbour distance (reference)`` means that every path must jump.
        ``longest step, geodesic`` is never below the bridge scale.

        References: ``real data distance`` of held-out inputs and ``reconstruction distance`` of their decoded codes to
        the nearest training input (medians), and the ``explained variance`` of held-out inputs; below 0.1 the decoder
        hardly depends on its input and no ratio is given (NaN).

        Curves: ``distance from data`` along each kind of path, the median over pairs at each parameter, over the same
        reconstruction distance.

    Notes
    -----
    Spherical paths turn about the origin, the centre of the prior, and suit codes that fill a prior in many
    dimensions [white2016]; pairs in line with it have none, and are left out of those rows. Blurred images are near
    everything: the ratio is taken to reconstructions, which are as blurred, not to data. Below 1 it praises nothing:
    what lies between codes is nearer to the middle, which is nearer to all data. Normal codes with an identity decoder
    give 0.84 to 0.9 for straight and geodesic paths in 2 to 256 dimensions, and 1 for spherical ones, which keep the
    norm. The cloud's size decides how fine geodesic paths are. O(pairs steps n d) plus decoding. [shoemake1985],
    [tenenbaum2000].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("karras2019", "white2016", "shoemake1985", "tenenbaum2000", "gower1969")
    needs: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "torch")
    example: ClassVar[dict[str, Any]] = {"pairs": 8, "steps": 4}

    pairs: Annotated[int, Field(ge=1)] = 32
    steps: Annotated[int, Field(ge=2)] = 16
    neighbours: Annotated[int, Field(ge=1)] = 10

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents, rng: Generator) -> Measures:
        """Measures of the model's codes.

        Raises
        ------
        InvalidInput
            For fewer than two different codes, or when model, inputs and cloud do not belong together.
        """
        found = held_out_codes(model, latents, inputs, training)
        codes = np.asarray(found.codes.points, dtype=np.float64)
        if not (codes != codes[0]).any():
            raise InvalidInput("all codes coincide, so that nothing lies between them. Has the encoder collapsed?")
        pairs = _random_pairs(codes, self.pairs, rng)
        decoded = found.asked.decode(codes)
        explained = _explained(decoded, found.inputs.points)
        few = rng.permutation(len(codes))[: self.pairs * (self.steps + 1)]
        apart = nearest_distances(decoded[few], training.points)
        near = _Nearness(apart, training.points, explained > _LEAST_EXPLAINED)
        along = neighbour_paths(codes, pairs, self.steps, self.neighbours)
        starts, ends = codes[pairs[:, 0]], codes[pairs[:, 1]]
        paths = {
            "linear": linear_paths(starts, ends, self.steps),
            "spherical": spherical_paths(starts, ends, self.steps),
            "geodesic": along.points,
        }
        real = nearest_distances(found.inputs.points[few], training.points)
        scalars = {
            "explained variance (reference)": Scalar(explained, "", "of held-out inputs by their reconstructions"),
            "real data distance (reference)": Scalar(np.median(real), _DATA, "held-out to nearest training input"),
            "reconstruction distance (reference)": Scalar(near.typical, _DATA, "the same of decoded held-out codes"),
            "worst off-manifold ratio by chance (reference)": near.by_chance(self.steps - 1, rng),
            **_bridges(codes, pairs, decoded),
            "longest step, geodesic": Scalar(along.longest.mean(), _CODE, "at least the bridge scale"),
        }
        curves = {}
        for name, path in paths.items():
            kept = path[np.isfinite(path).all(axis=(1, 2))]
            if not len(kept):
                scalars |= _undefined(name)
                continue
            images = found.asked.decode(kept.reshape(-1, codes.shape[1])).reshape(*kept.shape[:2], -1)
            ratios = near.ratios(images)
            scalars |= _of_kind(name, kept, images, ratios, codes)
            label, places = f"distance from data, {name}", np.linspace(0, 1, self.steps + 1)
            curves[label] = Curve(places, np.median(ratios, axis=0), "", "", "place on the path", label)
        return Measures(scalars=scalars, curves=curves)


class _Nearness:
    """Distances from images to the training inputs, over the median one of decoded held-out codes."""

    def __init__(self, decoded: Floats, training: NDArray[Any], is_defined: bool) -> None:
        self.decoded, self.training, self.is_defined = decoded, training, is_defined
        self.typical = float(np.median(decoded))

    def ratios(self, images: Floats) -> Floats:
        """(p, s) for (p, s, d) images; inf where reconstructions are training inputs and the images are not."""
        flat = nearest_distances(images.reshape(-1, images.shape[-1]), self.training)
        return self._relative(flat).reshape(images.shape[:2])

    def by_chance(self, count: int, rng: Generator) -> Scalar:
        """Median over draws of the largest ratio among as many decoded held-out codes as a path has inner points."""
        drawn = self._relative(self.decoded)[rng.integers(len(self.decoded), size=(999, count))]
        return Scalar(np.median(drawn.max(axis=1)), "", f"largest of {count} decoded held-out codes, median")

    def _relative(self, distances: Floats) -> Floats:
        if not self.is_defined:
            return np.full(distances.shape, np.nan)
        if self.typical > 0:
            return distances / self.typical
        return np.where(distances > 0, np.inf, 1.0)


def _explained(decoded: Floats, inputs: NDArray[Any]) -> float:
    """Share of the variance of the inputs that their reconstructions hold; NaN when the inputs coincide."""
    rows = np.asarray(inputs, dtype=np.float64)
    total = float(((rows - rows.mean(axis=0)) ** 2).sum())
    return 1 - float(((rows - decoded) ** 2).sum()) / total if total > 0 else float("nan")


def _random_pairs(codes: Floats, count: int, rng: Generator) -> Integers:
    """(count, 2) rows of different codes; a pair may come again."""
    pairs = np.empty((0, 2), dtype=np.int64)
    while len(pairs) < count:
        drawn = rng.integers(len(codes), size=(2 * count, 2))
        apart = (codes[drawn[:, 0]] != codes[drawn[:, 1]]).any(axis=1)
        pairs = np.concatenate([pairs, drawn[apart]])
    return pairs[:count]


def _bridges(codes: Floats, pairs: Integers, decoded: Floats) -> dict[str, Scalar]:
    """How far apart the ends are: in the cloud, by short steps, and decoded."""
    apart = np.linalg.norm(decoded[pairs[:, 0]] - decoded[pairs[:, 1]], axis=1)
    bridge = merge_heights(codes, pairs).mean()
    return {
        "decoded end distance (reference)": Scalar(apart.mean(), _DATA, "between the decoded ends of a path"),
        "neighbour distance (reference)": Scalar(np.median(neighbour_distances(codes, 1)), _CODE, "between codes"),
        "bridge scale": Scalar(bridge, _CODE, "scale at which the ends are joined by short steps between codes"),
    }


_MEANINGS = {
    "off-manifold ratio": ("", "distance from the data over that of decoded held-out codes"),
    "worst off-manifold ratio": ("", "of the farthest point of a path"),
    "decoded length": (_DATA, "sum of the decoded steps"),
    "path energy": (f"squared {_DATA}", "mean squared speed of the image"),
    "peak step": ("", "longest over mean decoded step; 1 = even"),
    "roughness": ("", "change from step to step; 0 = straight and even"),
    "clearance": (_CODE, "largest distance from the path to a code"),
}


def _of_kind(name: str, paths: Floats, images: Floats, ratios: Floats, codes: Floats) -> dict[str, Scalar]:
    """The numbers of one kind of path."""
    moved, inner = motion(images), ratios[:, 1:-1]
    values = (
        np.median(inner),
        np.median(inner.max(axis=1)),
        moved.length.mean(),
        moved.energy.mean(),
        _mean(moved.peak),
        _mean(moved.roughness),
        clearances(paths, codes).mean(),
    )
    return {
        f"{measure}, {name}": Scalar(float(value), *about)
        for (measure, about), value in zip(_MEANINGS.items(), values, strict=True)
    }


def _undefined(name: str) -> dict[str, Scalar]:
    """The same when no pair has such a path."""
    return {f"{measure}, {name}": Scalar(float("nan"), *about) for measure, about in _MEANINGS.items()}


def _mean(values: Floats) -> float:
    """Mean of what is defined; NaN when nothing is."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")
