"""Factories of networks: functions of the user's own, named in a file or on the command line. Nothing is imported."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tda_latent.code.digest import found_digest, found_file, found_sources, is_installed
from tda_latent.code.lookup import looking_in, own_folders
from tda_latent.errors import InvalidInput, nearest_name

_DYNAMIC = {"globals", "exec", "setattr", "vars", "__getattr__"}  # with these, names can come from anywhere


@dataclass(frozen=True)
class Factory:
    """A factory as it is written, taken apart.

    text : as written; module : its dotted name; is_file : whether that stands for a file, ``folder/my_models.py``
    function : dotted name in the module; positional, named : its arguments
    """

    text: str
    module: str
    is_file: bool
    function: str
    positional: tuple[Any, ...]
    named: dict[str, Any]

    @classmethod
    def of(cls, text: str) -> Factory:
        """From ``package.module:function`` or ``file.py:function``, maybe with arguments ``(8, key="text")``.

        Raises
        ------
        InvalidInput
            When the text has another form, or arguments that are no plain values.
        """
        is_file = ".py:" in text
        module, colon, call = text.partition(".py:" if is_file else ":")
        if not module.strip() or not colon:
            raise _malformed(text)
        if not is_file and not all(part.isidentifier() for part in module.split(".")):
            raise _malformed(text)
        return cls(text, module, is_file, *_parsed(call, text))

    @cached_property
    def file(self) -> str:
        """The file of the module, in the order of `tda_latent.code.lookup`.

        Raises
        ------
        InvalidInput
            When there is none.
        """
        if self.is_file:
            places = (Path(folder) / f"{self.module}.py" for folder in own_folders())
            found = next((os.path.realpath(place) for place in places if place.is_file()), None)
        else:
            found = found_file(self.module)
        if found is None:
            raise self.missing()
        return found

    def missing(self) -> InvalidInput:
        """What to say when there is no such module."""
        folders = own_folders()
        entries = (entry for folder in folders for entry in Path(folder).glob("*.py") if entry.is_file())
        close = nearest_name(self.module, {entry.stem for entry in entries})
        kind, suffix, last = ("file", ".py", "") if self.is_file else ("module", "", ", then among installed packages")
        hint = f" Did you mean '{close}{suffix}:{self.function}'?" if close else ""
        return InvalidInput(
            f"factory {self.text!r}: there is no {kind} '{self.module}{suffix}'.{hint} It is looked for in "
            f"{', then in '.join(folders)}{last}. Put it there."
        )

    def digest(self) -> str:
        """Digest of the code of its module and of the user's modules that this imports.

        Raises
        ------
        InvalidInput
            When there is no such module, it cannot be parsed, or it defines no such function.
        """
        try:
            self._require_function()
            with self.importable():
                return found_digest(*self._named)
        except OSError as error:
            raise InvalidInput(
                f"factory {self.text!r}: {error.filename} cannot be read: {error.strerror}. Change its permissions."
            ) from None

    def sources(self) -> dict[str, str]:
        """Files of the modules that its digest covers, by dotted name; none for an installed package."""
        if not self.is_file and is_installed(self.module):
            return {}
        with self.importable():
            return found_sources(*self._named)

    def importable(self) -> AbstractContextManager[None]:
        """Inside, what lies beside a factory that is named by its file can be imported, as when that file is run."""
        return looking_in(os.path.dirname(self.file)) if self.is_file else nullcontext()

    @property
    def _named(self) -> tuple[str, str]:
        return (Path(self.module).name if self.is_file else self.module), self.file

    def _require_function(self) -> None:
        """Refuse a module of Python source that cannot be parsed, or that binds no such name anywhere."""
        if not self.file.endswith(".py"):
            return
        try:
            tree = ast.parse(Path(self.file).read_bytes())
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            where = f"{self.file}, line {line}" if line else self.file
            raise InvalidInput(
                f"factory {self.text!r}: {where} is no Python: {getattr(error, 'msg', error)}. Mend the module."
            ) from None
        name = self.function.partition(".")[0]
        known = set(_bound(tree))
        if name not in known and not known & {"*", *_DYNAMIC}:
            raise self.without_function(name, [key for key in known if not key.startswith("_")])

    def without_function(self, name: str, known: list[str]) -> InvalidInput:
        """What to say when the module has no such function."""
        close = nearest_name(name, sorted(known))
        hint = f" Did you mean {close!r}?" if close else " Look how the function is called there."
        return InvalidInput(f"factory {self.text!r}: {self.file} has no function {name!r}.{hint}")


def require_code(factory: str, code: str) -> None:
    """Refuse a factory whose code is not the one that a digest stands for.

    Parameters
    ----------
    code : what `Factory.digest` gave then; "" = nobody asked

    Raises
    ------
    InvalidInput
        Also when the factory is not there any more.
    """
    if not code:
        return
    wanted = Factory.of(factory)
    now = wanted.digest()
    if now != code:
        raise InvalidInput(
            f"factory {factory!r}: its code is not the one of this model; it had the digest {code[:12]}, and "
            f"{wanted.file} with what it imports has {now[:12]}. Go back to the code of then, or run the experiment "
            "again with the code of now."
        )


def _malformed(text: str) -> InvalidInput:
    head, dot, tail = text.rpartition(".")
    near = (
        f"{head}:{tail}" if ":" not in text and dot and "(" not in head and head.replace(".", "").isidentifier() else ""
    )
    hint = f" Did you mean {near!r}?" if near else ""
    return InvalidInput(
        f"the factory is {text!r}; the rule is module:function, as in my_models:make or package.module:make, or with "
        f"plain values as arguments: my_models:make(dimension=8).{hint}"
    )


def _parsed(call: str, text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Dotted name and arguments of ``name`` or ``name(1, key="text")``; nothing is evaluated."""
    try:
        tree = ast.parse(call.strip(), mode="eval").body
        positional: tuple[Any, ...] = ()
        named: dict[str, Any] = {}
        if isinstance(tree, ast.Call):
            positional = tuple(ast.literal_eval(item) for item in tree.args)
            named = {str(item.arg): ast.literal_eval(item.value) for item in tree.keywords if item.arg}
            is_whole = len(named) == len(tree.keywords)
            tree = tree.func if is_whole else ast.Constant(None)
        name = ast.unparse(tree)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise _malformed(text) from None
    if not all(piece.isidentifier() for piece in name.split(".")) or name == "None":
        raise _malformed(text)
    return name, positional, named


def _bound(tree: ast.AST) -> Iterator[str]:
    """Every name that is bound or called anywhere in a module: more than its attributes, never less ("*": any)."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Store) or node.id in _DYNAMIC):
            yield node.id
