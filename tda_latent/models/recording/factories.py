"""The module that the user's own code makes: named as ``module:function``, with arguments where it takes some."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from tda_latent.errors import InvalidInput, nearest_name


def made(factory: str) -> nn.Module:
    """The module that a factory returns.

    Parameters
    ----------
    factory : str
        ``my_models:make``, ``path/to/my_models.py:make``, or with arguments that are plain values (numbers, texts,
        lists, dictionaries): ``torchvision.models:resnet18(num_classes=10)``

    Raises
    ------
    InvalidInput
        When there is no such module or function, or it raises or exits, or gives no ``nn.Module``.
    """
    home, _, call = factory.partition(".py:") if ".py:" in factory else factory.partition(":")
    name, positional, named = _parsed(call, factory)
    if not home:
        raise _malformed(factory)
    with _beside(f"{home}.py" if ".py:" in factory else ""):
        found = _imported(home, factory)
        model = _called(_function(found, name, factory), positional, named, factory)
    if not isinstance(model, nn.Module):
        raise InvalidInput(f"factory {factory!r} gave a {type(model).__name__}; the rule is a torch.nn.Module.")
    return model


def _malformed(factory: str) -> InvalidInput:
    return InvalidInput(
        f"the factory is {factory!r}; the rule is module:function, as in my_models:make_vae, or with plain values as "
        "arguments: my_models:make_vae(dimension=8)."
    )


def _parsed(call: str, factory: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Dotted name and arguments of ``name`` or ``name(1, key="text")``; nothing is evaluated."""
    try:
        tree = ast.parse(call, mode="eval").body
        positional, named = [], {}
        if isinstance(tree, ast.Call):
            positional = [ast.literal_eval(item) for item in tree.args]
            named = {str(item.arg): ast.literal_eval(item.value) for item in tree.keywords if item.arg}
            is_whole = len(named) == len(tree.keywords)
            tree = tree.func if is_whole else ast.Constant(None)
        name = ast.unparse(tree)
    except (SyntaxError, ValueError):
        raise _malformed(factory) from None
    if not all(piece.isidentifier() for piece in name.split(".")) or name == "None":
        raise _malformed(factory)
    return name, positional, named


@contextmanager
def _beside(file: str) -> Iterator[None]:
    """Modules beside the file of the factory can be imported, as when it is run."""
    folder = str(Path(file).resolve().parent)
    if not file or folder in sys.path:
        yield
        return
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _imported(home: str, factory: str) -> ModuleType:
    try:
        return _of_file(Path(f"{home}.py")) if ".py:" in factory else importlib.import_module(home)
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"factory {factory!r}: there is no module {error.name!r}. Run the command in the folder that holds it."
        ) from None
    except FileNotFoundError as error:
        raise InvalidInput(f"factory {factory!r}: {_said(error)}.") from error
    except (Exception, SystemExit) as error:
        raise InvalidInput(f"factory {factory!r}: importing {home} raised {_said(error)}.") from error


def _of_file(path: Path) -> ModuleType:
    """A Python file as a module of its name, unless that is taken by another."""
    taken = sys.modules.get(path.stem)
    name = path.stem if taken is None else f"{path.stem}_of_{path.resolve().parent.name}"
    if taken is not None and getattr(taken, "__file__", None) == str(path.resolve()):
        return taken
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # data classes look themselves up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _function(found: ModuleType, name: str, factory: str) -> Any:
    try:
        function = attrgetter(name)(found)
    except AttributeError:
        function = None
    if not callable(function):
        close = nearest_name(name, [key for key in vars(found) if not key.startswith("_")])
        hint = f" Did you mean {close!r}?" if close else ""
        raise InvalidInput(f"factory {factory!r}: {found.__name__} has no function {name!r}.{hint}")
    return function


def _called(function: Any, positional: list[Any], named: dict[str, Any], factory: str) -> Any:
    try:
        return function(*positional, **named)
    except (Exception, SystemExit) as error:
        how = "with these arguments" if positional or named else "without arguments; write them behind it: f(8, k=2)"
        raise InvalidInput(f"factory {factory!r} raised {_said(error)}. It is called {how}.") from error


def _said(error: BaseException) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}{f': {text[0]}' if text else ''}"
