"""Weights from a file into a module that the user's own code makes; the file itself never runs code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.parameter import is_lazy

from tda_latent.errors import InvalidInput, shown
from tda_latent.models.recording.factories import made
from tda_latent.models.recording.weight_files import read_weights

__all__ = ["load_weights", "made"]

Weights = dict[str, torch.Tensor]
_WRAPPED = re.compile(r"(.*/)?((module|_orig_mod|model|net)\.)*")
_LISTED = 5


def load_weights(model: nn.Module, path: str | Path) -> nn.Module:
    """The module with the weights of a checkpoint, every one of them, on the CPU.

    Parameters
    ----------
    model : nn.Module
    path : what `read_weights` reads. The weights may lie in a dictionary under any name ("state_dict", for instance),
        and their names may start with what a wrapper added: ``module.``, ``_orig_mod.``, ``model.``, ``net.``.
        ``path::name`` takes those of one dictionary or behind one prefix: ``last.pt::state_dict_ema``,
        ``run.ckpt::student.backbone``

    Raises
    ------
    InvalidInput
        For a file with Python objects, weights whose names or shapes are not those of the module, several sets of
        weights that fit, or weights that are NaN.

    Notes
    -----
    Weights that the module shares between two names need to be there once, as in ``.safetensors`` files.
    """
    file, _, asked = str(path).rpartition("::") if "::" in str(path) else (str(path), "", "")
    arrays = read_weights(Path(file))
    wanted = _weights_of(model)
    found = _found(arrays, wanted, asked, file)
    for name, value in found.items():
        if tuple(value.shape) != tuple(wanted[name].shape):
            raise InvalidInput(
                f"{file}: {name!r} has shape {tuple(value.shape)}, and the model of the factory has "
                f"{tuple(wanted[name].shape)}. Make the model with the sizes it was trained with."
            )
    _require_trained(found, {name for name, _ in model.named_parameters(remove_duplicate=False)}, file)
    model.load_state_dict(found, strict=False)
    return model


def _weights_of(model: nn.Module) -> Weights:
    """What a module needs: named tensors of known shape."""
    wanted = model.state_dict()
    strange = [name for name, value in wanted.items() if not isinstance(value, torch.Tensor)]
    if strange:
        raise InvalidInput(
            f"the factory's {type(model).__name__} keeps {strange[0]!r}, which is no tensor; the rule is weights "
            "alone, nothing else is read. Let get_extra_state give a tensor, or set that state in the factory."
        )
    shapeless = [name for name, value in wanted.items() if is_lazy(value)]
    if shapeless:
        raise InvalidInput(
            f"the factory's {type(model).__name__} has {shapeless[0]!r} without a shape until its first batch (a lazy "
            "layer). Call it in the factory once, with a batch of zeros, before it is returned."
        )
    return wanted


def _require_trained(found: Weights, learned: set[str], file: str) -> None:
    """Refuse NaN among what is learned; buffers may hold anything."""
    spoilt = [name for name, value in found.items() if name in learned and bool(value.isnan().any())]
    if spoilt:
        raise InvalidInput(
            f"{file}: {len(spoilt)} of {len(found)} weights hold NaN, {spoilt[0]!r} for one: the training diverged. "
            "Use an earlier checkpoint."
        )


def _found(arrays: Mapping[str, Any], wanted: Mapping[str, Any], asked: str, file: str) -> Weights:
    """The weights of the module among the arrays of a file, by the names of the module."""
    ways = {prefix: _behind(prefix, arrays) for prefix in _prefixes(arrays, wanted)}
    usual = [prefix for prefix in ways if _is_meant(prefix, asked)]
    if not usual:
        raise InvalidInput(
            f"{file}: no weights are behind {asked!r}; known: {shown(sorted(ways)[1:] or list(arrays))}."
        )
    fitting = [prefix for prefix in usual if _fits(ways[prefix], wanted)]
    distinct = [prefix for prefix in fitting if not _equal(ways[prefix], ways[fitting[0]])]
    if distinct:
        names = ", ".join(f"'{file}::{prefix.rstrip('/.')}'" for prefix in fitting if prefix)
        raise InvalidInput(f"{file}: several sets of weights fit the model; name the one to use: {names}.")
    if fitting:
        return {name: _tensor(array) for name, array in ways[fitting[0]].items()}
    others = [prefix for prefix in ways if prefix not in usual and _fits(ways[prefix], wanted)]
    nearest = min(usual, key=lambda prefix: len(ways[prefix].keys() ^ wanted.keys()))
    raise _stranger(ways[nearest], wanted, file, others)


def _prefixes(arrays: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What may stand before the names of the module; "" first."""
    ends = _twins(wanted).get(next(iter(wanted), ""), frozenset(wanted))
    parts = {name[: len(name) - len(end)] for end in ends for name in arrays if name.endswith(end)}
    folders = {f"{name.rpartition('/')[0]}/" for name in arrays if "/" in name}
    wrapped = {match[0] for name in arrays if (match := _WRAPPED.match(name))}
    return ["", *sorted({part for part in parts | folders | wrapped if part.endswith(("/", "."))})]


def _is_meant(prefix: str, asked: str) -> bool:
    """Whether a prefix is dictionaries and then wrappers, behind the name that was asked for."""
    if not asked:
        return _WRAPPED.fullmatch(prefix) is not None
    start = prefix[: len(asked) + 1]
    return start in (f"{asked}/", f"{asked}.") and _WRAPPED.fullmatch(prefix[len(start) :]) is not None


def _behind(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _twins(wanted: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """For each weight the names under which the module has it."""
    names: dict[Any, list[str]] = {}
    for name, value in wanted.items():
        place = (value.data_ptr(), value.shape, value.stride()) if value.numel() else name
        names.setdefault(place, []).append(name)
    return {name: frozenset(same) for same in names.values() for name in same}


def _lacks(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    absent = [name for name in wanted if name not in found]
    twins = _twins(wanted) if absent else {}
    return [name for name in absent if not twins[name] & found.keys()]


def _fits(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return not _lacks(found, wanted) and all(name in wanted for name in found)


def _equal(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return first.keys() == second.keys() and all(
        _same(_tensor(array), _tensor(second[name])) for name, array in first.items()
    )


def _same(first: torch.Tensor, second: torch.Tensor) -> bool:
    """Equal numbers, NaN where the other is NaN."""
    if first.shape != second.shape or first.dtype != second.dtype:
        return False
    return bool(((first == second) | (first.isnan() & second.isnan())).all())


def _tensor(array: torch.Tensor | NDArray[Any]) -> torch.Tensor:
    if isinstance(array, torch.Tensor):
        return array
    return torch.from_numpy(np.array(array)) if array.dtype.kind in "fiubc" else torch.empty(0)


def _stranger(found: Mapping[str, Any], wanted: Mapping[str, Any], file: str, others: list[str]) -> InvalidInput:
    """What the nearest weights lack and have besides, and where in the file others would fit."""
    absent, strange = _lacks(found, wanted), [name for name in found if name not in wanted]
    said = [
        f"{what} {', '.join(names[:_LISTED])}{f' and {len(names) - _LISTED} more' if len(names) > _LISTED else ''}"
        for what, names in (("lacks", absent), ("has besides", strange))
        if names
    ]
    hint = f" What is behind {others[0]!r} fits: '{file}::{others[0].rstrip('/.')}'." if others else ""
    return InvalidInput(
        f"{file}: the checkpoint is of another model than the factory makes: it {'; it '.join(said)}.{hint} "
        f"Known to the model: {shown(list(wanted)[:_LISTED])}."
    )
