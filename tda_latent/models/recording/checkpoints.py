"""Weights from a file into a module that the user's own code makes; the file itself never runs code."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tda_latent.errors import InvalidInput, missing_library, nearest_name, shown
from tda_latent.models.tensor_files import read_tensors

Weights = dict[str, torch.Tensor]
_WRAPPERS = ("module.", "_orig_mod.", "model.", "net.")
_LISTED = 5


def made(factory: str) -> nn.Module:
    """The module that ``package.module:function`` returns when it is called without arguments.

    Raises
    ------
    InvalidInput
        When there is no such module or function, or it raises, or gives no ``nn.Module``.
    """
    home, mark, name = factory.partition(":")
    if not mark or not home or not name.isidentifier():
        raise InvalidInput(f"the factory is {factory!r}; the rule is module:function, as in my_models:make_vae.")
    try:
        found = importlib.import_module(home)
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"factory {factory!r}: there is no module {error.name!r}. Run the command in the folder that holds it."
        ) from None
    except Exception as error:
        raise InvalidInput(f"factory {factory!r}: importing {home} raised {_said(error)}.") from error
    function = getattr(found, name, None)
    if not callable(function):
        close = nearest_name(name, [key for key in vars(found) if not key.startswith("_")])
        hint = f" Did you mean {close!r}?" if close else ""
        raise InvalidInput(f"factory {factory!r}: {home} has no function {name!r}.{hint}")
    try:
        model = function()
    except Exception as error:
        raise InvalidInput(f"factory {factory!r} raised {_said(error)}. It is called without arguments.") from error
    if not isinstance(model, nn.Module):
        raise InvalidInput(f"factory {factory!r} gave a {type(model).__name__}; the rule is a torch.nn.Module.")
    return model


def _said(error: Exception) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}{f': {text[0]}' if text else ''}"


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """The module with the weights of a checkpoint, every one of them, on the CPU.

    Parameters
    ----------
    model : nn.Module
    path : a ``.safetensors`` file, or one of torch.save, read with ``weights_only=True``. The weights may lie in a
        dictionary under any name ("state_dict", for instance), and their names may start with what a wrapper added:
        ``module.``, ``_orig_mod.``, ``model.``, ``net.``

    Raises
    ------
    InvalidInput
        For a file with Python objects, or weights whose names or shapes are not those of the module.
    """
    path = Path(path)
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such file; name the checkpoint.")
    arrays = _safetensors(path) if path.suffix.lower() == ".safetensors" else read_tensors(path)
    wanted = model.state_dict()
    best = min(_readings(arrays), key=lambda weights: len(weights.keys() ^ wanted.keys()))
    _require_names(best, wanted, path)
    for name, value in wanted.items():
        if tuple(best[name].shape) != tuple(value.shape):
            raise InvalidInput(
                f"{path}: {name!r} has shape {tuple(best[name].shape)}, and the model of the factory has "
                f"{tuple(value.shape)}. Make the model with the sizes it was trained with."
            )
    model.load_state_dict(best)
    return model


def _safetensors(path: Path) -> dict[str, Any]:
    try:
        import safetensors
        from safetensors.torch import load_file
    except ImportError:
        raise missing_library("safetensors", "reading .safetensors files") from None
    try:
        return load_file(path, device="cpu")
    except (safetensors.SafetensorError, OSError) as error:
        raise InvalidInput(f"{path}: cannot be read as safetensors ({error}); copy or write it again.") from None


def _readings(arrays: Mapping[str, Any]) -> list[Weights]:
    """The weights as they may be meant: whole, inside a dictionary, without what wrappers put before their names."""
    groups = [dict(arrays)]
    prefixes = dict.fromkeys(f"{name.rpartition('/')[0]}/" for name in arrays if "/" in name)
    groups += [{name.removeprefix(p): a for name, a in arrays.items() if name.startswith(p)} for p in prefixes]
    bare = [group for group in groups if group]
    for group in groups:
        shorter = group
        while prefix := next((w for w in _WRAPPERS if shorter and all(name.startswith(w) for name in shorter)), ""):
            shorter = {name.removeprefix(prefix): array for name, array in shorter.items()}
            bare.append(shorter)
    return [{name: _tensor(array) for name, array in group.items()} for group in bare] or [{}]


def _tensor(array: torch.Tensor | NDArray[Any]) -> torch.Tensor:
    if isinstance(array, torch.Tensor):
        return array
    return torch.from_numpy(np.array(array)) if array.dtype.kind in "fiubc" else torch.empty(0)


def _require_names(found: Weights, wanted: Mapping[str, Any], path: Path) -> None:
    absent = [name for name in wanted if name not in found]
    strange = [name for name in found if name not in wanted]
    if not absent and not strange:
        return
    said = [
        f"{what} {', '.join(names[:_LISTED])}{f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''}"
        for what, names in (("lacks", absent), ("has besides", strange))
        if names
    ]
    raise InvalidInput(
        f"{path}: the checkpoint is of another model than the factory makes: it {'; it '.join(said)}. "
        f"Known to the model: {shown(list(wanted)[:_LISTED])}."
    )
