"""Blobs: the arrays of one record as an uncompressed ``.npz`` whose bytes depend on the arrays only.

`numpy.load` reads a blob. Member names are the array names, percent-encoded, so that no name can leave the archive.
Object arrays are refused on both ways: nothing is ever pickled or unpickled.
"""

from __future__ import annotations

import functools
import io
import struct
import tokenize
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol, cast
from urllib.parse import quote, unquote

import numpy as np
from numpy.lib import format as npy

from tda_latent.errors import InvalidInput
from tda_latent.records import record as records

Array = records.Array
_DATE = (1980, 1, 1, 0, 0, 0)
_TREE = "tree.json"
_PIECE = 1 << 24  # bytes handed on at a time
_NO_BLOB = (  # what `zipfile` and the reader of headers raise on bytes that nobody wrote as a blob
    zipfile.BadZipFile, zipfile.LargeZipFile, struct.error, EOFError, LookupError, NotImplementedError, OverflowError,
    RuntimeError, SyntaxError, TypeError,
)  # fmt: skip


class Sink(Protocol):
    """What a blob is written to; it need not seek."""

    def write(self, data: bytes | memoryview, /) -> int:
        """Append bytes."""

    def flush(self) -> None:
        """Hand bytes on."""


def write_blob(sink: Sink, arrays: Mapping[str, Array], tree: str | None = None) -> None:
    """Write arrays in the order of their names, and optionally the text of a packed tree.

    Raises
    ------
    InvalidInput
        For an array of Python objects.
    """
    with zipfile.ZipFile(cast(Any, _Unseekable(sink)), "w") as archive:
        if tree is not None:
            with archive.open(_entry(_TREE), "w", force_zip64=True) as member:
                member.write(tree.encode())
        for name in sorted(arrays):
            array = _plain(name, arrays[name])
            with archive.open(_entry(quote(name, safe="") + ".npy"), "w", force_zip64=True) as member:
                npy.write_array_header_1_0(member, npy.header_data_from_array_1_0(array))
                for piece in _pieces(array):
                    member.write(piece)


def _plain(name: str, array: Array) -> Array:
    if array.dtype.hasobject:
        raise InvalidInput(f"array {name!r} holds Python objects; store numbers, truth values or text.")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _pieces(array: Array) -> Iterator[memoryview]:
    if array.nbytes:
        data = array.reshape(-1).view(np.uint8).data
        for start in range(0, len(data), _PIECE):
            yield data[start : start + _PIECE]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


class _Unseekable:
    """Keeps `zipfile` from going back to patch sizes: a blob is hashed while it streams out."""

    def __init__(self, sink: Sink) -> None:
        self.write = sink.write
        self.flush = sink.flush


def read_blob(file: IO[bytes]) -> tuple[dict[str, Array], str | None]:
    """The read-only arrays of a blob by name, and the text of its tree if it holds one.

    The size that a header promises is compared with the bytes that are there before any memory is taken.

    Raises
    ------
    ValueError
        When the file is no blob.
    """
    arrays: dict[str, Array] = {}
    tree = None
    try:
        with zipfile.ZipFile(file) as archive:
            packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
            if packed:
                raise ValueError(f"member {packed[0]!r} is compressed")
            if sum(entry.file_size for entry in archive.infolist()) > file.seek(0, io.SEEK_END):
                raise ValueError("its members overlap: together they promise more bytes than it has")
            for entry in archive.infolist():
                with archive.open(entry) as member:
                    if entry.filename == _TREE:
                        tree = member.read().decode()
                    else:
                        name = unquote(entry.filename.removesuffix(".npy"), errors="strict")
                        arrays[name] = _read_array(member, entry.file_size)
    except _NO_BLOB as error:
        raise ValueError(f"not a blob: {error}") from error
    return arrays, tree


@functools.lru_cache(maxsize=1024)
def _header(text: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type in the header of an array; results of one kind repeat a handful of headers."""
    try:
        shape, fortran, dtype = npy.read_array_header_1_0(io.BytesIO(text))
    except (MemoryError, tokenize.TokenError) as error:  # how parsers say that a few kilobytes nest too deeply
        raise ValueError("an array header that nobody wrote") from error
    return shape, fortran, dtype


def _read_array(member: IO[bytes], size: int) -> Array:
    if npy.read_magic(member) != (1, 0):
        raise ValueError("an array of another .npy version")
    prefix = member.read(2)
    shape, fortran, dtype = _header(prefix + member.read(int.from_bytes(prefix, "little")))
    count = 1
    for length in shape:
        count *= length
    if fortran or dtype.hasobject or min(shape, default=0) < 0 or count * dtype.itemsize > size:
        raise ValueError(f"an array header that cannot be: {shape}, {dtype}, {size} bytes")
    data: Any = member.read()
    if len(data) != count * dtype.itemsize:
        raise ValueError(f"{len(data)} bytes where {count * dtype.itemsize} were promised")
    array: Array = np.ndarray(shape, dtype=dtype, buffer=data) if data else np.empty(shape, dtype=dtype)
    array.setflags(write=False)
    return array
