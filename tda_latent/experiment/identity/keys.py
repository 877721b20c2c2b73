"""What a task is, as one hash: everything that can change its numbers and nothing else.

In the key: operator and version, all parameters with their defaults, content digests of the inputs, digests of the code
(AST closure, comments ignored), versions of the declared numeric libraries, the random stream, threads, dtype and
device. Not in it: labels, paths, host, executor, order, git revision.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.code.digest import code_digest
from tda_latent.errors import InvalidInput
from tda_latent.experiment.plan import Operator, Task, Tree
from tda_latent.experiment.steps import load_steps
from tda_latent.models.weight_index import is_index, shards
from tda_latent.records import canonical_json, sha256
from tda_latent.registry import Component, identity, library_version, registry
from tda_latent.sources.file.uri import split_uri

SCHEMA = 1
STREAMS = "tda_latent.experiment.identity.streams"  # what turns the words of a stream into draws


@dataclass(frozen=True)
class Recipe:
    """What an operator is, apart from its inputs.

    identity : name, version, parameters with their defaults as plain JSON (a ``path`` stands apart: its content counts)
    code : name for key fields, digest
    """

    component: Component
    instance: Any
    identity: Mapping[str, Any]
    path: str | None
    code: tuple[str, str]
    libraries: Mapping[str, str]


class Recipes:
    """Recipes by operator, each looked at once: code is taken to stay as it is while one of these lives."""

    def __init__(self) -> None:
        self._known: dict[str, Recipe] = {}

    def of(self, operator: Operator) -> Recipe:
        """The recipe of an operator."""
        if operator.spelling not in self._known:
            self._known[operator.spelling] = _recipe(operator)
        return self._known[operator.spelling]

    @property
    def components(self) -> tuple[Component, ...]:
        """Every component that was looked at, each once."""
        return tuple(dict.fromkeys(recipe.component for recipe in self._known.values()))

    @functools.cached_property
    def streams(self) -> dict[str, str]:
        """Digest of the code that makes random streams."""
        return code_now(["streams"])


def resolve(operator: Operator) -> tuple[Component, Any]:
    """The component that an operator names, and the instance with its parameters."""
    if operator.kind == "step":
        load_steps()
    component = registry().find(operator.kind, operator.use)
    return component, component.build(operator.parameters)


def settled(task: Task, shape_of: Callable[[str], tuple[int, int]], recipes: Recipes | None = None) -> Task:
    """The task with everything decided that depends on the shape of its input, such as what a budget buys.

    A component may have ``resolved(size, dimension)``, which gives the component that it comes to for a cloud of this
    shape. What is keyed and computed is that one, so settings that come to the same share a result.

    Parameters
    ----------
    task : with all inputs computed
    shape_of : points and coordinates of the cloud that an input task gave
    """
    instance = (recipes or Recipes()).of(task.operator).instance
    if not hasattr(instance, "resolved"):
        return task
    found = instance.resolved(*shape_of(task.sources[0]))
    return dataclasses.replace(task, operator=dataclasses.replace(task.operator, parameters=dataclasses.asdict(found)))


def _recipe(operator: Operator) -> Recipe:
    component, instance = resolve(operator)
    spec = identity(instance)
    path = spec["parameters"].pop("path", None)
    libraries = {name: library_version(name) for name in component.libraries}
    code = (f"{operator.kind}:{operator.use}", code_digest(component.cls))
    return Recipe(component, instance, _plain(spec), path, code, libraries)


def key_fields(task: Task, digest_of: Callable[[str], str], recipes: Recipes | None = None) -> dict[str, Any]:
    """The fields that are hashed into a task's key; ``digest_of`` gives the content digest of an input task."""
    known = recipes or Recipes()
    used = [known.of(operator) for operator in (task.operator, *task.also)]
    libraries = {name: version for recipe in used for name, version in recipe.libraries.items()}
    return {
        "schema": SCHEMA,
        "kind": task.operator.kind,
        **used[0].identity,
        "also": [recipe.identity for recipe in used[1:]],
        "inputs": {name: _digests(tree, digest_of) for name, tree in task.inputs.items()},
        "files": {"path": file_digest(str(used[0].path))} if used[0].path is not None else {},
        "code": {recipe.code[0]: recipe.code[1] for recipe in used} | (known.streams if task.stream else {}),
        "libraries": dict(sorted(libraries.items())),
        "stream": list(task.stream) if task.stream is not None else None,
        "determinism": {"threads": 1, "device": "cpu"},
    }


def code_now(names: Iterable[str]) -> dict[str, str]:
    """Digests of code as it is now, by the names that key fields give them."""
    found = {}
    for name in names:
        kind, _, use = name.partition(":")
        found[name] = code_digest(registry().find(kind, use).cls if use else STREAMS)
    return found


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
    """SHA-256 of a file's bytes; suffix and key (after ``::``) are kept beside it, since they say how it is read.

    Of a folder: of the names and digests of the files in it, not of what lies in folders further down. Of an index of
    weights (``.index.json``): of its own and of those of the files it names.

    Raises
    ------
    InvalidInput
        When the file cannot be read, or an index names a file that is not there.
    """
    name, inner = split_uri(path)
    try:
        parts = [[file.name, _digest_now(str(file))] for file in parts_of(Path(name))]
        if os.path.isdir(name):
            return sha256(canonical_json(parts))
        digest = sha256(canonical_json(parts)) if len(parts) > 1 else parts[0][1]
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror or error}. Check the path in the file.") from None
    return f"{digest}{Path(name).suffix.lower()}::{inner or ''}"


def parts_of(path: Path) -> list[Path]:
    """The files whose bytes count for a path: itself; those of a folder by name; an index and the files it names.

    Raises
    ------
    InvalidInput
        When an index names a file that is not there.
    """
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if entry.is_file())
    return [path, *shards(path)] if is_index(path) else [path]


def _digest_now(name: str) -> str:
    stat = os.stat(name)
    return _bytes_digest(name, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@functools.cache
def _bytes_digest(path: str, size: int, modified: int, inode: int) -> str:
    """Digest of a file as it is now; the other arguments make a changed file another entry of the cache."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
