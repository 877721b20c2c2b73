"""A worker process: one task at a time, as JSON lines in on stdin and out on the original stdout.

Started by `tda_latent.experiment.pool` with one thread per library. What crosses the pipe is task specifications and
digests; records travel through the store. Whatever a library prints goes to stderr, never into the protocol.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tda_latent.engines.isolation import CONFINED
from tda_latent.errors import InvalidInput, StoreError, TdaLatentError
from tda_latent.experiment.keys import code_now, file_digest, resolve
from tda_latent.experiment.plan import Operator
from tda_latent.experiment.store import Store
from tda_latent.experiment.streams import generator
from tda_latent.records import Latents, Record

PR_SET_PDEATHSIG = 1
REASON = 2000  # characters of a failure that are kept
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def one_thread_environment() -> dict[str, str]:
    """Environment variables that pin every numeric library to one thread, and say that hangs are taken care of."""
    return {CONFINED: "1"} | {f"{name}_NUM_THREADS": "1" for name in THREADS}


def load_tree(store: Store, tree: Any) -> Any:
    """Records in place of the leaves of a tree of inputs: text = key:digest, list = tuple, mapping = mapping."""
    if isinstance(tree, str):
        key, _, digest = tree.partition(":")
        action = store.find(key)
        record = None if action is None or action.digests["result"] != digest else store.load(action)
        if record is None:
            raise LostInput(f"the input {key[:12]} is no longer intact in the store; run again to recompute it.")
        return record
    if isinstance(tree, Mapping):
        return {name: load_tree(store, branch) for name, branch in tree.items()}
    return tuple(load_tree(store, branch) for branch in tree)


class LostInput(StoreError):
    """An input that was in the store when the task was planned and is not there any more."""


def execute(payload: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """Run one task and commit its result; the reply never holds data, only what became of it."""
    started = time.perf_counter()
    operator = Operator(payload["kind"], payload["use"], payload["parameters"])
    _, instance = resolve(operator)
    inputs = {name: load_tree(store, tree) for name, tree in payload["inputs"].items()}
    if payload["stream"] is not None:
        inputs["rng"] = generator(payload["stream"])
    result = instance(**inputs)
    if not isinstance(result, Record):
        raise InvalidInput(f"{operator.use} gave a {type(result).__name__}; a component gives one of the records.")
    _check_unchanged(payload)
    seconds = time.perf_counter() - started
    facts = {"seconds": round(seconds, 4), "peak_bytes": _peak(), "label": payload["label"]}
    if isinstance(result, Latents):
        facts["shape"] = list(result.points.shape)
    if result.caveat:
        facts["caveat"] = result.caveat
    action = store.commit(payload["key"], {"result": result}, facts, payload["fields"])
    return {"ok": True, "digest": action.digests["result"], **facts}


def _check_unchanged(payload: Mapping[str, Any]) -> None:
    """Refuse to commit under a key what was computed while the file or the code behind the key changed.

    Raises
    ------
    InvalidInput
        Naming what changed.
    """
    fields = payload["fields"]
    path = payload["parameters"].get("path")
    if "path" in fields["files"] and file_digest(path) != fields["files"]["path"]:
        raise InvalidInput(f"{path} changed while it was read; run again once it is written.")
    for name, digest in code_now(fields["code"]).items():
        if digest != fields["code"][name]:
            raise InvalidInput(f"the code of {name} changed during the run; run again to compute with the new one.")


def _forget_peak() -> None:
    """Let the largest memory of this process be that of the task to come, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """Largest memory of this process in bytes, since `_forget_peak` where the system can."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def attempt(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`execute`, with every failure turned into a reply that says what went wrong."""
    notices: list[str] = []
    try:
        limit_memory(payload.get("memory"))
        _forget_peak()
        store = Store(payload["store"], report=lambda notice: notices.append(notice.text))
        return execute(payload, store) | {"notices": notices}
    except TdaLatentError as error:
        reason, kind = str(error), type(error).__name__
    except MemoryError as error:
        limit = payload.get("memory")
        allowed = f" of {limit / 2**30:.1f} GiB" if limit else ""
        reason = f"out of memory{allowed}: {error}. Lower sample: size, or allow more with --memory."
        kind = "MemoryError"
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        reason, kind = f"{type(error).__name__}: {error}", type(error).__name__
    short = reason if len(reason) <= REASON else f"{reason[:REASON]} ..."
    return {"ok": False, "reason": short, "kind": kind, "notices": notices}


def limit_memory(size: int | None) -> None:
    """Refuse allocations of this process beyond ``size`` bytes of data, where the system can."""
    if size:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_DATA, (min(size, most), hard))


def die_with_parent() -> None:
    """Let the system end this process when its parent dies in whatever way, where it can (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def serve(requests: IO[str], replies: IO[str]) -> None:
    """Answer one JSON line for each JSON line until the other side closes."""
    for line in requests:
        payload = json.loads(line)
        replies.write(json.dumps({"label": payload["label"], **attempt(payload)}) + "\n")
        replies.flush()


def main() -> None:
    """Entry point of the process: keep stdin and stdout for the protocol, send stray prints to stderr."""
    die_with_parent()
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    serve(requests, replies)


if __name__ == "__main__":
    main()
