"""What runs on a dask worker: text in, text out, and the task itself in a child process that can die alone.

Each thread of the dask worker keeps a `Pool` of one child, so that limits, one-thread libraries and crashes are
exactly as on one machine. A child is asked for its code and versions once, before its first task.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.experiment.executors.handshake import fingerprint
from tda_latent.experiment.workers.pool import Pool

STRANGER = "Stranger"  # kind of a reply from a worker that computes something else than the runner would
_WAIT = 0.2  # seconds between looks at whether the run was stopped
LEAVE = 20.0  # seconds that a dask worker whose work is over has to end
_mine = threading.local()
_stopped: set[str] = set()


def greet(text: str) -> str:
    """Answer a greeting: facts about the child that would run tasks here."""
    session = json.loads(text)["session"]
    if session["ours"]:
        _see_to_the_end()
    return json.dumps(_greeted(session) | {"host": socket.gethostname()})


def perform(text: str) -> str:
    """Run one task and give its reply."""
    request = json.loads(text)
    session, payload = request["session"], request["payload"]
    if session["ours"]:
        _see_to_the_end()
    if getattr(_mine, "greeted", None) != session["id"]:
        found = _greeted(session)
        if not found["ok"] or fingerprint(found["facts"]) != session["expected"]:
            stranger = {"label": payload["label"], "ok": False, "kind": STRANGER, "host": socket.gethostname()}
            return json.dumps(found | stranger)
        _mine.greeted = session["id"]
    return json.dumps(_answer(session, payload, session["seconds"]))


@functools.cache
def _see_to_the_end() -> None:
    """Watch over this dask worker, once: one that loses its scheduler can hang in its own shutdown for ever, and its
    job would stay in the queue. Only for workers that were started for a run; others are not ours to end.
    """
    from distributed import get_worker

    threading.Thread(target=_leave_after, args=(get_worker(),), daemon=True).start()


def _leave_after(worker: Any) -> None:
    while worker.status.name in ("init", "running", "paused"):
        time.sleep(1)
    time.sleep(LEAVE)
    os._exit(1)


def stop(session: str) -> None:
    """End what this worker does for a run that has ended; called in the worker's event loop."""
    _stopped.add(session)


def _greeted(session: Mapping[str, Any]) -> dict[str, Any]:
    return _answer(session, session["greeting"], None)


def _answer(session: Mapping[str, Any], payload: Mapping[str, Any], seconds: float | None) -> dict[str, Any]:
    """The reply of the child of this thread."""
    pool = _pool(session)
    pool.seconds = seconds
    pool.submit(payload)
    while session["id"] not in _stopped:
        for reply in pool.wait(_WAIT):
            return reply
    _close()
    return {"label": payload["label"], "ok": False, "reason": "the run was stopped.", "kind": "Stopped"}


def _pool(session: Mapping[str, Any]) -> Pool:
    """The pool of this thread; a new run gets a new child, since the code may have changed in between."""
    if getattr(_mine, "session", None) != session["id"]:
        _close()
        _mine.pool, _mine.session = Pool(1, _log(Path(session["log"]))), session["id"]
    pool: Pool = _mine.pool
    return pool


def _close() -> None:
    pool: Pool | None = getattr(_mine, "pool", None)
    _mine.pool = _mine.session = _mine.greeted = None
    if pool is not None:
        pool.close()


def _log(wanted: Path) -> Path:
    """The log file of the run where its folder is shared, else one of this machine."""
    with contextlib.suppress(OSError), wanted.open("ab"):
        return wanted
    return Path(tempfile.gettempdir()) / f"tda-latent-workers-{os.getuid()}.log"
