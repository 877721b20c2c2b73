"""`node-enrichment`: which nodes of a Mapper graph hold more of a class than chance would put there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.numerics.regions import (
    adjusted_p_values,
    enrichment_p_values,
    fold_changes,
    most_frequent,
    purity_of,
    region_entropies,
    region_purities,
)
from tda_latent.records import MapperGraph, Measures, Scalar, Table
from tda_latent.records.classes import has_value
from tda_latent.registry import analyzer


@analyzer("node-enrichment")
@dataclass(frozen=True)
class NodeEnrichment:
    """Which nodes of a Mapper graph hold more points of a class than chance would put there.

    Parameters
    ----------
    label : str or None
        Label column of the graph; None = its first.
    false_discovery_rate : float
        Expected share of false ones among the pairs of node and class that are called enriched.

    Returns
    -------
    Measures
        Scalars ``purity`` (mean share of the most frequent class of a node, weighted by points) and ``purity of the
        cloud`` (the same of one node with all points); ``normalised entropy`` and that ``of the cloud``; ``enriched
        pairs`` of a node and a class (q at most the rate) and ``enriched nodes``; ``unlabelled points`` of the cloud.
        These (NaN, None or empty) are of no class and count among the points of a node only.

        Tables ``nodes`` (points, purity, normalised entropy), ``composition``, ``fold change`` (times as frequent as in
        the cloud) and ``enrichment q``; each row is named by the node and its most frequent class. NaN, and p = 1,
        where no point of a node has a class.

    Notes
    -----
    Hypergeometric, adjusted over all nodes and classes [benjamini1995]. A point in several nodes counts in each, and
    nodes that share points have dependent tests; the adjustment allows for that as long as they depend positively. A
    lens or clusterer that saw the labels makes every p-value wrong: distance-to-class and label lenses do. Small nodes
    are pure by chance: read q, not purity.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("singh2007", "benjamini1995")
    libraries: ClassVar[tuple[str, ...]] = ("scipy",)

    label: str | None = None
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def __call__(self, graph: MapperGraph) -> Measures:
        """The classes of the nodes.

        Raises
        ------
        InvalidInput
            For a graph without nodes, without classes, without the points of each class in the cloud, or where no
            point of a node has a class.
        UnknownName
            For a label that the graph does not have.
        """
        if not len(graph):
            raise InvalidInput("the graph has no nodes; widen the cover or lower min_points.")
        label = self._label(graph)
        known = has_value(np.asarray(graph.classes[label]))
        counts = np.asarray(graph.composition[label], dtype=np.float64)[:, known]
        totals = np.asarray(graph.totals[label], dtype=np.float64)[known]
        names = np.array([str(name) for name in graph.classes[label]], dtype=np.str_)[known]
        if not counts.any():
            raise InvalidInput(f"no point in a node has a value of the label {label!r}; name another column.")
        size = int(totals.sum())
        q_values = adjusted_p_values(enrichment_p_values(counts, totals, size))
        enriched = q_values <= self.false_discovery_rate
        found, whole = purity_of(counts), purity_of(totals[None])
        facts = np.column_stack([graph.sizes, region_purities(counts), region_entropies(counts)])
        rows = np.array([f"node {node} ({most_frequent(row, names)})" for node, row in enumerate(counts)])
        return Measures(
            scalars={
                "purity": Scalar(found.purity, "", "mean share of the most frequent class of a node, by points"),
                "purity of the cloud": Scalar(whole.purity, "", "the same of all points together"),
                "normalised entropy": Scalar(found.entropy, "", "of the classes in a node, over log of their number"),
                "normalised entropy of the cloud": Scalar(whole.entropy),
                "enriched pairs": Scalar(
                    enriched.sum(), "", f"nodes x classes with q <= {self.false_discovery_rate:g}"
                ),
                "enriched nodes": Scalar(enriched.any(axis=1).sum(), "nodes"),
                "nodes": Scalar(len(graph), "nodes"),
                "unlabelled points": Scalar(graph.size - size, "points", "of no class"),
            },
            tables={
                "nodes": Table(facts, rows, np.array(["points", "purity", "normalised entropy"])),
                "composition": Table(counts, rows, names, "points"),
                "fold change": Table(fold_changes(counts, totals, size), rows, names, "times the cloud's share"),
                "enrichment q": Table(q_values, rows, names, "q"),
            },
        )

    def _label(self, graph: MapperGraph) -> str:
        if self.label is not None and self.label not in graph.composition:
            raise unknown_name("label column", self.label, graph.composition)
        if not graph.composition:
            raise InvalidInput("the graph has no classes: no label column of its cloud has at most 50 values.")
        label = self.label or next(iter(graph.composition))
        if label not in graph.totals:
            raise InvalidInput(
                f"the graph does not say how many points of each class of {label!r} its cloud has; compute it with "
                "mapper, or give MapperGraph(totals=...)."
            )
        return str(label)
