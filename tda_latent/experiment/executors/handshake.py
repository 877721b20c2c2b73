"""Whether a process elsewhere would compute what this one would: version, code, libraries, and the same store."""

from __future__ import annotations

import contextlib
import platform
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tda_latent.code.digest import code_digest
from tda_latent.code.syntax import remembered
from tda_latent.errors import InvalidInput, TdaLatentError, UnknownName
from tda_latent.experiment.executors.protocol import Job
from tda_latent.experiment.identity.keys import code_now
from tda_latent.experiment.steps import load_steps
from tda_latent.experiment.store import Store
from tda_latent.experiment.store.durable import Draft
from tda_latent.experiment.workers import GREETING
from tda_latent.records import canonical_json, sha256
from tda_latent.registry import library_version, registry

WORKER = "tda_latent.experiment.workers.worker"  # whose closure is the machinery that carries tasks out
ABSENT = "absent"


def facts(components: Iterable[str], store: Path) -> dict[str, str]:
    """Everything about this process that can change a number, as name and version or digest."""
    load_steps()
    found = {"tda-latent": library_version("tda-latent"), "Python": ".".join(platform.python_version_tuple()[:2])}
    libraries: set[str] = set()
    with remembered(store / "code.json"):
        found["code of the runner"] = code_digest(WORKER)
        for name in ("streams", *components):
            kind, _, use = name.partition(":")
            try:
                found[f"code of {name}"] = code_now([name])[name]
                libraries |= set(registry().find(kind, use).libraries if use else ())
            except UnknownName:
                found[f"code of {name}"] = ABSENT
    return dict(sorted((found | {library: library_version(library) for library in libraries}).items()))


@contextlib.contextmanager
def greeting(job: Job) -> Iterator[dict[str, Any]]:
    """What to ask a worker before it gets work; while the context lasts a word lies in the store for it to read."""
    word = secrets.token_hex(16)
    Store(job.store)
    with Draft(job.store / "tmp", durable=False) as draft:
        draft.write(word.encode())
        draft.flush()
        yield {
            "label": GREETING,
            "kind": GREETING,
            "components": list(job.components),
            "store": str(job.store),
            "word": [draft.path.name, word],
            "memory": None,
        }


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The reply of a worker process to a `greeting`."""
    try:
        _look_into(Path(request["store"]), *request["word"])
        return {"ok": True, "facts": facts(request["components"], Path(request["store"])), "reason": ""}
    except TdaLatentError as error:
        return {"ok": False, "facts": {}, "reason": str(error)}
    except Exception as error:
        return {"ok": False, "facts": {}, "reason": f"{type(error).__name__}: {error}"}


def _look_into(store: Path, name: str, word: str) -> None:
    """Read what the runner left in the store, and see that one may write there."""
    remedy = f"on {socket.gethostname()}; workers need the same folder (a shared file system) under the same path."
    try:
        found = (store / "tmp" / name).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"the store {store} cannot be reached ({error.strerror or error}) {remedy}") from None
    if found != word:
        raise InvalidInput(f"the store {store} is another folder {remedy}")
    try:
        with Draft(store / "tmp", durable=False) as draft:
            draft.flush()
    except OSError as error:
        raise InvalidInput(f"the store {store} cannot be written ({error.strerror or error}) {remedy}") from None


def fingerprint(known: Mapping[str, str]) -> str:
    """One digest for the facts, small enough to travel with every task."""
    return sha256(canonical_json(dict(known)))


def difference(here: Mapping[str, str], there: Mapping[str, str]) -> str:
    """What a worker has that the runner has not, in words; empty when they agree."""
    parts = []
    for name in sorted(set(here) | set(there)):
        ours, theirs = here.get(name, ABSENT), there.get(name, ABSENT)
        if ours != theirs and name.startswith("code of "):
            parts.append(f"{name} is {'absent' if theirs == ABSENT else 'different'}")
        elif ours != theirs:
            parts.append(f"{name} is {theirs}, here {ours}")
    return "; ".join(parts[:6]) + (f"; and {len(parts) - 6} more" if len(parts) > 6 else "")
