"""Why something that a file asks for is left out of its plan: what a component needs and will not be given."""

from __future__ import annotations

import json
from typing import Protocol

from tda_latent.experiment.binding import Binding, Bound, trains
from tda_latent.experiment.expansion import expanded, resolved
from tda_latent.experiment.file.config import Experiment
from tda_latent.registry import needs_of
from tda_latent.registry.component import COLUMNS

_OF_DATA = ("labels", "ids", "factors")  # columns that codes take over from the inputs


class Place(Protocol):
    """The coordinates of a cloud, as far as they matter here."""

    @property
    def data(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def layer(self) -> str: ...
    @property
    def replicate(self) -> str: ...


class Provided:
    """Columns that sources provide: those that they declare, else those that a look at the names in their file shows.

    A source looks by ``looked()``, which gives None where only reading the file would tell.
    """

    def __init__(self, experiment: Experiment, binding: Binding) -> None:
        self._experiment, self.binding = experiment, binding
        self._looked: dict[str, tuple[str, ...] | None] = {}

    def by_data(self, data: str) -> tuple[str, ...] | None:
        """Columns of a data set; None when they are not known."""
        return self._of(resolved(self.binding.data[data], self._experiment))

    def by_model(self, cell: Place) -> tuple[str, ...] | None:
        """Columns of the clouds of a model, and "decoder" where it has one; None when they are not known."""
        model = self.binding.models[cell.model]
        if not trains(model.component):
            axes = {"data": cell.data, "model": cell.model, "replicate": cell.replicate, "layer": cell.layer}
            return self._of(expanded(model, self._experiment, axes))
        own = getattr(model.instance, "provides", None)
        if own is None:
            return None
        data = self.by_data(cell.data)
        return (*own, *(_OF_DATA if data is None else data), "ids")

    def _of(self, bound: Bound) -> tuple[str, ...] | None:
        declared = getattr(bound.instance, "provides", None)
        if declared is not None or not hasattr(bound.instance, "looked"):
            return None if declared is None else tuple(declared)
        spelling = json.dumps(dict(bound.entry.parameters), sort_keys=True, default=str)
        if spelling not in self._looked:
            self._looked[spelling] = bound.instance.looked()
        return self._looked[spelling]


def missing_data(provided: Provided, bound: Bound, data: str) -> str | None:
    """Why a model cannot be trained on a data set, as far as its columns are known; else None."""
    if not trains(bound.component):
        return None
    held = provided.by_data(data)
    provides = COLUMNS if held is None else held
    absent = [column for column in needs_of(bound.instance) if column not in provides]
    given = provided.binding.data[data].entry.use
    return f"needs {absent[0]} to train on, which {given!r} does not provide" if absent else None


def missing_context(binding: Binding, bound: Bound, cell: Place) -> str | None:
    """Why there is nothing to give for what an analyzer asks for beside its record; else None."""
    model = binding.models[cell.model]
    if not bound.component.context or trains(model.component):
        return None
    return f"needs the trained {bound.component.context[0]}, and {model.entry.use!r} gives points only"


def missing_columns(provided: Provided, bound: Bound, cell: Place) -> str | None:
    """Why a component cannot use the clouds of a model, as far as their columns are known; else None."""
    needs, model = needs_of(bound.instance), provided.binding.models[cell.model]
    provides = provided.by_model(cell) if needs else None
    if provides is None:
        return None
    if cell.layer and "decoder" in needs:
        return f"needs codes that can be decoded, and layer {cell.layer!r} is none"
    for need in needs:
        choices = set(need.split(" or "))
        if choices & set(provides):
            continue
        if choices <= set(_OF_DATA) and trains(model.component):
            return f"needs {need}, which the data {cell.data!r} do not hold"
        return f"needs {need}, which {model.entry.use!r} does not provide"
    return None
