"""HDF5 files, by h5py: named datasets, in groups or not."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.sources.file.gate import appearance
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.stored import Array, Stored

_DEPTH = 32
_DAMAGE = (KeyError, TypeError, ValueError, RuntimeError, OSError)  # what h5py raises for damaged parts


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in an ``.h5`` or ``.hdf5`` file; only the datasets that are used are read.

    Links are not followed, and datasets whose bytes lie in other files are refused: the digest of the file would
    not cover them. A few kinds of damage to stored text make the HDF5 library itself loop for ever: read files of
    unknown health in a worker with a time limit.

    Raises
    ------
    InvalidInput
        For what is no HDF5 file, a truncated one, a dataset that promises far more than is stored, or a dtype that
        is neither number nor text among those used.
    """
    try:
        import h5py
    except ImportError:
        raise missing_library("h5py", "reading .h5 files") from None
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InvalidInput(f"cannot be read as HDF5 ({error}). It looks like {appearance(path)}.") from None
    with file:
        return parts_of(arrays_of(file), request)


def arrays_of(file: Any) -> dict[str, Stored]:
    """Every dataset of an open file by its full name; nothing is read yet."""
    arrays: dict[str, Stored] = {}
    try:
        for name, data in _datasets(file, "", frozenset()):
            arrays[name] = _stored(data, name)
            arrays |= _attributes(data, name)
    except _DAMAGE as error:
        raise InvalidInput(f"has a damaged or unknown part ({str(error).splitlines()[0]}); write it again.") from None
    return arrays


def _datasets(group: Any, prefix: str, above: frozenset[Any]) -> Iterator[tuple[str, Any]]:
    """Datasets by full name, depth first; a group that contains itself is entered once."""
    import h5py

    place = h5py.h5o.get_info(group.id).addr
    if place in above or len(above) > _DEPTH:
        return
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            yield from _datasets(item, f"{prefix}{name}/", above | {place})
        elif isinstance(item, h5py.Dataset) and item.shape is not None:
            yield prefix + name, item


def _attributes(data: Any, name: str) -> dict[str, Stored]:
    """Period and kind of a factor, which HDF5 cannot hold below a dataset and so keeps in its attributes."""
    if "factors/" not in name:
        return {}
    facts = {fact: np.asarray(data.attrs[fact]) for fact in ("period", "kind") if fact in data.attrs}
    texts = {fact: value.astype(np.str_) if value.dtype.kind == "O" else value for fact, value in facts.items()}
    return {f"{name}/{fact}": Stored.of(value) for fact, value in texts.items()}


def _stored(data: Any, name: str) -> Stored:
    import h5py

    is_text = h5py.check_string_dtype(data.dtype) is not None
    dtype = np.dtype("U") if is_text else data.dtype
    promised = math.prod(data.shape) * data.dtype.itemsize
    read = functools.partial(_read, name, data, is_text)
    return Stored(data.shape, dtype, read, promised, data.id.get_storage_size())


def _read(name: str, data: Any, is_text: bool) -> Array:
    if data.external or data.is_virtual:
        raise InvalidInput(f"dataset {name!r} keeps its values in other files; copy them into this one (h5repack).")
    try:
        if is_text:
            return np.array(data.asstr()[()], dtype=np.str_)
        return np.asarray(data[()])
    except _DAMAGE as error:
        raise InvalidInput(f"dataset {name!r} cannot be read ({error}); write it again.") from None
