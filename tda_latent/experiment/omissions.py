"""Why something that a file asks for is left out of its plan: what a component needs and will not be given."""

from __future__ import annotations

from typing import Protocol

from tda_latent.experiment.binding import Binding, Bound, trains
from tda_latent.registry import needs_of
from tda_latent.registry.component import COLUMNS


class Place(Protocol):
    """The coordinates of a cloud, as far as they matter here."""

    @property
    def data(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def layer(self) -> str: ...


def missing_data(binding: Binding, bound: Bound, data: str) -> str | None:
    """Why a model cannot be trained on a data set, as far as its source says what it provides; else None."""
    if not trains(bound.component):
        return None
    given = binding.data[data]
    provides = getattr(given.instance, "provides", COLUMNS)
    absent = [column for column in needs_of(bound.instance) if column not in provides]
    return f"needs {absent[0]} to train on, which {given.entry.use!r} does not provide" if absent else None


def missing_context(binding: Binding, bound: Bound, cell: Place) -> str | None:
    """Why there is nothing to give for what an analyzer asks for beside its record; else None."""
    model = binding.models[cell.model]
    if not bound.component.context or trains(model.component):
        return None
    return f"needs the trained {bound.component.context[0]}, and {model.entry.use!r} gives points only"


def missing_columns(binding: Binding, bound: Bound, cell: Place) -> str | None:
    """Why a component cannot use the clouds of a model, as far as the model says what it provides; else None."""
    model = binding.models[cell.model]
    provides = getattr(model.instance, "provides", None)
    if provides is None:
        return None
    if trains(model.component):
        source = binding.data[cell.data].instance
        provides = {*provides, *getattr(source, "provides", ("labels", "ids", "factors")), "ids"}
    if cell.layer and "decoder" in needs_of(bound.instance):
        return f"needs codes that can be decoded, and layer {cell.layer!r} is none"
    absent = [column for column in needs_of(bound.instance) if column not in provides]
    return f"needs {absent[0]}, which {model.entry.use!r} does not provide" if absent else None
