"""An array in a file before it is read: what it promises, whether it fits its role, and its way into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, nearest_name
from tda_latent.sources.file.gate import require_plausible

Array = NDArray[Any]
_LISTED = 20


@dataclass(frozen=True)
class Stored:
    """An array that has not been read yet; text has dtype ``<U0`` whatever its length.

    promised : bytes in memory once read; stored : bytes on disk that it comes from
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Array]
    promised: int = 0
    stored: int = 0

    @classmethod
    def of(cls, array: Array) -> Stored:
        """An array that is already in memory."""
        return cls(array.shape, array.dtype, lambda: array)

    @property
    def is_numeric(self) -> bool:
        """Whether it holds integers, real numbers or truth values."""
        return self.dtype.kind in "fiub"


def require_cloud(shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Refuse a shape and dtype that are no cloud; a length of -1 is not known yet.

    Raises
    ------
    InvalidInput
        For a dtype that is no real number or a shape that is not (n, d), with a hint for each case.
    """
    if dtype.kind not in "fiub":
        raise InvalidInput(f"{name!r} has dtype {dtype_name(dtype)}, which is no real number. {_dtype_hint(dtype)}")
    if len(shape) == 1:
        remedy = f"If these are {shape[0]} points on a line, save z.reshape(-1, 1); for one point z.reshape(1, -1)."
    elif not shape:
        remedy = "It is a single number; save an array with one row for each input."
    elif len(shape) > 2:
        remedy = "Flatten with z.reshape(len(z), -1), or pool or pick positions first (mean over tokens or pixels)."
    elif 0 in shape:
        remedy = "It holds no points; was the loop that filled it empty?"
    else:
        return
    raise InvalidInput(f"{name!r} has shape {shape}; the rule is (n, d) with n, d >= 1. {remedy}")


def _dtype_hint(dtype: np.dtype[Any]) -> str:
    hints = {
        "O": "Only plain numbers and text are read, nothing is unpickled: save z.astype(float), text as z.astype(str).",
        "c": "Save real and imaginary parts as separate coordinates: np.hstack([z.real, z.imag]).",
        "V": "Save plain numbers, one plain array for each field.",
        "U": "Convert it to numbers first.",
        "S": "Convert it to numbers first.",
    }
    return hints.get(dtype.kind, "Convert it to float64 first.")


def cloud(arrays: Mapping[str, Stored], name: str) -> Array:
    """An array in the form of a cloud, refused by its header where that is possible."""
    require_cloud(arrays[name].shape, arrays[name].dtype, name)
    values = fetch(arrays, name)
    require_cloud(values.shape, values.dtype, name)
    return values


def fetch(arrays: Mapping[str, Stored], name: str) -> Array:
    """Read one array; bytes become text."""
    entry = arrays[name]
    if entry.dtype.kind in "OV":
        raise InvalidInput(f"{name!r} has dtype {entry.dtype}, which is no number or text. {_dtype_hint(entry.dtype)}")
    require_plausible(entry.promised, entry.stored, f"array {name!r}")
    array = entry.read()
    if array.dtype.kind != "S":
        return array
    try:
        return np.char.decode(array, "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name!r} holds bytes that are no UTF-8 text: {error}. Save it as text.") from None


def described(arrays: Mapping[str, Stored]) -> list[str]:
    """Names with shapes and dtypes."""
    return [f"{name} ({'x'.join(map(str, a.shape))} {dtype_name(a.dtype)})" for name, a in arrays.items()]


def dtype_name(dtype: np.dtype[Any]) -> str:
    """Name of a dtype for people."""
    return "text" if dtype.kind in "US" else str(dtype)


def missing(kind: str, name: str, known: Iterable[str]) -> InvalidInput:
    """An error that lists what the file holds and offers the nearest name."""
    names = list(known)
    close = nearest_name(name, [entry.split(" (")[0] for entry in names])
    hint = f" Did you mean {close!r}?" if close else ""
    return InvalidInput(f"has no {kind} {name!r}.{hint} It holds: {listing(names)}.")


def listing(names: Iterable[str]) -> str:
    """Names in order, the first twenty of them."""
    every = list(names)
    more = f" and {len(every) - _LISTED} more" if len(every) > _LISTED else ""
    return (", ".join(every[:_LISTED]) + more) or "nothing"
