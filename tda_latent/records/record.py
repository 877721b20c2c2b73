"""What all records share: immutability, equality by content, and a lossless packed form.

A record is a frozen dataclass that derives from `Record`. Its fields are scalars, strings, NumPy arrays,
tuples, mappings, or further records. `Record.packed` splits it into a JSON tree and named arrays (what the
store writes); `unpack` is its inverse; `Record.digest` names the content.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Array = NDArray[Any]
_RECORD_TYPES: dict[str, type[Record]] = {}
_PLAIN = frozenset({str, int, bool, type(None)})
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


def canonical_json(tree: Any) -> str:
    """JSON with sorted keys, no spaces and no NaN: equal trees give equal text.

    Raises
    ------
    ValueError
        When the tree holds NaN or an infinity.
    """
    return _CANONICAL.encode(tree)


def sha256(data: bytes | memoryview | str) -> str:
    """Hexadecimal SHA-256 of bytes, or of text in UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def array_digest(array: Array) -> str:
    """Name of an array's content: dtype, shape and little-endian C-order bytes; containers do not matter."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    head = canonical_json([little.dtype.str, list(array.shape)])
    state = hashlib.sha256(head.encode() + b"\n")
    state.update(little.tobytes())
    return state.hexdigest()


def freeze(array: Array) -> Array:
    """A read-only view of the array; a private copy where the caller could still write to the memory."""
    if array.flags.writeable:
        array = array.copy()
        array.setflags(write=False)
    return array


def numbers(value: Any, name: str, shape: tuple[int | None, ...], finite: bool = True) -> NDArray[np.float64]:
    """The value as a read-only float64 array of the given shape (None = any size).

    Raises
    ------
    InvalidInput
        When it is no numeric array, has another shape, or (``finite``) holds NaN or an infinity.
    """
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} must be an array of numbers: {error}") from error
    if array.size == 0 and len(shape) == 2 and array.ndim == 1:
        array = array.reshape(0, shape[1] or 0)
    fits = array.ndim == len(shape) and all(w is None or w == g for w, g in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        raise InvalidInput(f"{name} has shape {array.shape}; the rule is {wanted}. Reshape it first.")
    if finite and not np.isfinite(array).all():
        raise InvalidInput(f"{name} holds NaN or infinity; remove or replace those entries.")
    array = array + 0.0  # turns -0.0 into 0.0, so that equal values have equal bytes
    array.setflags(write=False)
    return array


def texts(value: Iterable[Any], name: str, length: int) -> Array:
    """The values as a read-only 1-D array of strings or integers of the given length."""
    array = np.asarray(value if isinstance(value, np.ndarray) else list(value))
    if array.dtype.kind == "O":
        array = np.array([str(entry) for entry in array.tolist()])
    if array.shape != (length,):
        raise InvalidInput(f"{name} has shape {array.shape}; the rule is one entry for each of {length} rows.")
    if array.dtype.kind == "U":
        array = np.array(array.tolist(), dtype=np.str_) if length else np.empty(0, dtype="<U1")
    if array.dtype.kind not in "USiubf":
        raise InvalidInput(f"{name} has dtype {array.dtype}; the rule is text, integers, booleans or numbers.")
    return freeze(array)


class Record:
    """Base of all records: equal content, equal digest, equal record.

    A subclass is declared with ``@dataclass(frozen=True, eq=False, repr=False)`` and listed in `_RECORD_TYPES`
    by its class name, which is also the name in the store.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _RECORD_TYPES[cls.__name__] = cls

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, independent of file formats and of memory layout."""
        tree, arrays = self.packed()
        named = {name: array_digest(array) for name, array in arrays.items()}
        return sha256(canonical_json({"record": tree, "arrays": named}))

    def packed(self) -> tuple[Any, dict[str, Array]]:
        """A JSON tree and the arrays that it refers to by name."""
        arrays: dict[str, Array] = {}
        return _pack(self, "", arrays), arrays

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, checked again."""
        return cast(Self, dataclasses.replace(cast(Any, self), **changes))

    def set(self, **values: Any) -> None:
        """Write normalised field values; only for ``__post_init__``."""
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Record) and type(self) is type(other) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def facts(self) -> dict[str, Any]:
        """What a person wants to know at a glance; shown by ``repr`` and in notebooks."""
        return {}

    @property
    def caveat(self) -> str:
        """What must be said beside the numbers of this record, such as how far they are from exact; mostly nothing."""
        return ""

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self.facts().items())
        return f"{type(self).__name__}({inner})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th align='left'>{_escape(name)}</th><td align='left'>{_escape(value)}</td></tr>"
            for name, value in {**self.facts(), "digest": self.digest[:12]}.items()
        )
        return f"<table><caption><b>{type(self).__name__}</b></caption>{rows}</table>"


def _escape(value: Any) -> str:
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(item.name for item in dataclasses.fields(kind))


def _pack(value: Any, path: str, arrays: dict[str, Array]) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"$array": path}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Record):
        fields = {
            name: _pack(getattr(value, name), _join(path, name), arrays) for name in _names(cast(Any, type(value)))
        }
        return {"$record": type(value).__name__, "fields": fields}
    if isinstance(value, Mapping):
        return {"$map": [[str(key), _pack(item, _join(path, str(key)), arrays)] for key, item in value.items()]}
    if isinstance(value, (tuple, list)):
        return [_pack(item, _join(path, str(index)), arrays) for index, item in enumerate(value)]
    raise InvalidInput(f"a record cannot hold a {type(value).__name__} (at {path!r}); use arrays, numbers or text.")


def _join(path: str, name: str) -> str:
    """Names joined by dots; dots inside a name are written ~1 (and ~ as ~0), so that no two paths meet."""
    escaped = name.replace("~", "~0").replace(".", "~1")
    return f"{path}.{escaped}" if path else escaped


def unpack(tree: Any, arrays: Mapping[str, Array]) -> Any:
    """The value that `Record.packed` was made from.

    Raises
    ------
    InvalidInput
        When the tree names a record type or an array that does not exist.
    """
    if type(tree) in _PLAIN:
        return tree
    if isinstance(tree, list):
        return tuple(unpack(item, arrays) for item in tree)
    if not isinstance(tree, Mapping):
        return tree
    if "$array" in tree:
        if tree["$array"] not in arrays:
            raise InvalidInput(f"the packed record refers to array {tree['$array']!r}, which is missing.")
        return freeze(arrays[tree["$array"]])
    if "$float" in tree:
        return float(tree["$float"])
    if "$map" in tree:
        return {key: unpack(item, arrays) for key, item in tree["$map"]}
    if tree.get("$record") not in _RECORD_TYPES:
        raise InvalidInput(f"the packed record has the unknown type {tree.get('$record')!r}.")
    fields = {name: unpack(item, arrays) for name, item in tree["fields"].items()}
    return _RECORD_TYPES[tree["$record"]](**fields)


def frozen_map(mapping: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """A read-only mapping with text keys in the order given; None becomes the empty mapping."""
    return MappingProxyType({str(key): value for key, value in (mapping or {}).items()})
