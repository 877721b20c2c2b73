"""KeplerMapper's engine on our lens values, cover and clusterer: a second opinion on every Mapper graph.

KeplerMapper's own defaults are all set aside: it rescales the lens to [0, 1] (not by ``map``), drops the points
of every patch with fewer points than the clusterer's first of ``n_clusters``, ``min_cluster_size``,
``min_samples`` (2 when there is none), clusters with DBSCAN of radius 0.5 whatever the unit, and compares all
pairs of nodes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.numerics.covers import is_constant
from tda_latent.numerics.nerve import Labeller
from tda_latent.records import MapperGraph

Floats = NDArray[np.float64]


def kmapper_graph(points: NDArray[Any], lens: Floats, resolution: int, gain: float, labeller: Labeller) -> MapperGraph:
    """Mapper graph by KeplerMapper.

    Parameters
    ----------
    points : (n, d) the cloud
    lens : (n, q) lens values
    resolution : intervals per axis; KeplerMapper's ``n_cubes``
    gain : fraction of an interval shared with each neighbour, below 1; KeplerMapper's ``perc_overlap``
    labeller : (m, d) points of one patch -> (m,) cluster numbers, negative = noise; ``fit_predict`` of a
        scikit-learn clusterer for instance

    Returns
    -------
    MapperGraph
        Without layout. A point within rounding of the end of an interval may lie in other patches than in ours:
        KeplerMapper computes ends from centres.

    Raises
    ------
    InvalidInput
        For a gain of 1, which KeplerMapper takes as an infinite radius.
    MissingLibrary
        When kmapper is not installed.
    """
    if not 0 <= gain < 1:
        raise InvalidInput(f"gain is {gain}; the rule is 0 <= gain < 1.")
    kmapper = _kmapper()
    lens = np.array(lens, dtype=np.float64)
    flat = np.array([is_constant(axis) for axis in lens.T])
    lens[:, flat] = 0.0  # one interval for a constant axis, where KeplerMapper repeats the same one
    cover = kmapper.Cover(np.where(flat, 1, resolution).tolist(), [gain] * lens.shape[1])
    wide = np.asarray(points, dtype=np.float64)
    found = kmapper.KeplerMapper(verbose=0).map(lens, wide, clusterer=_EveryPatch(labeller), cover=cover)
    facts = {"engine": f"kmapper {kmapper.__version__}", "resolution": resolution, "gain": gain}
    return _record(found, lens).replace(cover=facts)


def _record(found: Any, lens: Floats) -> MapperGraph:
    """KeplerMapper's dictionary of nodes ("cube3_cluster0": rows) and links as a record."""
    nodes = [np.sort(np.asarray(rows, dtype=np.int64)) for rows in found["nodes"].values()]
    numbers = {name: number for number, name in enumerate(found["nodes"])}
    links = sorted(sorted((numbers[a], numbers[b])) for a, ends in found["links"].items() for b in ends)
    edges = np.array(links, dtype=np.int64).reshape(-1, 2)
    return MapperGraph(
        members=np.concatenate([np.empty(0, dtype=np.int64), *nodes]),
        offsets=np.cumsum([0, *map(len, nodes)]),
        edges=edges,
        overlaps=_overlaps(nodes, edges),
        size=len(lens),
        lens=lens,
        patches=np.array([int(name.split("_")[0].removeprefix("cube")) for name in numbers], dtype=np.int64),
    )


class _EveryPatch:
    """A clusterer as KeplerMapper wants one; its parameters make it cluster every patch, of one point too."""

    def __init__(self, labeller: Labeller) -> None:
        self._labeller = labeller

    def get_params(self) -> dict[str, int]:
        return {"min_samples": 1}

    def fit_predict(self, points: Floats) -> NDArray[Any]:
        labels = np.asarray(self._labeller(points))
        return np.where(labels < 0, -1, labels)


def _overlaps(nodes: list[NDArray[np.int64]], edges: NDArray[np.int64]) -> NDArray[np.int64]:
    shared = [len(np.intersect1d(nodes[a], nodes[b], assume_unique=True)) for a, b in edges.tolist()]
    return np.array(shared, dtype=np.int64)


def _kmapper() -> Any:
    try:
        import kmapper
    except ImportError as error:
        raise missing_library("kmapper", "the check of Mapper graphs") from error
    return kmapper
