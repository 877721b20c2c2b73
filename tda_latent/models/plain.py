"""Numbers as people have them, arrays, tensors and what NumPy takes for arrays, as plain float64 arrays."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput
from tda_latent.models.nested import described

_REAL = "fiub"


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of torch; torch is not imported for it."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)


def is_numbers(value: Any) -> bool:
    """Whether a value is an array, a tensor, or something that NumPy takes for one."""
    if isinstance(value, (type, np.generic)):
        return False
    return isinstance(value, np.ndarray) or is_tensor(value) or hasattr(value, "__array__")


def plain(value: Any, said: str) -> NDArray[Any]:
    """A float64 array of numbers of any library, wherever they were computed.

    Parameters
    ----------
    value : anything
    said : what messages about it begin with: "encode gives"

    Raises
    ------
    InvalidInput
        For complex numbers, texts, rows of unequal length, and tensors that are not dense.
    """
    torch: Any = sys.modules.get("torch")
    if is_tensor(value):
        if value.is_complex() or value.is_nested or value.layout != torch.strided or value.is_meta:
            kind = "complex" if value.is_complex() else "sparse, nested or meta"
            raise InvalidInput(f"{said} a {kind} tensor; the rule is real numbers, each of them there.")
        return np.asarray(value.detach().cpu().double().numpy())
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError):  # the last two of lists of tensors
        raise InvalidInput(f"{said} rows of unequal length; the rule is one shape for all. Pad them.") from None
    if array.dtype.kind not in _REAL:
        kind = described(value) if array.dtype.kind == "O" else f"numbers of type {array.dtype}"
        raise InvalidInput(f"{said} {kind}; the rule is real numbers in an array. Convert them before.")
    return array.astype(np.float64, copy=False)
