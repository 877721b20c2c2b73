"""Rows streamed into a ``.npy`` file that gets its name when it is whole; memory stays within one batch."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

_HEADER = 128  # bytes, whatever the shape: it is written again when the number of rows is known
_CHUNK = 8 << 20


def npy_header(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """A header of the ``.npy`` format, version 1.0, padded to a fixed length."""
    text = repr({"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape})
    prefix = np.lib.format.magic(1, 0)
    length = _HEADER - len(prefix) - 2
    return prefix + struct.pack("<H", length) + (text.ljust(length - 1) + "\n").encode("latin1")


class Rows:
    """An (m, d) array that grows on disk.

    The file is opened for each batch, so that hundreds of layers need no more file handles than one.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.part = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
        self.count = 0
        self.dtype: np.dtype[Any] | None = None
        self.width = 0

    def append(self, rows: NDArray[Any]) -> None:
        """Write (k, d) rows behind the others.

        Raises
        ------
        InvalidInput
            When they have another width or dtype than the first ones.
        """
        if self.dtype is None:
            self.dtype, self.width = rows.dtype, rows.shape[1]
            self.part.write_bytes(npy_header((0, self.width), self.dtype))
        if rows.shape[1] != self.width or rows.dtype != self.dtype:
            raise InvalidInput(
                f"layer {self.target.stem!r} gave rows of {self.width} {self.dtype} first and {rows.shape[1]} "
                f"{rows.dtype} later; points have one dimension. Pool over what varies in length, or pad the inputs."
            )
        if len(rows):
            with self.part.open("ab") as stream:
                stream.write(np.ascontiguousarray(rows).data)
        self.count += len(rows)

    def chunks(self, size: int) -> Iterator[NDArray[Any]]:
        """The rows written so far, ``size`` at a time; read, not mapped, so that memory stays within a chunk."""
        with self.part.open("rb") as stream:
            stream.seek(_HEADER)
            for start in range(0, self.count, size):
                rows = min(size, self.count - start)
                yield np.fromfile(stream, dtype=self.dtype, count=rows * self.width).reshape(rows, self.width)

    def sibling(self) -> Rows:
        """Another unfinished file for the same target."""
        other = Rows(self.target)
        other.part = self.part.with_suffix(".kept")
        return other

    def become(self, other: Rows) -> None:
        """Take the rows of a sibling in place of one's own."""
        other.part.replace(self.part)
        self.count = other.count

    def finish(self) -> None:
        """Give the file its shape and its name, in one step that leaves no half-written file under it."""
        if self.dtype is None:
            raise InvalidInput(f"layer {self.target.stem!r} has no rows; record at least one input.")
        with self.part.open("r+b") as stream:
            stream.write(npy_header((self.count, self.width), self.dtype))
        self.part.replace(self.target)

    def discard(self) -> None:
        """Remove the unfinished file."""
        for path in (self.part, self.part.with_suffix(".kept")):
            path.unlink(missing_ok=True)


class LayerFile:
    """Points of a layer, and for each point its input and its position within the input."""

    def __init__(self, folder: Path, name: str) -> None:
        file = f"{file_name(name)}.npy"
        self.name = name
        self.points = Rows(folder / file)
        self.places = Rows(folder / "rows" / file)
        self.passes = 0

    def append(self, points: NDArray[Any], places: NDArray[np.int64]) -> None:
        """(m, d) points and (m, 2) places: input and position."""
        self.points.append(points)
        self.places.append(places)

    def keep(self, inputs: NDArray[np.int64] | None) -> None:
        """Keep the points of these inputs (ascending numbers); None keeps all."""
        if inputs is None:
            return
        points, places = self.points.sibling(), self.places.sibling()
        step = max(1, _CHUNK // (8 * max(1, self.points.width)))
        for cloud, origins in zip(self.points.chunks(step), self.places.chunks(step), strict=True):
            numbers = origins[:, 0]
            wanted = inputs[np.searchsorted(inputs, numbers).clip(max=len(inputs) - 1)] == numbers
            points.append(cloud[wanted])
            places.append(origins[wanted])
        self.points.become(points)
        self.places.become(places)

    def finish(self) -> None:
        """Give both files their names."""
        self.places.finish()
        self.points.finish()

    def discard(self) -> None:
        """Remove what is unfinished."""
        self.points.discard()
        self.places.discard()


def file_name(layer: str) -> str:
    """The layer as the name of a file; only what separates folders is replaced."""
    return layer.replace("/", "%2F").replace("\\", "%5C")
