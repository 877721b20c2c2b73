"""The module that the user's own code makes: named as ``module:function``, with arguments where it takes some."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from tda_latent.code.factory import Factory, require_code
from tda_latent.code.lookup import own_folders
from tda_latent.errors import InvalidInput


def made(factory: str, code: str = "") -> nn.Module:
    """The module that a factory returns.

    Parameters
    ----------
    factory : str
        ``my_models:make``, ``path/to/my_models.py:make``, or with arguments that are plain values (numbers, texts,
        lists, dictionaries): ``torchvision.models:resnet18(num_classes=10)``
    code : str
        Digest that the code of the factory must have; "" takes any.

    Raises
    ------
    InvalidInput
        When there is no such module or function, its code is another one, or it raises or exits, or gives no
        ``nn.Module``.
    """
    wanted = Factory.of(factory)
    require_code(factory, code)
    with wanted.importable():
        found = _imported(wanted)
        if code:
            _require_found(found, wanted, code)
        model = _called(_function(found, wanted), wanted)
    if not isinstance(model, nn.Module):
        raise InvalidInput(f"factory {factory!r} gave a {type(model).__name__}; the rule is a torch.nn.Module.")
    return model


def _imported(wanted: Factory) -> ModuleType:
    try:
        return _of_file(Path(wanted.file)) if wanted.is_file else importlib.import_module(wanted.module)
    except ModuleNotFoundError as error:
        if wanted.module == error.name or wanted.module.startswith(f"{error.name}."):
            raise wanted.missing() from None
        raise _raised(
            wanted, f"importing {wanted.module}", error, f"Install {error.name}, or mend the import"
        ) from error
    except InvalidInput:
        raise
    except (Exception, SystemExit) as error:
        raise _raised(wanted, f"importing {wanted.module}", error, "Mend the module") from error


_codes: dict[str, str] = {}  # digest of the code of a module when it was first imported here


def _require_found(found: ModuleType, wanted: Factory, code: str) -> None:
    """Refuse a module of the same name that this process imported from elsewhere, or before its code was changed."""
    loaded = getattr(found, "__file__", None)
    if loaded is None or os.path.realpath(loaded) != os.path.realpath(wanted.file):
        raise InvalidInput(
            f"factory {wanted.text!r}: this process has imported {wanted.module!r} from {loaded or 'Python itself'}, "
            f"and the module that is meant is {wanted.file}. Give it a name of its own, or start Python anew."
        )
    if _codes.setdefault(found.__name__, code) != code:
        raise InvalidInput(
            f"factory {wanted.text!r}: {wanted.file} has changed since this process imported it. Start Python anew."
        )


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


def _function(found: ModuleType, wanted: Factory) -> Any:
    try:
        function = attrgetter(wanted.function)(found)
    except AttributeError:
        function = None
    if not callable(function):
        raise wanted.without_function(wanted.function, [key for key in vars(found) if not key.startswith("_")])
    return function


def _called(function: Any, wanted: Factory) -> Any:
    try:
        return function(*wanted.positional, **wanted.named)
    except (Exception, SystemExit) as error:
        has_arguments = wanted.positional or wanted.named
        how = "with these arguments" if has_arguments else "without arguments; write them behind it: f(8, k=2)"
        raise _raised(wanted, "calling it", error, f"It is called {how}") from error


def _raised(wanted: Factory, doing: str, error: BaseException, remedy: str) -> InvalidInput:
    """What the user's own code raised, and the last line of it that was reached."""
    text = str(error).splitlines()
    said = f"{type(error).__name__}{f': {text[0]}' if text else ''}"
    folders = (os.path.dirname(wanted.file), *own_folders())
    homes = tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)
    frames = traceback.extract_tb(error.__traceback__)
    places = [(os.path.realpath(frame.filename), frame.lineno) for frame in frames if frame.filename[:1] != "<"]
    own = [place for place in places if place[0].startswith(homes) and "site-packages" not in place[0]]
    where = f" ({own[-1][0]}, line {own[-1][1]})" if own else ""
    return InvalidInput(f"factory {wanted.text!r}: {doing} raised {said}{where}. {remedy}.")
