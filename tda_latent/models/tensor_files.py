"""Tensors out of PyTorch files, without unpickling objects."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, MissingLibrary, missing_library

_HEADS = (b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19")  # zip archive; torch.save before version 1.6
_FREE = 64 << 20
_SHARED = 16  # tensors may share memory, in all up to this many times the size of the file
_ARRAYS = "NumPy arrays"
_OBJECT = re.compile(r"GLOBAL ([\w.]+)")
_REMEDY = (
    "Save tensors only, where it was made: torch.save(model.state_dict(), path) for a model, "
    "torch.save({'points': z.cpu()}, path) for latents."
)
_SAFE_SINCE = (2, 6)  # before, weights_only could be made to run code (CVE-2025-32434)


def read_tensors(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Every tensor of a ``.pt`` or ``.pth`` file as an array on the CPU.

    Parameters
    ----------
    path : str or path
        Written by ``torch.save`` from a tensor, or a dictionary (nested or not) of tensors.

    Returns
    -------
    dict
        Arrays by name; a lone tensor is called ``points``, nested names are joined by ``/``. Formats that NumPy
        lacks (bfloat16, float8) become float32. Numbers, texts and flat lists of either become arrays too; other
        plain values (None, lists of dictionaries) are left out.

    Raises
    ------
    InvalidInput
        For a file that holds Python objects, that is damaged, that is no torch file, or whose tensors promise more
        memory than its bytes can fill. The file is read with ``weights_only=True``; there is no other way in.
    """
    path = Path(path)
    torch = _torch()
    with path.open("rb") as stream:
        if not stream.read(16).startswith(_HEADS):
            raise InvalidInput(f"{path}: is no file of torch.save (a bare pickle, for instance). {_REMEDY}")
    try:
        content = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # whatever a hostile or damaged file makes the reader raise means: unreadable
        raise InvalidInput(f"{path}: {_reason(error)}") from None
    leaves = dict(_leaves(content, ""))
    for name, value in leaves.items():
        if isinstance(value, torch.Tensor) and (value.layout != torch.strided or value.is_meta or value.is_quantized):
            raise InvalidInput(f"{path}: {name!r} is a sparse, quantised or meta tensor; save z.to_dense().float().")
    _require_plausible(leaves, path)
    return {name: _array(value) for name, value in leaves.items()}


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise missing_library("torch", "reading .pt files") from None
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < _SAFE_SINCE:
        raise MissingLibrary(
            f"torch {torch.__version__} is installed, whose weights-only reader can be made to run code: "
            "pip install 'torch>=2.6'"
        )
    return torch


def _reason(error: Exception) -> str:
    text = str(error)
    if "Weights only load failed" in text or "TorchScript" in text:
        kind = _OBJECT.search(text)
        what = (
            f"{_ARRAYS if kind[1].startswith('numpy') else kind[1]}, ..." if kind else f"a whole model, {_ARRAYS}, ..."
        )
        return f"holds Python objects ({what}), and nothing is unpickled here: that could run any program. {_REMEDY}"
    first = text.splitlines()[0] if text else type(error).__name__
    return f"cannot be read by torch ({first}); it is truncated or damaged. Write it again with torch.save."


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Tensors, plain values and flat lists by name."""
    import torch

    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}/{key}" if name else str(key))
    elif isinstance(value, torch.Tensor):
        yield name or "points", value
    elif isinstance(value, (str, bool, int, float)) or _is_flat(value):
        yield name or "points", np.asarray(value)


def _is_flat(value: Any) -> bool:
    if not isinstance(value, (list, tuple)) or not value:
        return False
    return all(isinstance(item, str) for item in value) or all(isinstance(item, (bool, int, float)) for item in value)


def _require_plausible(tensors: Mapping[str, Any], path: Path) -> None:
    """Refuse tensors that repeat few stored numbers (``expand``) into more memory than the file can fill."""
    promised, stored = sum(value.nbytes for value in tensors.values()), path.stat().st_size
    if promised > _FREE + _SHARED * stored:
        raise InvalidInput(
            f"{path}: its tensors promise {promised} bytes, but the file has {stored}; they are expanded views, or the "
            "file is hostile. Call .contiguous() before saving."
        )


def _array(value: Any) -> NDArray[Any]:
    import torch

    if not isinstance(value, torch.Tensor):
        return np.asarray(value)
    value = value.detach().resolve_conj().resolve_neg()
    if value.is_floating_point() and value.dtype not in (torch.float16, torch.float32, torch.float64):
        value = value.float()
    return np.asarray(value.numpy())
