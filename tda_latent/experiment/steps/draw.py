"""Draw one figure of the experiment from its records and keep the bytes of every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import IncompleteResult
from tda_latent.experiment.steps.collect import Collect
from tda_latent.figures.canvas import mark_incomplete, panels, render, single
from tda_latent.records import Comparison, Drawing, sha256
from tda_latent.registry import registry, step


@step("draw")
@dataclass(frozen=True)
class Draw:
    """A figure as PDF, SVG and PNG.

    Parameters
    ----------
    figure : str
        Registered name of the figure.
    parameters : mapping
        Its parameters.
    venue : str
        Whose column width and font sizes: neurips, iclr, icml, ...
    caption : str
        What the figure shows, for the report.
    grouped : bool
        True for figures that take all replicates of all models at once.
    collect : mapping or None
        Parameters of the step `collect` where the figure shows a comparison, possibly of fewer blocks than planned.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)
    example: ClassVar[dict[str, Any]] = {"figure": "persistence-diagram"}
    figure: str
    parameters: dict[str, Any] = field(default_factory=dict)
    venue: str = "neurips"
    caption: str = ""
    grouped: bool = False
    collect: dict[str, Any] | None = None

    def __call__(self, records: Mapping[str, Any], key: str = "") -> Drawing:
        """``records``: panel title -> record, or (grouped) model -> records of its replicates; None = missing.

        The files carry ``key``, the task's own, so that anyone who finds one can ask where it comes from. A figure with
        missing records says so in the picture.
        """
        component = registry().find("figure", self.figure).build(self.parameters)
        if self.collect is not None:
            records = {name: Collect(**self.collect)(blocks) for name, blocks in records.items()}
        there, planned = _counts(records)
        shown = _present(records)
        if not shown:
            raise IncompleteResult(f"{self.figure} has nothing to draw: none of {planned} results is there.")
        if self.grouped:
            drawn = single(component, shown, self.venue)
        elif len(records) == 1:
            drawn = single(component, next(iter(shown.values())), self.venue)
        else:
            drawn = panels(component, shown, venue=self.venue)
        if there < planned:
            mark_incomplete(drawn, there, planned)
        facts = {"figure": self.figure, "key": key, "records": sha256("".join(_digests(shown)))}
        facts |= {"incomplete": f"{there} of {planned}"} if there < planned else {}
        files = {name: np.frombuffer(render(drawn, name, facts), dtype=np.uint8) for name in ("pdf", "svg", "png")}
        return Drawing(files=files, caption=self.caption)


def _counts(records: Mapping[str, Any]) -> tuple[int, int]:
    """How many results are there, and how many were planned: records, or pairs of a comparison."""
    first = next(iter(records.values()), None)
    if isinstance(first, Comparison):
        pairs = len(first) * (len(first) - 1) // (2 if first.symmetric else 1)
        return pairs - first.missing, pairs
    every = [item for entry in records.values() for item in (entry if isinstance(entry, tuple) else (entry,))]
    return sum(item is not None for item in every), len(every)


def _present(records: Mapping[str, Any]) -> dict[str, Any]:
    """The records without the missing ones."""
    kept = {
        name: tuple(item for item in entry if item is not None) if isinstance(entry, tuple) else entry
        for name, entry in records.items()
    }
    return {name: entry for name, entry in kept.items() if entry is not None and entry != ()}


def _digests(records: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for entry in records.values():
        found += [record.digest for record in entry] if isinstance(entry, tuple) else [entry.digest]
    return found
