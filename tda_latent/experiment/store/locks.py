"""Who works on what right now: advisory locks beside the results, which save work and decide nothing.

The system drops a lock with the process that holds it, however that ends, so none is ever left behind. A holder that
still exists but does not move (stopped, or on a machine that hangs) shows no sign of life and is passed over.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

try:
    import fcntl
except ImportError:  # a system without them: every claim succeeds, and some work may be done twice
    fcntl = None  # type: ignore[assignment]

DIGITS = 3  # of a key name its stripe: 4096 files that are never deleted
PULSE = 10.0  # seconds between the signs of life of a holder
PATIENCE = 120.0  # seconds without one after which others go on


@dataclass
class _Held:
    handle: int
    claims: int = 1


@dataclass
class Locks:
    """The claims of one runner on the keys of a store.

    folder : of the lock files; made when first needed
    patience : seconds after which a holder without a sign of life is passed over
    """

    folder: Path
    patience: float = PATIENCE
    _held: dict[str, _Held] = field(default_factory=dict)
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)  # sign of life of others, when it was new to us
    _pulsed: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stripe in list(self._held):
            self._drop(stripe)

    def claim(self, key: str) -> bool:
        """Whether this runner may work on the key; False while another one does.

        Where locks cannot be had (a read-only folder, a file system without them) the answer is yes.
        """
        stripe = key[:DIGITS]
        if stripe in self._held:
            self._held[stripe].claims += 1
            return True
        handle = self._opened(stripe)
        if handle is None or fcntl is None:
            return True
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            silent = self._is_silent(stripe, handle)
            os.close(handle)
            return silent
        except OSError:
            os.close(handle)
            return True
        self._seen.pop(stripe, None)
        self._held[stripe] = _Held(handle)
        self._touch(handle)
        return True

    def release(self, key: str) -> None:
        """Give up one claim on the key; one that was granted without a lock is nothing to give up."""
        held = self._held.get(key[:DIGITS])
        if held is None:
            return
        held.claims -= 1
        if not held.claims:
            self._drop(key[:DIGITS])

    def pulse(self) -> None:
        """Show that this runner lives; call it often, it acts every few seconds."""
        now = time.monotonic()
        if now - self._pulsed < min(PULSE, self.patience / 4):
            return
        self._pulsed = now
        for held in self._held.values():
            self._touch(held.handle)

    def _drop(self, stripe: str) -> None:
        with contextlib.suppress(OSError):
            os.close(self._held.pop(stripe).handle)

    def _opened(self, stripe: str) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(self.folder / stripe, flags, 0o666)
        except FileNotFoundError:
            with contextlib.suppress(OSError):
                self.folder.mkdir(exist_ok=True)
        except OSError:
            return None
        try:
            return os.open(self.folder / stripe, flags, 0o666)
        except OSError:
            return None

    def _is_silent(self, stripe: str, handle: int) -> bool:
        """Whether the holder's sign of life has not changed for long, by our own clock."""
        sign, now = os.fstat(handle).st_mtime_ns, time.monotonic()
        known = self._seen.get(stripe)
        if known is None or known[0] != sign:
            self._seen[stripe] = (sign, now)
            return False
        return now - known[1] > self.patience

    @staticmethod
    def _touch(handle: int) -> None:
        with contextlib.suppress(OSError):
            os.utime(handle)
