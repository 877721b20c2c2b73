"""Records as NumPy arrays, pandas tables and networkx graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tda_latent.engines.networkx_graph import to_networkx
from tda_latent.errors import InvalidInput, missing_library
from tda_latent.records import (
    Comparison,
    Gallery,
    Latents,
    MapperGraph,
    Measures,
    PersistenceDiagram,
    Projection,
    Record,
    Vectors,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["to_networkx", "to_numpy", "to_pandas"]


def to_numpy(record: Record) -> Any:
    """The main array of a record: points, (m, 3) bars as degree, birth, death, distances, values, coordinates."""
    makers: dict[type[Record], Callable[[Any], Any]] = {
        Latents: lambda r: r.points,
        PersistenceDiagram: lambda r: np.column_stack([r.degrees, r.pairs]),
        Comparison: lambda r: r.values,
        Vectors: lambda r: r.values,
        Projection: lambda r: r.coordinates,
        Gallery: lambda r: r.images,
        Measures: lambda r: np.array([scalar.value for scalar in r.scalars.values()]),
        MapperGraph: lambda r: r.edges,
    }
    if type(record) not in makers:
        raise InvalidInput(f"a {type(record).__name__} has no main array; read its fields.")
    return makers[type(record)](record)


def to_pandas(record: Record) -> pd.DataFrame:
    """The record as a table: one row per point, bar, scalar, node, or pair of models.

    Raises
    ------
    MissingLibrary
        When pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise missing_library("pandas", "to_pandas", "pandas") from error
    makers: dict[type[Record], Callable[[Any], dict[str, Any]]] = {
        Latents: _latents,
        PersistenceDiagram: lambda r: {"degree": r.degrees, "birth": r.pairs[:, 0], "death": r.pairs[:, 1]},
        Measures: _scalars,
        Comparison: _pairs,
        MapperGraph: lambda r: {"node": np.arange(len(r)), "size": r.sizes},
        Vectors: lambda r: {"grid": r.grid} | _layers(r),
        Projection: lambda r: dict(zip(r.axes, r.coordinates.T, strict=True)) | dict(r.labels),
    }
    if type(record) not in makers:
        raise InvalidInput(f"a {type(record).__name__} has no table; read its fields.")
    return pd.DataFrame(makers[type(record)](record))


def _latents(record: Latents) -> dict[str, Any]:
    ids = {} if record.ids is None else {"id": record.ids}
    columns = {f"z{k}": np.asarray(record.points[:, k]) for k in range(record.dimension)}
    return ids | columns | dict(record.labels)


def _scalars(record: Measures) -> dict[str, Any]:
    return {
        "name": list(record.scalars),
        "value": [scalar.value for scalar in record.scalars.values()],
        "unit": [scalar.unit for scalar in record.scalars.values()],
    }


def _pairs(record: Comparison) -> dict[str, Any]:
    rows, columns = np.nonzero(
        np.triu(np.ones_like(record.values), 1) if record.symmetric else ~np.eye(len(record), dtype=bool)
    )
    return {
        "model": record.models[rows],
        "replicate": record.replicates[rows],
        "model_2": record.models[columns],
        "replicate_2": record.replicates[columns],
        record.distance: record.values[rows, columns],
    }


def _layers(record: Vectors) -> dict[str, Any]:
    values = np.atleast_2d(record.values)
    return {f"{record.name}{'' if len(values) == 1 else f' {k}'}": row for k, row in enumerate(values)}
