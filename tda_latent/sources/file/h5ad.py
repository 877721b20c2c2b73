"""AnnData's ``.h5ad``: embeddings of ``obsm``, with the columns of ``obs`` as labels; read by h5py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.sources.file.gate import appearance
from tda_latent.sources.file.hdf5 import arrays_of
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.stored import Array, Stored, fetch

MISSING = "NA"
"""Label of an observation whose category or text is missing."""


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in an ``.h5ad`` file of AnnData 0.7 or newer.

    Points are an array of ``obsm`` (``cells.h5ad::X_pca``; the only one needs no key), ids are the names of the
    observations, and every column of ``obs`` is a label. Missing numbers become NaN, missing texts ``NA``.

    Raises
    ------
    InvalidInput
        For what is no such file, or has another layout.
    """
    try:
        import h5py
    except ImportError:
        raise missing_library("h5py", "reading .h5ad files") from None
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InvalidInput(f"cannot be read as HDF5 ({error}). It looks like {appearance(path)}.") from None
    with file:
        if not isinstance(file.get("obs"), h5py.Group) or not isinstance(file.get("obsm"), h5py.Group):
            raise InvalidInput(
                "has no groups obs and obsm, as AnnData writes them since version 0.7; "
                "write it again with a newer anndata: adata.write_h5ad(path)."
            )
        index = str(file["obs"].attrs.get("_index", "_index"))
        return parts_of(_named(arrays_of(file), index), _within(request))


def _within(request: Request) -> Request:
    """The request with a key as scanpy users write it, ``X_pca`` or ``obsm/X_pca``."""
    return request if request.key is None else replace(request, key=request.key.strip("/").removeprefix("obsm/"))


def _named(arrays: Mapping[str, Stored], index: str) -> dict[str, Stored]:
    """Embeddings, ids and labels under the names of our convention."""
    found = {
        name.removeprefix("obsm/"): array
        for name, array in arrays.items()
        if name.startswith("obsm/") and name.count("/") == 1
    }
    observed = {name.removeprefix("obs/"): array for name, array in arrays.items() if name.startswith("obs/")}
    for name, array in observed.items():
        column, _, part = name.rpartition("/")
        if not column:
            found["ids" if name == index else f"labels/{name}"] = array
        elif part == "codes" and f"{column}/categories" in observed:
            read = partial(_categories, observed, column)
            found[f"labels/{column}"] = Stored(array.shape, np.dtype("U"), read)
        elif part == "values" and f"{column}/mask" in observed:
            found[f"labels/{column}"] = Stored(array.shape, array.dtype, partial(_nullable, observed, column))
    return found


def _categories(observed: Mapping[str, Stored], column: str) -> Array:
    codes, names = fetch(observed, f"{column}/codes"), fetch(observed, f"{column}/categories")
    if codes.dtype.kind not in "iu" or (codes.size and not -1 <= int(codes.min()) <= int(codes.max()) < len(names)):
        raise InvalidInput(
            f"obs column {column!r} has codes outside its {len(names)} categories; write the file again."
        )
    if not (codes < 0).any():
        return np.asarray(names[codes])
    return np.append(names.astype(np.str_), MISSING)[codes]


def _nullable(observed: Mapping[str, Stored], column: str) -> Array:
    values, mask = fetch(observed, f"{column}/values"), fetch(observed, f"{column}/mask").astype(bool)
    if mask.shape != values.shape:
        raise InvalidInput(f"obs column {column!r} has {values.shape} values and a mask {mask.shape}; write it again.")
    if not mask.any():
        return values
    if values.dtype.kind == "U":
        return np.where(mask, MISSING, values)
    return np.where(mask, np.nan, values.astype(np.float64))
