"""AnnData objects, the containers of single-cell analysis, as latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.records import Latents, Origin

MISSING = "NA"


def from_anndata(data: Any, key: str | None = None, labels: str | Sequence[str] | None = None) -> Latents:
    """An embedding of an AnnData object; for files, ``load("cells.h5ad::X_pca")`` does the same without anndata.

    Parameters
    ----------
    data : anndata.AnnData
    key : of ``data.obsm``, as "X_pca"; None takes the only one
    labels : one or several columns of ``data.obs``; None takes all. Missing categories and texts become ``NA``

    Returns
    -------
    Latents
        One point for each observation; ids are ``data.obs_names``.

    Raises
    ------
    UnknownName
        For a key or column that does not exist, with the nearest one.
    InvalidInput
        When no key is given and there are several embeddings, or names of observations occur twice.
    """
    if not hasattr(data, "obsm") or not hasattr(data, "obs_names"):
        raise InvalidInput(
            f"this is a {type(data).__name__}, no AnnData object; arrays go to load(array, ids=..., labels=...)."
        )
    keys = list(data.obsm.keys())
    if key is None and len(keys) != 1:
        raise InvalidInput(
            f"there are {len(keys)} embeddings ({', '.join(keys) or 'none'}); name one: from_anndata(data, key)."
        )
    chosen = keys[0] if key is None else key
    if chosen not in keys:
        raise unknown_name("embedding", chosen, keys)
    columns = [str(name) for name in data.obs.columns]
    asked = columns if labels is None else [labels] if isinstance(labels, str) else list(labels)
    for name in asked:
        if name not in columns:
            raise unknown_name("column of obs", name, columns)
    names = np.array([str(name) for name in data.obs_names])
    if len(set(names.tolist())) < len(names):
        raise InvalidInput("some obs_names occur twice, and ids name one input each; data.obs_names_make_unique().")
    return Latents(
        _dense(data.obsm[chosen]),
        ids=names,
        labels={name: _column(data.obs[name]) for name in asked},
        origin=Origin(layer=chosen),
    )


def _dense(values: Any) -> NDArray[Any]:
    for method in ("toarray", "to_numpy"):  # sparse matrices; data frames
        if hasattr(values, method):
            values = getattr(values, method)()
            break
    return np.array(values)


def _column(values: Any) -> NDArray[Any]:
    """Numbers as numbers (missing ones NaN), everything else as text; categories are what their values are."""
    if hasattr(values, "cat") and not values.isna().any():
        values = values.astype(values.cat.categories.dtype)
    if values.dtype.kind in "iufb":
        plain = np.dtype(float) if values.isna().any() else getattr(values.dtype, "numpy_dtype", values.dtype)
        return np.asarray(
            values.to_numpy(dtype=plain, na_value=np.nan) if plain.kind == "f" else values.to_numpy(plain)
        )
    return np.array([MISSING if absent else str(value) for value, absent in zip(values, values.isna(), strict=True)])
