"""What one Python file says, whatever its layout: a digest of its syntax tree, and its imports.

Positions, comments, formatting, docstrings and other strings that stand alone do not change the digest.
Files are remembered by content, in the process and, inside `remembered`, in a file.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import os
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tda_latent.records import canonical_json, sha256

_FORMAT = f"tda-latent-syntax-1 python-{sys.version_info.major}.{sys.version_info.minor}"
_SKIPPED = frozenset(("ctx", "kind", "type_comment", "type_ignores"))
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
_RACY = 2_000_000_000  # nanoseconds in which a file may change twice under one time stamp


@dataclass(frozen=True)
class Import:
    """One import statement.

    module : what stands after ``from``, or the module of a plain import; level : number of leading dots
    names : what is taken ``from`` the module; () for a plain import
    is_lazy : inside a function; is_bound : a plain import without ``as``, which binds the top-level package too
    """

    module: str
    level: int = 0
    names: tuple[str, ...] = ()
    is_lazy: bool = False
    is_bound: bool = False


@dataclass(frozen=True)
class Facts:
    """Digest of the syntax tree (of the bytes where there is none), imports, and the names in ``__all__``."""

    digest: str
    imports: tuple[Import, ...] = ()
    exported: tuple[str, ...] = ()


Mark = tuple[str, int, int]  # path, time of the last change, size
_by_content: dict[str, Facts] = {}
_by_mark: dict[Mark, str] = {}


def mark_of(path: str) -> Mark:
    """What changes when a file changes, unless that happens twice within the grain of the clock."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return path, 0, -1
    return path, status.st_mtime_ns, status.st_size


def is_settled(mark: Mark, now: int) -> bool:
    """Whether the file had been left alone for long enough at a time (ns) that its mark tells every later change."""
    return now - mark[1] > _RACY


def facts(path: str) -> Facts:
    """Facts of a file, read again when its size or time stamp changed or is younger than two seconds."""
    mark = mark_of(path)
    content = _by_mark.get(mark)
    if content is None:
        data = Path(path).read_bytes()
        content = hashlib.sha256(data + b"\n" + path.rpartition(".")[2].encode()).hexdigest()
        if content not in _by_content:
            _by_content[content] = source_facts(data) if path.endswith(".py") else _opaque(data)
        if is_settled(mark, time.time_ns()):
            _by_mark[mark] = content
    return _by_content[content]


def source_facts(source: bytes | str) -> Facts:
    """Facts of Python source; text that cannot be parsed counts by its bytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _opaque(source.encode() if isinstance(source, str) else source)
    return Facts(sha256("".join(_tokens(tree))), tuple(_imports(tree.body, False)), _exported(tree))


def _opaque(data: bytes) -> Facts:
    return Facts(hashlib.sha256(data).hexdigest())


def _tokens(tree: ast.AST) -> Iterator[str]:
    """The tree as text: node names, their fields that are not empty, and constants with their types."""
    pending: list[Any] = [tree]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            yield "["
            pending.append("]")
            pending.extend(part if isinstance(part, ast.AST) else _literal(part) for part in reversed(item))
        elif not _is_bare_text(item):
            yield f"{type(item).__name__}("
            pending.append(")")
            pending.extend(reversed(list(_fields(item))))


def _fields(node: ast.AST) -> Iterator[Any]:
    for name, value in ast.iter_fields(node):
        if name in _SKIPPED or (value is None and not isinstance(node, ast.Constant)) or value == []:
            continue
        yield f"{name}="
        yield value if isinstance(value, (ast.AST, list)) else _literal(value)


def _literal(value: Any) -> str:
    text = hex(value) if type(value) is int else repr(value)
    return f"{type(value).__name__}:{text};"


def _is_bare_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _imports(body: list[Any], is_lazy: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, is_lazy=is_lazy, is_bound=alias.asname is None)
        elif isinstance(node, ast.ImportFrom):
            yield Import(node.module or "", node.level, tuple(alias.name for alias in node.names), is_lazy)
        else:
            inside = is_lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for block in _live_blocks(node):
                yield from _imports(getattr(node, block, []), inside)


def _live_blocks(node: ast.AST) -> tuple[str, ...]:
    """Blocks of a statement that can run: not those under ``if TYPE_CHECKING``."""
    test: Any = getattr(node, "test", None) if isinstance(node, ast.If) else None
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    name = test.operand if negated else test
    if getattr(name, "id", getattr(name, "attr", "")) != "TYPE_CHECKING":
        return _BLOCKS
    return ("body",) if negated else ("orelse",)


def _exported(tree: ast.Module) -> tuple[str, ...]:
    names: list[str] = []
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            names += [
                part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and type(part.value) is str
            ]
    return tuple(names)


@contextlib.contextmanager
def remembered(path: Path) -> Iterator[None]:
    """Use a file as memory across processes: read on entry, written on exit when something new was learnt.

    Entries are named by content, so that a stale one cannot be taken for another. A damaged file is ignored, one
    that cannot be written is left alone.
    """
    _by_content.update(_loaded(path))
    before = len(_by_content)
    try:
        yield
    finally:
        if len(_by_content) > before or not path.exists():
            _save(path)


def _loaded(path: Path) -> dict[str, Facts]:
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
        if digest != sha256(_FORMAT + text):
            return {}
        return {
            content: Facts(
                item["digest"],
                tuple(Import(**{**one, "names": tuple(one["names"])}) for one in item["imports"]),
                tuple(item["exported"]),
            )
            for content, item in json.loads(text).items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _save(path: Path) -> None:
    text = canonical_json({content: asdict(item) for content, item in _by_content.items()})
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        aside.write_text(f"{sha256(_FORMAT + text)}\n{text}", encoding="utf-8")
        os.replace(aside, path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()
