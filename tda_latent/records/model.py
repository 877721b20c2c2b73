"""`Model`: a trained network as data, and `Projection`: a map to draw, with its trust figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Curve
from tda_latent.records.record import Array, Record, freeze, frozen_map, numbers, texts


@dataclass(frozen=True, eq=False, repr=False)
class Model(Record):
    """A trained model: what rebuilds it, nothing that executes.

    family : which architecture of `tda_latent.models` the weights belong to ("pca", "autoencoder", "vae")
    settings : sizes and options of the architecture
    weights : named arrays
    history : named training curves (loss per epoch)
    quality : named numbers, the held-out reconstruction error for instance

    ``tda_latent.models.network(model)`` gives the object with ``encode``, ``decode`` and ``sample``.
    """

    family: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    history: Mapping[str, Curve] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = {name: freeze(np.asarray(array)) for name, array in self.weights.items()}
        for name, array in weights.items():
            if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
                raise InvalidInput(f"weight {name!r} must hold finite numbers; did the training diverge?")
        self.set(
            settings=frozen_map(self.settings),
            weights=frozen_map(weights),
            history=frozen_map(self.history),
            quality=frozen_map({name: float(value) for name, value in self.quality.items()}),
        )

    def facts(self) -> dict[str, Any]:
        """Family, settings, number of weights and quality."""
        count = sum(array.size for array in self.weights.values())
        quality = {name: f"{value:.6g}" for name, value in self.quality.items()}
        return {"family": self.family} | dict(self.settings) | {"weights": count} | quality


@dataclass(frozen=True, eq=False, repr=False)
class Projection(Record):
    """A view of a cloud in two or three dimensions.

    coordinates : (n, 2) or (n, 3)
    method : how it was made ("pca", "mds", ...); axes : one text per axis ("PC1, 23 % of variance")
    trust : named numbers that say how far to believe the view (trustworthiness, stress, explained variance)
    labels : named (n,) columns; ids : (n,)
    settings : parameters and seed that made it, so that it can be made again
    periods : length of one turn, > 0, of the labels that are circular
    """

    coordinates: NDArray[np.float64]
    method: str
    axes: tuple[str, ...] = ()
    trust: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, Array] = field(default_factory=dict)
    ids: Array | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    periods: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        coordinates = numbers(self.coordinates, "coordinates", (None, None))
        if coordinates.shape[1] not in (2, 3):
            raise InvalidInput(f"coordinates have {coordinates.shape[1]} columns; a view has 2 or 3.")
        size = len(coordinates)
        self.set(
            coordinates=coordinates,
            axes=tuple(self.axes) or tuple(f"axis {k + 1}" for k in range(coordinates.shape[1])),
            trust=frozen_map({name: float(value) for name, value in self.trust.items()}),
            labels=frozen_map({name: texts(column, f"label {name!r}", size) for name, column in self.labels.items()}),
            settings=frozen_map(self.settings),
            periods=frozen_map({name: float(period) for name, period in self.periods.items()}),
        )
        for name, period in self.periods.items():
            if name not in self.labels or not period > 0:
                raise InvalidInput(f"period of {name!r} is {period!r}; the rule is a length > 0 for one of the labels.")
        if self.ids is not None:
            self.set(ids=texts(self.ids, "ids", size))

    @classmethod
    def of(cls, latents: Latents, coordinates: NDArray[np.float64], method: str, **facts: Any) -> Projection:
        """A view of these latents, with their labels, factors (as labels) and ids."""
        labels = {name: factor.values for name, factor in latents.factors.items()} | dict(latents.labels)
        turning = {name: factor.period for name, factor in latents.factors.items() if name not in latents.labels}
        periods = {name: period for name, period in turning.items() if period is not None}
        return cls(coordinates, method, labels=labels, ids=latents.ids, periods=periods, **facts)

    def facts(self) -> dict[str, Any]:
        """Method, size and trust figures."""
        trust = {name: f"{value:.4g}" for name, value in self.trust.items()}
        return {"method": self.method, "points": len(self.coordinates), "axes": ", ".join(self.axes)} | trust


@dataclass(frozen=True, eq=False, repr=False)
class Drawing(Record):
    """A finished figure: the bytes of each file format ("pdf", "svg", "png") as (k,) uint8, and its caption."""

    files: Mapping[str, Array] = field(default_factory=dict)
    caption: str = ""

    def __post_init__(self) -> None:
        files = {name: freeze(np.asarray(data)) for name, data in self.files.items()}
        for name, data in files.items():
            if data.dtype != np.uint8 or data.ndim != 1:
                raise InvalidInput(f"drawing {name!r} must hold bytes as a 1-D uint8 array.")
        self.set(files=frozen_map(files))

    def facts(self) -> dict[str, Any]:
        """Formats with their sizes."""
        return {name: f"{data.size} bytes" for name, data in self.files.items()}
