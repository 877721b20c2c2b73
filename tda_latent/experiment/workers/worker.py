"""A worker process: one task at a time, as JSON lines in on stdin and out on the original stdout.

Started by `tda_latent.experiment.workers.pool` with one thread per library. What crosses the pipe is task
specifications and digests; records travel through the store. Whatever a library prints goes to stderr, never into the
protocol.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from contextlib import AbstractContextManager
from inspect import signature
from pathlib import Path
from typing import IO, Any

from tda_latent.code.lookup import looking_in
from tda_latent.engines.isolation import CONFINED
from tda_latent.errors import InvalidInput, StoreError, TdaLatentError
from tda_latent.experiment.binding import takes
from tda_latent.experiment.circumstances.environment import keep_environment
from tda_latent.experiment.identity.keys import code_now, file_digest, resolve
from tda_latent.experiment.identity.streams import generator
from tda_latent.experiment.plan import Operator
from tda_latent.experiment.store import Store
from tda_latent.experiment.workers import GREETING
from tda_latent.records import Latents, Model, Record
from tda_latent.registry import type_name

PR_SET_PDEATHSIG = 1
REASON = 2000  # characters of a failure that are kept
MARK = "TDA_LATENT_WORKER"  # environment variable by which the processes that a task started are known
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def one_thread_environment() -> dict[str, str]:
    """Environment variables that pin every numeric library to one thread, and say that hangs are taken care of."""
    return {CONFINED: "1"} | {f"{name}_NUM_THREADS": "1" for name in THREADS}


def load_tree(store: Store, tree: Any) -> Any:
    """Records in place of the leaves of a tree of inputs: text = key:digest, null = missing, list = tuple."""
    if tree is None:
        return None
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
    found = store.find(payload["key"]) if payload.get("again") else None
    if found is not None:  # the process that did it was lost before its reply was heard
        return {"ok": True, "digest": found.digests["result"], **found.facts}
    started = time.perf_counter()
    operator = Operator(payload["kind"], payload["use"], payload["parameters"])
    component, instance = resolve(operator)
    inputs = {name: load_tree(store, tree) for name, tree in payload["inputs"].items()}
    if payload["stream"] is not None:
        inputs["rng"] = generator(payload["stream"])
    if operator.kind == "step" and "key" in signature(type(instance).__call__).parameters:
        inputs["key"] = payload["key"]  # a figure says which task drew it
    with _beside_experiment(payload, inputs):
        result = instance(**inputs)
    if not isinstance(result, Record):
        raise InvalidInput(f"{operator.use} gave a {type(result).__name__}; a component gives one of the records.")
    if not takes(component.output, type(result)):
        declared = type_name(component.output)
        raise InvalidInput(f"{operator.use} gave a {type(result).__name__}; it declares that it gives {declared}.")
    _check_unchanged(payload)
    seconds = time.perf_counter() - started
    facts = {"seconds": round(seconds, 4), "peak_bytes": _peak(), "label": payload["label"]}
    facts["environment"] = keep_environment(store.path, store.durable)
    if isinstance(result, Latents):
        facts["shape"] = list(result.points.shape)
    if result.caveat:
        facts["caveat"] = result.caveat
    action = store.commit(payload["key"], {"result": result}, facts, payload["fields"])
    return {"ok": True, "digest": action.digests["result"], **facts}


def _beside_experiment(payload: Mapping[str, Any], inputs: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Where a task calls code of the user's own: inside, this is found. Other tasks import what they always did."""
    models = [record for record in inputs.values() if isinstance(record, Model)]
    is_own = "factory" in payload["parameters"] or any("factory" in model.settings for model in models)
    return looking_in(payload["folder"]) if is_own else contextlib.nullcontext()


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
    worn = False  # whether the process should not be trusted with another task
    try:
        limit_memory(payload.get("memory"))
        _forget_peak()
        store = Store(payload["store"], report=lambda notice: notices.append(notice.text))
        return execute(payload, store) | {"notices": notices}
    except TdaLatentError as error:
        reason, kind = str(error), type(error).__name__
    except MemoryError as error:
        reason, kind, worn = _out_of_memory(payload, f": {error}" if str(error) else ""), "MemoryError", True
    except ImportError as error:
        reason, kind, worn = f"ImportError: {_said(error)}", "ImportError", True
        if payload.get("memory") and _starved(error):
            reason = _out_of_memory(payload, " while libraries were loaded, which alone take about half a GiB")
            kind = "MemoryError"
    except BaseException as error:  # SystemExit and KeyboardInterrupt of a task end the task, not its worker
        with contextlib.suppress(Exception):
            traceback.print_exc(file=sys.stderr)
        reason, kind = f"{type(error).__name__}: {_said(error)}", type(error).__name__
        worn = isinstance(error, OSError) or not isinstance(error, Exception)
    short = reason if len(reason) <= REASON else f"{reason[:REASON]} ..."
    return {"ok": False, "reason": short, "kind": kind, "notices": notices} | ({"leaving": True} if worn else {})


def _starved(error: BaseException | None) -> bool:
    """Whether a library could not be loaded for want of memory, as the loader says it."""
    while error is not None:
        if "map segment" in _said(error) or isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _out_of_memory(payload: Mapping[str, Any], detail: str) -> str:
    limit = payload.get("memory")
    allowed = f" of {limit / 2**30:.2g} GiB" if limit else ""
    return f"out of memory{allowed}{detail}. Lower sample: size, or allow more with --memory."


def _said(error: BaseException) -> str:
    """The text of an exception, which may fail to give one."""
    try:
        return str(error)
    except Exception:
        return "it cannot say why"


def limit_memory(size: int | None) -> None:
    """Refuse allocations of this process beyond ``size`` bytes of data, where the system can."""
    if size:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = sys.maxsize if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_DATA, (min(size, most), hard))


def die_first() -> None:
    """Let the system, when it has no memory left, end this process rather than the one that holds the run (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


def die_with_parent() -> None:
    """Let the system end this process when its parent dies in whatever way, where it can (Linux)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def serve(requests: IO[str], replies: IO[str]) -> None:
    """Answer one JSON line for each JSON line until the other side closes."""
    owner, surroundings = os.getpid(), Surroundings()
    for line in requests:
        payload = json.loads(line)
        reply = _greeted(payload) if payload["kind"] == GREETING else attempt(payload)
        if os.getpid() != owner:  # a process that the task split off came back with it: only one of them answers
            os._exit(0)
        replies.write(json.dumps({"label": payload["label"], **reply}) + "\n")
        replies.flush()
        if reply.get("leaving"):
            return
        surroundings.restore()


class Surroundings:
    """What a task may change in its process and the next one relies on: folder, mask, environment, streams."""

    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._mask = os.umask(0o022)
        os.umask(self._mask)
        self._environment = dict(os.environ)
        self._streams = sys.stdout, sys.stderr
        self._errors = os.dup(2)

    def restore(self) -> None:
        """Put everything back."""
        os.chdir(self._folder)
        os.umask(self._mask)
        os.environ.update(self._environment)  # what libraries added when they were imported stays
        os.dup2(self._errors, 1)
        os.dup2(self._errors, 2)
        if (sys.stdout, sys.stderr) != self._streams or any(stream.closed for stream in self._streams):
            self._streams = sys.stdout, sys.stderr = _stream(1), _stream(2)


def _stream(number: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(number, "w", closefd=False), errors="backslashreplace", write_through=True)


def _greeted(request: Mapping[str, Any]) -> dict[str, Any]:
    from tda_latent.experiment.executors.handshake import answer  # only workers on clusters are asked

    return answer(request)


def main() -> None:
    """Entry point of the process: keep stdin and stdout for the protocol, send stray prints to stderr."""
    die_with_parent()
    die_first()
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    serve(requests, replies)


if __name__ == "__main__":
    main()
