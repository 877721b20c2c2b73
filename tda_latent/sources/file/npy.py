"""NumPy's ``.npy``: one array, mapped into memory read-only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from tda_latent.errors import InvalidInput
from tda_latent.sources.file.gate import appearance, size_text
from tda_latent.sources.file.layout import Parts, Request
from tda_latent.sources.file.stored import require_cloud


@dataclass(frozen=True)
class Header:
    """What the head of a ``.npy`` file promises; ``start`` is the number of bytes before the data."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int

    @property
    def size(self) -> int:
        """Bytes of data, as an unbounded integer."""
        return math.prod(self.shape) * self.dtype.itemsize


def parts(path: Path, request: Request) -> Parts:
    """The points of a ``.npy`` file, as a read-only memory map that reads pages when they are used.

    Raises
    ------
    InvalidInput
        For a pickled array, a header that does not match the size of the file, or a request for more than points.
    """
    _require_points_only(request)
    with path.open("rb") as stream:
        try:
            header = read_header(stream)
        except InvalidInput as error:
            raise InvalidInput(f"{error} It looks like {appearance(path)}.") from None
    require_exact(header, path.stat().st_size - header.start)
    require_cloud(header.shape, header.dtype, "array")
    return Parts(np.load(path, mmap_mode="r", allow_pickle=False))


def _require_points_only(request: Request) -> None:
    asked = [name for name in ("key", "ids", "labels", "factors", "scale", "split") if getattr(request, name)]
    if asked:
        raise InvalidInput(
            f"is a .npy file, which holds one array of points, but {asked[0]} = {getattr(request, asked[0])!r} was "
            "asked for. Save everything in one .npz: np.savez(path, points=z, ids=ids)."
        )


def read_header(stream: IO[bytes]) -> Header:
    """The header at the start of a stream, read without touching the data.

    Raises
    ------
    InvalidInput
        When it is no ``.npy`` header, or announces pickled objects.
    """
    try:
        version = np.lib.format.read_magic(stream)
        reader = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = reader(stream)
    except Exception as error:  # NumPy parses text that anyone may have written: whatever fails means a bad header
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InvalidInput(f"has no readable .npy header ({reason}); write it again with np.save.") from None
    if dtype.hasobject:
        raise InvalidInput(
            "holds Python objects, which are pickled, and nothing is unpickled here (it could run any program). "
            "Save numbers: np.save(path, np.stack(z).astype(np.float32))."
        )
    if min(shape, default=0) < 0:
        raise InvalidInput(f"has the impossible shape {shape} in its header; write it again with np.save.")
    return Header(shape, dtype, stream.tell())


def require_exact(header: Header, available: int) -> None:
    """Refuse a header whose promise differs from the bytes that follow it; nothing is allocated."""
    if header.size == available:
        return
    promise = f"promises shape {header.shape} of {header.dtype}, {size_text(header.size)} ({header.size} bytes)"
    if header.size > available:
        remedy = "It is truncated, or its header is false; write it again."
    else:
        remedy = "More follows, as when np.save is called twice on one file; save one array a file, or a .npz."
    raise InvalidInput(f"{promise}, but {size_text(available)} ({available} bytes) of data follow. {remedy}")
