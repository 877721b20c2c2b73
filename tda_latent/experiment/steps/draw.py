"""Draw one figure of the experiment from its records and keep the bytes of every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tda_latent.figures.canvas import panels, render, single
from tda_latent.records import Drawing, sha256
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

    def __call__(self, records: Mapping[str, Any]) -> Drawing:
        """``records``: panel title -> record, or (grouped) model -> records of its replicates."""
        component = registry().find("figure", self.figure).build(self.parameters)
        if self.grouped:
            drawn = single(component, records, self.venue)
        elif len(records) == 1:
            drawn = single(component, next(iter(records.values())), self.venue)
        else:
            drawn = panels(component, records, venue=self.venue)
        facts = {"tda_latent": self.figure, "records": sha256("".join(_digests(records)))}
        files = {name: np.frombuffer(render(drawn, name, facts), dtype=np.uint8) for name in ("pdf", "svg", "png")}
        return Drawing(files=files, caption=self.caption)


def _digests(records: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for entry in records.values():
        found += [record.digest for record in entry] if isinstance(entry, (tuple, list)) else [entry.digest]
    return found
