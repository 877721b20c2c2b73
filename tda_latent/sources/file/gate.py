"""What is checked before a file is opened: that it is one, what it seems to be, and what it promises."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import stat
from pathlib import Path

from tda_latent.errors import InvalidInput, nearest_name

MEBIBYTE = 1 << 20
_FREE = 64 * MEBIBYTE  # a promise below this is always believed
_RATIO = 200  # above it, an array may be at most this many times as large as the bytes that hold it
_LISTED = 10_000  # file names of a folder that are looked through for the nearest
_MAGIC = {
    b"\x93NUMPY": "a NumPy array (.npy)",
    b"PK\x03\x04": "a zip archive (.npz or .pt)",
    b"PK\x05\x06": "an empty zip archive",
    b"\x89HDF\r\n\x1a\n": "HDF5 (.h5)",
    b"PAR1": "Parquet (.parquet)",
    b"\x80": "a Python pickle",
    b"\x1f\x8b": "gzip; decompress it first",
    b"\xfd7zXZ": "xz; decompress it first",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file itself with git lfs pull",
}


def require_file(path: Path) -> None:
    """Refuse what is no readable, non-empty, regular file.

    Raises
    ------
    InvalidInput
        With the nearest file name when it does not exist.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(_unreachable(path, error)) from None
    if stat.S_ISDIR(status.st_mode):
        raise InvalidInput("is a folder; name one file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput("is a device, pipe or socket; latents are read from regular files only.")
    if not status.st_size:
        raise InvalidInput("is empty (0 bytes); was the program that wrote it interrupted? Write it again.")


def require_folder(path: Path) -> None:
    """Refuse what is no folder.

    Raises
    ------
    InvalidInput
        With the nearest name when there is nothing.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise InvalidInput(_unreachable(path, error)) from None
    if not stat.S_ISDIR(status.st_mode):
        raise InvalidInput("is a file; name the folder that it lies in.")


def _unreachable(path: Path, error: OSError | ValueError) -> str:
    code = getattr(error, "errno", None)
    if code == errno.ELOOP:
        return "is a symbolic link that leads back to itself; point it at the file."
    if code == errno.EACCES:
        return "lies in a folder that may not be entered; change its permissions (chmod u+rx)."
    if code not in (errno.ENOENT, errno.ENOTDIR):
        return f"cannot be reached ({getattr(error, 'strerror', None) or error}); check the path."
    if path.is_symlink():
        return f"is a symbolic link to {os.readlink(path)}, which does not exist; point it at the file."
    if not path.parent.is_dir():
        return f"does not exist, and neither does the folder {path.parent}; check the path."
    names = [entry.name for entry in itertools.islice(os.scandir(path.parent), _LISTED)]
    close = nearest_name(path.name, names)
    hint = f"Did you mean {close!r}?" if close else "Check the path."
    return f"does not exist. {hint}"


def content_digest(path: Path) -> str:
    """SHA-256 of the bytes of a file, read in blocks: O(file size) time, constant memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def appearance(path: Path) -> str:
    """What the first bytes of a file look like, for messages."""
    with path.open("rb") as stream:
        head = stream.read(512)
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    return "text" if head.isascii() and b"\0" not in head else "none of the formats that are known here"


def require_plausible(promised: int, stored: int, what: str) -> None:
    """Refuse a promise that the stored bytes cannot keep, before memory is asked for.

    Parameters
    ----------
    promised : int
        Bytes in memory once read.
    stored : int
        Bytes on disk that they come from.
    what : str
        Subject of the sentence in the message.

    Raises
    ------
    InvalidInput
        When more than 64 MiB and more than 200 times the stored bytes are promised; latents compress
        by far less.
    """
    if promised > _FREE and promised > _RATIO * stored:
        raise InvalidInput(
            f"{what} promises {size_text(promised)} out of {size_text(stored)} on disk, as a damaged or hostile "
            "file does; write it again, uncompressed."
        )


def size_text(size: int) -> str:
    """A number of bytes for people: ``7.3 TiB``."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"
