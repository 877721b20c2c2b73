"""What all tests rely on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Children hear Ctrl-C: a shell starts what it runs in the background deaf to it, and its children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
