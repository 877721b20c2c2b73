"""Mapper: the graph of a cloud under a lens, cover and single linkage that all contestants are given.

``given``: ``points`` (n, d), ``lens`` (n, 2), and the numbers ``cut``, ``resolution`` and ``gain``. Two clusters of a
patch are apart when their points are farther apart than ``cut``. The graph is told by the number of its nodes and
edges and by a digest of the nodes as sets of rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from benchmarks.contestants.run import Arrays, Run


def ours(given: Arrays, threads: int) -> Run:
    """Ours: the same cover as GUDHI."""
    from tda_latent.numerics.clustering import step_labeller
    from tda_latent.numerics.covers import patch_members, uniform_intervals
    from tda_latent.numerics.nerve import nerve_edges, pulled_back_cover

    cut, resolution, gain = _numbers(given)
    points, lens = given["points"], given["lens"]

    def call() -> Any:
        intervals = [uniform_intervals(column, resolution, gain) for column in lens.T]
        labeller = step_labeller(points, float(np.nextafter(cut, 0)))
        cover = pulled_back_cover(points, patch_members(lens, intervals), labeller)
        return cover, nerve_edges(cover.members, cover.offsets, len(points))

    def answer(found: Any) -> Arrays:
        cover, (edges, _) = found
        return _graph(np.split(cover.members, cover.offsets[1:-1]), len(edges))

    return Run(call, answer)


def gudhi(given: Arrays, threads: int) -> Run:
    """GUDHI's `MapperComplex`."""
    from gudhi.cover_complex import MapperComplex

    cut, resolution, gain = _numbers(given)

    def call() -> Any:
        mapper = MapperComplex(
            resolutions=[resolution, resolution], gains=[gain, gain], clustering=_single_linkage(cut)
        )
        return mapper.fit(given["points"], filters=given["lens"], colors=given["lens"])

    def answer(mapper: Any) -> Arrays:
        edges = sum(1 for simplex, _ in mapper.simplex_tree_.get_skeleton(1) if len(simplex) == 2)
        return _graph((info["indices"] for info in mapper.node_info_.values()), edges)

    return Run(call, answer)


def kepler(given: Arrays, threads: int) -> Run:
    """KeplerMapper."""
    import kmapper

    cut, resolution, gain = _numbers(given)
    engine = kmapper.KeplerMapper(verbose=0)

    def call() -> Any:
        cover = kmapper.Cover(n_cubes=resolution, perc_overlap=gain)
        return engine.map(given["lens"], given["points"], cover=cover, clusterer=_single_linkage(cut))

    return Run(call, lambda graph: _graph(graph["nodes"].values(), sum(map(len, graph["links"].values()))))


def giotto(given: Arrays, threads: int) -> Run:
    """giotto-tda's pipeline; its intervals stay inside the range of the lens."""
    from gtda.mapper import CubicalCover, make_mapper_pipeline
    from sklearn.preprocessing import FunctionTransformer

    cut, resolution, gain = _numbers(given)
    lens = given["lens"]
    pipeline = make_mapper_pipeline(
        filter_func=FunctionTransformer(lambda points: lens),
        cover=CubicalCover(n_intervals=resolution, overlap_frac=gain),
        clusterer=_single_linkage(cut),
        n_jobs=threads,
    )
    return Run(lambda: pipeline.fit_transform(given["points"]), _of_igraph)


def tda_mapper(given: Arrays, threads: int) -> Run:
    """tda-mapper; its cells are grown around their centres."""
    from tdamapper.core import mapper_graph
    from tdamapper.cover import CubicalCover

    cut, resolution, gain = _numbers(given)
    cover = CubicalCover(n_intervals=resolution, overlap_frac=gain)

    def answer(graph: Any) -> Arrays:
        return _graph((data["ids"] for _, data in graph.nodes(data=True)), graph.number_of_edges())

    return Run(lambda: mapper_graph(given["points"], given["lens"], cover, _single_linkage(cut)), answer)


def _single_linkage(cut: float) -> Any:
    """scikit-learn's single linkage, for patches of one point as well."""
    from sklearn.cluster import AgglomerativeClustering

    class SingleLinkage(AgglomerativeClustering):  # type: ignore[misc]
        def fit(self, points: Any, classes: Any = None) -> Any:
            if len(points) < 2:
                self.labels_ = np.zeros(len(points), dtype=np.int64)
                return self
            return super().fit(points, classes)

        def fit_predict(self, points: Any, classes: Any = None) -> Any:
            return self.fit(points).labels_

    return SingleLinkage(n_clusters=None, linkage="single", distance_threshold=cut)


def _numbers(given: Arrays) -> tuple[float, int, float]:
    return float(given["cut"]), int(given["resolution"]), float(given["gain"])


def _of_igraph(graph: Any) -> Arrays:
    return _graph(graph.vs["node_elements"], graph.ecount())


def _graph(nodes: Iterable[Any], edges: int) -> Arrays:
    held = sorted(np.sort(np.asarray(list(rows), dtype=np.int64)).tobytes() for rows in nodes)
    digest = hashlib.sha256(b"".join(hashlib.sha256(rows).digest() for rows in held)).digest()
    return {
        "nodes": np.array(len(held)),
        "edges": np.array(edges),
        "digest": np.frombuffer(digest, dtype=np.uint8),
    }
