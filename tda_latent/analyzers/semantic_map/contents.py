"""What the regions hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tda_latent.numerics.regions import (
    adjusted_p_values,
    composition,
    enrichment_p_values,
    fold_changes,
    most_frequent,
    purity_of,
    region_entropies,
    region_purities,
)
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.records.record import Array

Integers = NDArray[np.int64]
_TIE = 1e-12


def contents(regions: Integers, classes: Integers, names: Array, draws: list[Integers], rate: float) -> Measures:
    """Purity, entropy, information and enrichment of (n,) regions in (n,) classes, beside those of permuted classes.

    Points without a class, -1, count in the sizes of the regions only.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    counts = composition(regions, classes)
    totals, size = counts.sum(axis=0), int(counts.sum())
    found = purity_of(counts)
    tables = [composition(regions, draw) for draw in draws]
    by_chance = [purity_of(table) for table in tables]
    q_values = adjusted_p_values(enrichment_p_values(counts, totals, size))
    false = [np.count_nonzero(adjusted_p_values(enrichment_p_values(t, totals, size)) <= rate) for t in tables]
    as_much = sum(chance.information >= found.information - _TIE for chance in by_chance)
    known = classes >= 0
    agreement = adjusted_mutual_info_score(classes[known], regions[known])
    rows = np.array([f"region {k + 1} ({most_frequent(row, names)})" for k, row in enumerate(counts)], dtype=np.str_)
    facts = np.column_stack([np.bincount(regions), region_purities(counts), region_entropies(counts)])
    return Measures(
        scalars={
            "purity": Scalar(found.purity, "", "share of points in the most frequent class of their region"),
            "purity (permuted labels)": Scalar(float(np.mean([chance.purity for chance in by_chance]))),
            "normalised entropy": Scalar(found.entropy, "", "of the classes in a region, over log of their number"),
            "normalised entropy (permuted labels)": Scalar(float(np.mean([chance.entropy for chance in by_chance]))),
            "adjusted mutual information": Scalar(agreement, "", "regions and classes; 0 by chance, 1 at best"),
            "regions p": Scalar((1 + as_much) / (1 + len(draws)), "", "permutations with as much information"),
            "enriched pairs": Scalar(int((q_values <= rate).sum()), "", f"regions x classes with q <= {rate:g}"),
            "enriched pairs (permuted labels)": Scalar(float(np.mean(false))),
        },
        tables={
            "regions": Table(facts, rows, np.array(["points", "purity", "normalised entropy"])),
            "composition": Table(counts, rows, names, "points"),
            "fold change": Table(fold_changes(counts, totals, size), rows, names, "times the share in the cloud"),
            "enrichment q": Table(q_values, rows, names, "q"),
        },
    )
