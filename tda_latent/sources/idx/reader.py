"""IDX files, plain or gzipped: a four-byte magic, the sizes, then the bytes; read only when all of it agrees.

The format: two zero bytes, a type code (8 = unsigned bytes), the number of axes, one big-endian 32-bit size for each
axis, and then exactly as many bytes as the sizes multiply to [lecun1998].
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput

Bytes = NDArray[np.uint8]
_UNSIGNED = 8
_LARGEST = 1 << 31  # bytes of one array; Fashion-MNIST has 47 million
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, axes: int) -> Bytes:
    """The array of unsigned bytes in an IDX file.

    Parameters
    ----------
    path : plain or gzipped, told apart by the first bytes
    axes : number of axes that the array must have: 3 for images, 1 for labels

    Raises
    ------
    InvalidInput
        For a file that is absent, of another format, type or number of axes, damaged, shorter or longer than it says.
        Memory is asked for only as bytes arrive, and at most 2 GiB.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == _GZIP
            plain.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
            return _array(stream, path, axes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput(f"{path} is damaged: {error}. Copy it again.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror or error}); check the path.") from None


def _array(stream: BinaryIO, path: Path, axes: int) -> Bytes:
    magic = _exactly(stream, 4, path)
    if magic[:2] != b"\0\0":
        raise InvalidInput(f"{path} begins with {magic.hex()}; an IDX file begins with two zero bytes.")
    if magic[2] != _UNSIGNED:
        raise InvalidInput(
            f"{path} holds type {magic[2]:#04x}; only unsigned bytes (0x08) are read as images or labels."
        )
    if magic[3] != axes:
        raise InvalidInput(f"{path} has {magic[3]} axes; images have 3 (number, rows, columns), labels 1.")
    sizes = np.frombuffer(_exactly(stream, 4 * axes, path), dtype=">u4").tolist()
    promised = math.prod(sizes)
    if not 0 < promised <= _LARGEST:
        shape = " x ".join(map(str, sizes))
        raise InvalidInput(f"{path} says it holds {shape} bytes; the rule is 1 to {_LARGEST:,}. Is it damaged?")
    values = np.frombuffer(_exactly(stream, promised, path), dtype=np.uint8).reshape(sizes)
    if stream.read(1):
        raise InvalidInput(f"{path} goes on after the {promised:,} bytes that it says it holds; copy it again.")
    return values


def _exactly(stream: BinaryIO, count: int, path: Path) -> bytes:
    """The next ``count`` bytes; a promise that the file does not keep costs no more memory than the file gives."""
    parts, missing = [], count
    while missing:
        part = stream.read(min(missing, 1 << 22))
        if not part:
            raise InvalidInput(f"{path} is cut off: {missing:,} of {count:,} bytes are missing. Copy it again.")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
