"""A worker process: one task at a time, as JSON lines in on stdin and out on the original stdout.

Started by `tda_latent.experiment.pool` with one thread per library. What crosses the pipe is task specifications and
digests; records travel through the store. Whatever a library prints goes to stderr, never into the protocol.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Mapping
from typing import IO, Any

from tda_latent.experiment.store import Store

from tda_latent.errors import InvalidInput, StoreError, TdaLatentError
from tda_latent.experiment.keys import resolve
from tda_latent.experiment.plan import Operator
from tda_latent.experiment.streams import generator
from tda_latent.records import Record

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "NUMBA")


def one_thread_environment() -> dict[str, str]:
    """Environment variables that pin every numeric library to one thread."""
    return {f"{name}_NUM_THREADS": "1" for name in THREADS}


def load_tree(store: Store, tree: Any) -> Any:
    """Records in place of the keys of a tree of inputs: text = key, list = tuple, mapping = mapping."""
    if isinstance(tree, str):
        action = store.find(tree)
        record = None if action is None else store.load(action)
        if record is None:
            raise StoreError(f"the input {tree[:12]} is no longer intact in the store; run again to recompute it.")
        return record
    if isinstance(tree, Mapping):
        return {name: load_tree(store, branch) for name, branch in tree.items()}
    return tuple(load_tree(store, branch) for branch in tree)


def execute(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Run one task and commit its result; the reply never holds data, only what became of it."""
    started = time.perf_counter()
    store = Store(payload["store"])
    operator = Operator(payload["kind"], payload["use"], payload["parameters"])
    _, instance = resolve(operator)
    inputs = {name: load_tree(store, tree) for name, tree in payload["inputs"].items()}
    if payload["stream"] is not None:
        inputs["rng"] = generator(payload["stream"])
    result = instance(**inputs)
    if not isinstance(result, Record):
        raise InvalidInput(f"{operator.use} gave a {type(result).__name__}; a component gives one of the records.")
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    facts = {"seconds": round(seconds, 4), "peak_bytes": peak, "label": payload["label"]}
    action = store.commit(payload["key"], {"result": result}, facts, payload["fields"])
    return {"ok": True, "digest": action.digests["result"], **facts}


def attempt(payload: Mapping[str, Any]) -> dict[str, Any]:
    """`execute`, with every failure turned into a reply that says what went wrong."""
    try:
        return execute(payload)
    except TdaLatentError as error:
        return {"ok": False, "reason": str(error), "kind": type(error).__name__}
    except MemoryError as error:
        limit = payload.get("memory")
        allowed = f" of {limit / 2**30:.1f} GiB" if limit else ""
        reason = f"out of memory{allowed}: {error}. Lower sample: size, or allow more with --memory."
        return {"ok": False, "reason": reason, "kind": "MemoryError"}
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return {"ok": False, "reason": f"{type(error).__name__}: {error}", "kind": type(error).__name__}


def limit_memory(size: int | None) -> None:
    """Refuse allocations of this process beyond ``size`` bytes of data, where the system can."""
    if size:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (size, hard))


def serve(requests: IO[str], replies: IO[str]) -> None:
    """Answer one JSON line for each JSON line until the other side closes."""
    for line in requests:
        payload = json.loads(line)
        limit_memory(payload.get("memory"))
        reply = attempt(payload)
        replies.write(json.dumps({"label": payload["label"], **reply}) + "\n")
        replies.flush()


def main() -> None:
    """Entry point of the process: keep stdout for the protocol, send stray prints to stderr."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    serve(sys.stdin, replies)


if __name__ == "__main__":
    main()
