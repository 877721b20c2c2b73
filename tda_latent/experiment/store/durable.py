"""Files that are whole or absent: written aside, synced, then given their name in one atomic step.

Every change of the store on disk goes through this module, so that a test can stop it before and after each
system call. With ``durable=True`` a name that is visible survives a loss of power; without it, it survives a killed
process only.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from tda_latent.errors import StoreUnavailable

T = TypeVar("T")
_BUFFER = 1 << 20  # bytes gathered before one write
_DAY = 86400.0
_counter = itertools.count()
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EMLINK, errno.EXDEV}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def storage_errors(root: Path, doing: str, size: Callable[[], int] = lambda: 0) -> Iterator[None]:
    """Turn an `OSError` into a `StoreUnavailable` that names the store, what was being done, and the remedy."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(_explained(root, doing, size(), error)) from error


def _explained(root: Path, doing: str, size: int, error: OSError) -> str:
    where = f"the store {str(root)!r}"
    if error.errno in _FULL:
        return (
            f"{where} is full: {doing} needs {size:,} bytes, {_free(root):,} are free. Nothing half-written is "
            "visible; free some space or choose another store, then run again."
        )
    if error.errno in _REFUSED:
        return f"{where} cannot be changed by this user ({error.strerror}) while {doing}; choose a store you may write."
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"{where}: too many open files while {doing}; raise the limit (ulimit -n) or use fewer workers."
    return f"{where} failed while {doing}: {error}. Check the disk and the path, then run again."


def _free(root: Path) -> int:
    try:
        facts = os.statvfs(root)
    except (OSError, AttributeError):
        return 0
    return facts.f_bavail * facts.f_frsize


def check_room(root: Path, size: int) -> None:
    """Refuse to begin what the disk cannot take, instead of filling it up first.

    Raises
    ------
    OSError
        ENOSPC, when the file system says that fewer than ``size`` bytes are free.
    """
    if hasattr(os, "statvfs") and _free(root) < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Draft:
    """A new file in the folder for temporaries; it gets a name by `replace` or `claim`, or it vanishes.

    Use as a context manager: leaving it removes the temporary file if it is still there.
    """

    def __init__(self, folder: Path, durable: bool, prefix: str = "") -> None:
        self.path = folder / f"{prefix}{_host()}-{os.getpid()}-{next(_counter)}-{secrets.token_hex(4)}"
        self.size = 0
        self._durable = durable
        self._state = hashlib.sha256()
        self._buffer = bytearray()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._close()
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    @property
    def digest(self) -> str:
        """SHA-256 of everything written so far."""
        return self._state.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Append bytes; they reach the disk at the latest in `seal`."""
        self._state.update(data)
        length = memoryview(data).nbytes
        self.size += length
        if length >= _BUFFER:
            self.flush()
            self._write_out(memoryview(data))
        else:
            self._buffer += data
            if len(self._buffer) >= _BUFFER:
                self.flush()
        return length

    def flush(self) -> None:
        """Hand gathered bytes to the operating system."""
        gathered, self._buffer = self._buffer, bytearray()
        self._write_out(memoryview(gathered))

    def _write_out(self, data: memoryview) -> None:
        while data:
            data = data[os.write(self._file, data) :]

    def seal(self) -> None:
        """Bring the content to the disk and close the file."""
        self.flush()
        if self._durable:
            os.fsync(self._file)
        self._close()

    def _close(self) -> None:
        if self._file >= 0:
            number, self._file = self._file, -1
            os.close(number)

    def replace(self, final: Path) -> None:
        """Give the file its name, in place of whatever had it."""
        self.seal()
        make_folder(final.parent, self._durable)
        os.replace(self.path, final)
        sync_folder(final.parent, self._durable)

    def claim(self, final: Path) -> bool:
        """Give the file its name if nobody has it; False when somebody does.

        File systems without hard links get a check and a rename: two writers in the same instant both succeed and
        the later file stays. Either is complete.
        """
        self.seal()
        make_folder(final.parent, self._durable)
        try:
            os.link(self.path, final)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if final.exists():
                return False
            os.replace(self.path, final)
        sync_folder(final.parent, self._durable)
        return True


def make_folder(folder: Path, durable: bool) -> None:
    """Create the folder, and its entry in the folder above, unless it exists."""
    if folder.is_dir():
        return
    make_folder(folder.parent, durable)
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)
    sync_folder(folder.parent, durable)


def sync_folder(folder: Path, durable: bool) -> None:
    """Make the names in a folder survive a loss of power."""
    if not durable:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that order names by themselves
            raise
    finally:
        os.close(handle)


def holds(path: Path, digest: str, durable: bool) -> bool:
    """Whether a file with exactly this content is there; with ``durable`` it is also brought to the disk."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                return False
            if durable:
                os.fsync(file.fileno())
    except OSError:
        return False
    sync_folder(path.parent, durable)
    return True


def move_aside(path: Path, folder: Path) -> Path | None:
    """Move a bad file into the folder under a fresh name; None when it is gone or may not be moved."""
    target = folder / f"{path.name}.{secrets.token_hex(4)}"
    try:
        make_folder(folder, durable=False)
        os.replace(path, target)
    except OSError:
        return None
    return target


def sweep(folder: Path) -> int:
    """Remove temporaries that a dead process of this host left over a day ago; returns how many."""
    removed = 0
    for entry in os.scandir(folder):
        host, _, rest = entry.name.partition("-")
        number = rest.partition("-")[0]
        if host != _host() or not number.isdigit() or _is_alive(int(number)):
            continue
        with contextlib.suppress(OSError):
            if time.time() - entry.stat().st_mtime > _DAY:
                os.unlink(entry.path)
                removed += 1
    return removed


def sweep_beside(path: Path) -> int:
    """Remove what dead processes left of drafts ``<name>.<process>`` of a file, whatever their age; returns how many.

    For files that can be made again: a draft of a living process elsewhere may go too, and its writer does without.
    """
    removed = 0
    for draft in sorted(path.parent.glob(f"{path.name}.*")):
        number = draft.name.removeprefix(f"{path.name}.")
        if number.isdigit() and not _is_alive(int(number)):
            with contextlib.suppress(OSError):
                draft.unlink()
                removed += 1
    return removed


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _host() -> str:
    """A short name for this machine that says nothing about it."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]
