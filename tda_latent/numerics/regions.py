"""What regions of a cloud hold: how pure they are, and which classes are more frequent in them than by chance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Purity(NamedTuple):
    """How pure regions are, weighted by their points.

    purity : share of points that belong to the most frequent class of their region, 1 / c to 1
    entropy : mean entropy of the classes in a region over log c, 0 to 1; 0 with a single class
    information : mutual information of regions and classes, in nats
    """

    purity: float
    entropy: float
    information: float


def composition(regions: Integers, classes: Integers) -> Floats:
    """(r, c) number of points of each class in each region; points without a class, -1, are not counted."""
    count = int(classes.max()) + 1
    size = int(regions.max()) + 1
    places = (regions * count + classes)[classes >= 0]
    return np.bincount(places, minlength=size * count).reshape(size, count).astype(np.float64)


def most_frequent(row: Floats, names: NDArray[Any]) -> str:
    """Name of the class that most points of a region have, given how often it holds each; ``no class`` of none."""
    return str(names[row.argmax()]) if row.any() else "no class"


def region_purities(counts: Floats) -> Floats:
    """(r,) share of the most frequent class in each region; NaN for a region without points of any class."""
    sizes = counts.sum(axis=1)
    return np.divide(counts.max(axis=1), sizes, out=np.full(len(counts), np.nan), where=sizes > 0)


def region_entropies(counts: Floats) -> Floats:
    """(r,) entropy of the classes in each region over log c: 0 for one class, 1 for all equally often, NaN for none."""
    sizes = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, sizes, out=np.full(counts.shape, np.nan), where=sizes > 0)
    most = np.log(counts.shape[1]) if counts.shape[1] > 1 else 1.0
    return np.asarray(np.abs(xlogy(shares, shares).sum(axis=1)) / most, dtype=np.float64)


def purity_of(counts: Floats) -> Purity:
    """Purity, entropy and mutual information of a table of counts (regions, classes); empty regions say nothing."""
    counts = counts[counts.any(axis=1)]
    sizes, totals = counts.sum(axis=1), counts.sum(axis=0)
    whole = counts.sum()
    information = (
        xlogy(counts, counts).sum() - xlogy(sizes, sizes).sum() - xlogy(totals, totals).sum() + xlogy(whole, whole)
    ) / whole
    return Purity(
        float(counts.max(axis=1).sum() / whole),
        float(sizes @ region_entropies(counts) / whole),
        max(float(information), 0.0),
    )


def enrichment_p_values(counts: Floats, totals: Floats, size: int) -> Floats:
    """(r, c) chance that a region drawn blindly holds at least so many points of a class: hypergeometric.

    Parameters
    ----------
    counts : (r, c) points of each class in each region; regions may overlap or leave points out
    totals : (c,) points of each class in the whole cloud, which has ``size`` points of any class
    """
    from scipy.stats import hypergeom

    sizes = counts.sum(axis=1)
    chance = hypergeom.sf(counts - 1, size, totals[None], sizes[:, None])
    return np.clip(np.asarray(chance, dtype=np.float64), 0.0, 1.0)


def adjusted_p_values(p_values: Floats) -> Floats:
    """The p-values adjusted for the false discovery rate over all of them, in their shape [benjamini1995].

    Rejecting those at most q keeps the expected share of false ones among them at q, for independent or positively
    dependent tests.
    """
    flat = p_values.ravel()
    order = np.argsort(flat, kind="stable")[::-1]
    ranks = np.arange(len(flat), 0, -1)
    adjusted = np.empty(len(flat))
    adjusted[order] = np.minimum(np.minimum.accumulate(flat[order] * len(flat) / ranks), 1.0)
    return adjusted.reshape(p_values.shape)


def fold_changes(counts: Floats, totals: Floats, size: int) -> Floats:
    """(r, c) how many times more frequent a class is in a region than in the cloud; 1 = as frequent."""
    expected = counts.sum(axis=1)[:, None] * totals[None] / size
    return np.divide(counts, expected, out=np.full_like(counts, np.nan), where=expected > 0)
