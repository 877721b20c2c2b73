"""What a task is, as one hash: everything that can change its numbers and nothing else.

In the key: operator and version, all parameters with their defaults, content digests of the inputs, digests of the code
(AST closure, comments ignored), versions of the declared numeric libraries, the random stream, threads, dtype and
device. Not in it: labels, paths, host, executor, order, git revision.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput
from tda_latent.experiment.code_digest import code_digest
from tda_latent.experiment.plan import Operator, Task, Tree
from tda_latent.experiment.steps import load_steps
from tda_latent.records import canonical_json, sha256
from tda_latent.registry import Component, identity, library_version, registry

SCHEMA = 1


def resolve(operator: Operator) -> tuple[Component, Any]:
    """The component that an operator names, and the instance with its parameters."""
    if operator.kind == "step":
        load_steps()
    component = registry().find(operator.kind, operator.use)
    return component, component.build(operator.parameters)


def key_fields(task: Task, digest_of: Callable[[str], str]) -> dict[str, Any]:
    """The fields that are hashed into a task's key; ``digest_of`` gives the content digest of an input task."""
    operators = [resolve(operator) for operator in (task.operator, *task.also)]
    spec = identity(operators[0][1])
    files = {}
    if "path" in spec["parameters"]:
        files["path"] = file_digest(str(spec["parameters"].pop("path")))
    libraries = {name: library_version(name) for component, _ in operators for name in component.libraries}
    fields = {
        "schema": SCHEMA,
        "kind": task.operator.kind,
        **spec,
        "also": [identity(instance) for _, instance in operators[1:]],
        "inputs": {name: _digests(tree, digest_of) for name, tree in task.inputs.items()},
        "files": files,
        "code": {component.name: code_digest(component.cls) for component, _ in operators},
        "libraries": dict(sorted(libraries.items())),
        "stream": list(task.stream) if task.stream is not None else None,
        "determinism": {"threads": 1, "device": "cpu"},
    }
    return dict(_plain(fields))


def key_of(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the key fields."""
    return sha256(canonical_json(fields))


def _digests(tree: Tree, digest_of: Callable[[str], str]) -> Any:
    if isinstance(tree, str):
        return digest_of(tree)
    if isinstance(tree, Mapping):
        return [[name, _digests(branch, digest_of)] for name, branch in tree.items()]
    return [_digests(branch, digest_of) for branch in tree]


def _plain(value: Any) -> Any:
    """The value with every infinity and NaN as text, since canonical JSON has neither."""
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return {"$float": repr(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def file_digest(path: str) -> str:
    """SHA-256 of a file's bytes (a key after ``::`` is kept beside it).

    Raises
    ------
    InvalidInput
        When the file cannot be read.
    """
    name, _, inner = path.partition("::")
    try:
        stat = os.stat(name)
        digest = _bytes_digest(name, stat.st_size, stat.st_mtime_ns, stat.st_ino)
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror or error}. Check the path in the file.") from None
    return f"{digest}{Path(name).suffix.lower()}::{inner}"


@functools.cache
def _bytes_digest(path: str, size: int, modified: int, inode: int) -> str:
    """Digest of a file as it is now; the other arguments make a changed file another entry of the cache."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
