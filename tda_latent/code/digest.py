"""Digests of code: what a component computes, as far as its source and everything that it imports can tell.

`code_digest` covers the module of a component and every module in reach that it imports, directly or not. In reach
are the top-level package of the module, tda_latent, and for a plugin the other packages of its distribution, or
everything beside it when it is not installed. Imports inside functions count, those under ``if TYPE_CHECKING`` do not.
Packages that are only passed through (``a`` and ``a.b`` on the way to ``a.b.c``) count with what they run at import.

Not seen: imports by a computed name (`importlib.import_module`) and data files beside the code. Compiled modules count
by their bytes; other distributions do not count: components declare those whose version can change numbers.
"""

from __future__ import annotations

import ast
import functools
import importlib.machinery
import importlib.metadata
import importlib.util
import linecache
import os
import site
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tda_latent.code.syntax import Import, Mark, facts, is_settled, mark_of, source_facts
from tda_latent.errors import InvalidInput
from tda_latent.records import canonical_json, sha256

_HOME = "tda_latent"
_SUFFIXES = (*importlib.machinery.EXTENSION_SUFFIXES, ".py", ".pyc")


def code_digest(component: type | str, root: Path | None = None) -> str:
    """SHA-256 over the syntax trees in the import closure of a component.

    Parameters
    ----------
    component : class or dotted name of a module
        A class stands for the module that defines it, be it installed, a script or a test. A class from a notebook
        stands for its cell and those of everything in the notebook that it refers to.
    root : Path, optional
        The folder that holds the top-level packages; default: where Python finds them.

    Raises
    ------
    InvalidInput
        When there is neither source nor file nor distribution: a class typed at the prompt.

    Notes
    -----
    Nothing is imported. A file that did not change is parsed once in a process; `syntax.remembered` extends that to
    later processes.
    """
    if isinstance(component, str):
        return _module_digest(component, _Files(component, root))
    name, path = _home_of(component)
    if path is None and name == "__main__":
        return _notebook_digest(component)
    return _module_digest(name, _Files(name, root, path))


def found_file(name: str) -> str | None:
    """The file of a module as a fresh process would find it: what is imported already does not count."""
    place = _Files(name, is_fresh=True).locate(name)
    return place.path if place else None


def found_digest(name: str, path: str) -> str:
    """Digest of a module in this file and, as a fresh process would find them, of the user's modules it imports."""
    return _module_digest(name, _Files(name, None, path, is_fresh=True))


def found_sources(name: str, path: str) -> dict[str, str]:
    """Files of the modules that `found_digest` covers, by dotted name."""
    places = _closure(name, _Files(name, None, path, is_fresh=True))
    return {module: place.path for module, place in places.items() if place.path}


def is_installed(name: str) -> bool:
    """Whether an installed distribution brings the module."""
    return name.partition(".")[0] in importlib.metadata.packages_distributions()


def import_closure(module_name: str, root: Path | None = None) -> tuple[str, ...]:
    """Dotted names of the module and of every module in reach that it imports, directly or not; sorted."""
    return tuple(sorted(_closure(module_name, _Files(module_name, root))))


def module_digests(component: type | str) -> dict[str, str]:
    """Digest of every module that a component's digest covers, by dotted name, to say which one changed."""
    name, path = (component, None) if isinstance(component, str) else _home_of(component)
    if name == "__main__" and path is None:
        return {}
    places = _closure(name, _Files(name, None, path))
    return {module: facts(place.path).digest for module, place in places.items() if place.path}


def foreign_sources(component: type) -> dict[str, str]:
    """Files of the modules that a component's digest covers and that are not ours, by dotted name: a plugin's code."""
    name, path = _home_of(component)
    if name == "__main__" and path is None:
        return {}
    places = _closure(name, _Files(name, None, path))
    return {module: place.path for module, place in places.items() if place.path and module.partition(".")[0] != _HOME}


_known: dict[tuple[str, str], tuple[list[Mark], str]] = {}


def _module_digest(name: str, files: _Files) -> str:
    started = time.time_ns()
    marks, digest = _known.get((name, files.place), ([], ""))
    if marks and all(mark_of(mark[0]) == mark for mark in marks):
        return digest
    found = {module: place.path for module, place in _closure(name, files).items()}
    if not any(found.values()):
        return _distribution_digest(name)
    digest = sha256(canonical_json({module: facts(path).digest for module, path in found.items() if path}))
    marks = [mark_of(path) for path in found.values() if path]
    if all(is_settled(mark, started) for mark in marks):
        _known[name, files.place] = (marks, digest)
    return digest


def _closure(name: str, files: _Files) -> dict[str, _Place]:
    found: dict[str, _Place] = {}
    used: set[str] = set()
    pending = [(name, True)]
    while pending:
        module, is_used = pending.pop()
        if module in used or (module in found and not is_used) or not files.reaches(module):
            continue
        place = files.locate(module)
        if place is None:
            continue
        found[module] = place
        if is_used:
            used.add(module)
        parent = module.rpartition(".")[0]
        if parent:
            pending.append((parent, False))
        if place.path:
            for statement in facts(place.path).imports:
                if is_used or not statement.is_lazy:
                    pending.extend(_targets(statement, module, place, files))
    return found


def _targets(statement: Import, module: str, place: _Place, files: _Files) -> Iterator[tuple[str, bool]]:
    """Modules that an import statement loads, and whether their functions can be called through it."""
    target = statement.module
    if statement.level:
        parts = module.split(".")
        keep = len(parts) - statement.level + bool(place.folders)
        target = ".".join([*parts[: max(keep, 0)], *filter(None, [statement.module])])
    if not statement.names:
        yield target, True
        if statement.is_bound:
            parts = target.split(".")
            yield from ((".".join(parts[:size]), True) for size in range(1, len(parts)))
        return
    names = statement.names
    if "*" in names and files.reaches(target):
        base = files.locate(target)
        names = facts(base.path).exported if base and base.path else ()
    inner = [f"{target}.{name}" for name in names if files.reaches(target) and files.locate(f"{target}.{name}")]
    yield target, len(inner) < len(statement.names) or "*" in statement.names
    yield from ((submodule, True) for submodule in inner)


# ------------------------------------------------------------------ where modules lie


@dataclass(frozen=True)
class _Place:
    """A module's file (None: a package without ``__init__``) and, for a package, its folders."""

    path: str | None
    folders: tuple[str, ...] = ()


class _Files:
    """Finds the files of modules without importing them, and says which modules are in reach."""

    def __init__(self, name: str, root: Path | None = None, path: str | None = None, *, is_fresh: bool = False) -> None:
        self._own = name.partition(".")[0]
        self._root = None if root is None else str(root)
        self._is_fresh = is_fresh
        self.place = f"{self._root}:{path}" + (f":{sys.path}" if is_fresh else "")
        self._places: dict[str, _Place | None] = {}
        if path is not None and root is None:
            is_package = Path(path).stem == "__init__"
            self._places[name] = _Place(path, (os.path.dirname(path),) if is_package else ())
        self._reached: dict[str, bool] = {self._own: True, _HOME: True}
        self._listings: dict[str, frozenset[str]] = {}

    def locate(self, module: str) -> _Place | None:
        """File and folders of a module, or None when there is no such module."""
        if module not in self._places:
            parent, _, leaf = module.rpartition(".")
            if parent:
                above = self.locate(parent)
                self._places[module] = _look(above.folders, leaf, self._listing) if above else None
            elif self._root is not None:
                self._places[module] = _look((self._root,), leaf, self._listing)
            else:
                self._places[module] = _fresh(leaf) if self._is_fresh and leaf != _HOME else _top_level(leaf)
        return self._places[module]

    def reaches(self, module: str) -> bool:
        """Whether the module belongs to code whose changes count."""
        top = module.partition(".")[0]
        if top not in self._reached:
            self._reached[top] = self._is_companion(top)
        return self._reached[top]

    def _listing(self, folder: str) -> frozenset[str]:
        if folder not in self._listings:
            try:
                self._listings[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._listings[folder] = frozenset()
        return self._listings[folder]

    def _is_companion(self, top: str) -> bool:
        if self._root is not None:
            return self.locate(top) is not None
        own = self.locate(self._own)
        if self._own == _HOME or own is None:
            return False
        beside = os.path.dirname(own.folders[0] if own.folders else str(own.path))
        if os.path.realpath(beside) in _installed_folders():
            return bool(set(_distributions().get(self._own, ())) & set(_distributions().get(top, ())))
        place = _fresh_companion(top) if self._is_fresh else _look((beside,), top, self._listing)
        if place is not None:
            self._places.setdefault(top, place)
        return place is not None and place.path is not None


def _look(folders: tuple[str, ...], leaf: str, listing: Callable[[str], frozenset[str]]) -> _Place | None:
    """A module in folders as Python's own finder would choose it: package, file, package without ``__init__``."""
    bare = []
    for folder in folders:
        names = listing(folder)
        inner = os.path.join(folder, leaf)
        inside = listing(inner) if leaf in names else frozenset()
        for suffix in _SUFFIXES:
            if f"__init__{suffix}" in inside:
                return _Place(os.path.join(inner, f"__init__{suffix}"), (inner,))
        for suffix in _SUFFIXES:
            if leaf + suffix in names:
                return _Place(inner + suffix)
        if inside:
            bare.append(inner)
    return _Place(None, tuple(bare)) if bare else None


def _top_level(name: str) -> _Place | None:
    module = sys.modules.get(name)
    try:
        spec = getattr(module, "__spec__", None) or importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    origin = spec.origin if spec else getattr(module, "__file__", None)
    folders = tuple(spec.submodule_search_locations or ()) if spec else ()
    path = origin if origin and os.path.isfile(origin) else None
    return _Place(path, folders) if path or folders else None


def _fresh(name: str) -> _Place | None:
    """A top-level module as a process finds it that has not imported it yet."""
    specs = (finder.find_spec(name, None) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec = next(filter(None, specs), None)
    folders = tuple(spec.submodule_search_locations or ()) if spec else ()
    path = spec.origin if spec and spec.origin and os.path.isfile(spec.origin) else None
    return _Place(path, folders) if path or folders else None


def _fresh_companion(top: str) -> _Place | None:
    """A module of the user's own, wherever it is found; nothing for what is installed."""
    place = None if top in sys.stdlib_module_names or top in _distributions() else _fresh(top)
    if place is None or place.path is None:
        return None
    folder = os.path.dirname(place.folders[0] if place.folders else place.path)
    return None if os.path.realpath(folder) in _installed_folders() else place


@functools.cache
def _installed_folders() -> frozenset[str]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [sysconfig.get_paths()[name] for name in names] + site.getsitepackages() + [site.getusersitepackages()]
    return frozenset(os.path.realpath(folder) for folder in folders)


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return dict(importlib.metadata.packages_distributions())


def _distribution_digest(name: str) -> str:
    """Stands in for source that is not there: versions of the distributions that provide the module."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return sha256(canonical_json({"python": sys.version}))
    versions = {item: importlib.metadata.version(item) for item in _distributions().get(top, ())}
    if not versions:
        raise InvalidInput(
            f"module {name!r} has no source file and belongs to no installed distribution; save it as one."
        )
    return sha256(canonical_json(versions))


# ------------------------------------------------------------------ scripts and notebooks


def _home_of(cls: type) -> tuple[str, str | None]:
    """Dotted name and file of the module that defines a class; scripts go by their file's name."""
    module = sys.modules.get(cls.__module__)
    path = getattr(module, "__file__", None)
    if cls.__module__ != "__main__":
        return cls.__module__, path
    spec = getattr(module, "__spec__", None)
    if spec is not None:
        return spec.name, path
    return ("__main__", None) if path is None else (Path(path).stem, path)


def _notebook_digest(cls: type) -> str:
    """Cells of a class and of everything in the notebook that it refers to, and values of the constants it reads."""
    namespace = vars(sys.modules[cls.__module__])
    seen: dict[str, str] = {}
    pending: list[Any] = [cls]
    while pending:
        tree, digest = _cell(pending.pop())
        if digest in seen:
            continue
        seen[digest] = ""
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in namespace}:
            value = namespace[name]
            origin = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            if isinstance(value, (bool, int, float, str, bytes, tuple)):
                seen[name] = repr(value)
            elif origin == cls.__module__ and isinstance(value, (type, FunctionType)):
                pending.append(value)
            elif origin and origin.partition(".")[0] == _HOME:
                seen[name] = code_digest(origin)
    return sha256(canonical_json(seen))


def _cell(item: Any) -> tuple[ast.AST, str]:
    functions = (
        [item] if isinstance(item, FunctionType) else [v for v in vars(item).values() if isinstance(v, FunctionType)]
    )
    for function in functions:
        lines = linecache.getlines(function.__code__.co_filename)
        if lines:
            source = "".join(lines)
            return ast.parse(source), source_facts(source).digest
    raise InvalidInput(
        f"the source of {item.__qualname__} cannot be found; save it in a file and import it from there."
    )
