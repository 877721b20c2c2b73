"""Safetensors: named numeric arrays, checked by the library; text travels in the metadata only."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from tda_latent.errors import InvalidInput, missing_library
from tda_latent.sources.file.gate import appearance
from tda_latent.sources.file.layout import Parts, Request, parts_of
from tda_latent.sources.file.stored import Array, Stored

_DTYPES = {
    "F64": "f8", "F32": "f4", "F16": "f2", "BF16": "f4", "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1",
    "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def parts(path: Path, request: Request) -> Parts:
    """The parts of a cloud in a ``.safetensors`` file; only the arrays that are used are read.

    bfloat16 becomes float32, exactly.

    Raises
    ------
    InvalidInput
        For what is no such file, a header that does not match its bytes, or a number format that NumPy lacks.
    """
    try:
        import safetensors
    except ImportError:
        raise missing_library("safetensors", "reading .safetensors files") from None
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return parts_of(_stored(file, path), request)
    except safetensors.SafetensorError as error:
        raise InvalidInput(f"cannot be read as safetensors ({error}). It looks like {appearance(path)}.") from None


def _stored(file: Any, path: Path) -> dict[str, Stored]:
    arrays: dict[str, Stored] = {}
    for name in file.keys():  # noqa: SIM118 - the handle is no mapping
        entry = file.get_slice(name)
        kind = entry.get_dtype()
        dtype = np.dtype(_DTYPES.get(kind, "V1"))  # a format that NumPy lacks is refused when it is used
        read = functools.partial(_bfloat16, path, name) if kind == "BF16" else functools.partial(file.get_tensor, name)
        arrays[name] = Stored(tuple(entry.get_shape()), dtype, read)
    for name, text in (file.metadata() or {}).items():
        if name.startswith(("origin/", "factors/")) and name not in arrays:
            arrays[name] = Stored.of(np.array(text))
    return arrays


def _bfloat16(path: Path, name: str) -> Array:
    """The upper halves of float32 numbers; the library has checked the offsets against the file."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        entry = json.loads(stream.read(length))[name]
        begin, end = entry["data_offsets"]
        stream.seek(8 + length + begin)
        halves = np.frombuffer(stream.read(end - begin), dtype="<u2")
    return (halves.astype(np.uint32) << 16).view(np.float32).reshape(entry["shape"])
