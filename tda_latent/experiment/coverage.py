"""How much of what was planned is there: 61 of 64, for every place that shows numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tda_latent.experiment.results import Group, ScalarRow


class Coverage(NamedTuple):
    """How many values are there, and how many were planned."""

    there: int
    planned: int

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return self.there == self.planned

    def __str__(self) -> str:
        return f"{self.there} of {self.planned}"


def pairs_of(group: Group) -> Coverage:
    """Distances between and within models, over all comparisons of a group."""
    planned = missing = 0
    for comparison in group.comparisons.values():
        planned += len(comparison) * (len(comparison) - 1) // (2 if comparison.symmetric else 1)
        missing += comparison.missing
    return Coverage(planned - missing, planned)


def values_of(rows: Sequence[ScalarRow]) -> Coverage:
    """Values of all measures, one for each replicate of each model."""
    there = sum(len(values) for row in rows for values in row.values.values())
    return Coverage(there, there + sum(count for row in rows for count in row.missing.values()))
