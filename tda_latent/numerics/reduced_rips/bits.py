"""Words of 64 bits: one bit for each vertex."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tda_latent.numerics.compilation import leaf

U = np.uint64
ONE = np.uint64(1)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def _counter(name: str) -> Any:
    """An intrinsic that counts zero bits: one instruction of the processor."""

    def lowered(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, flag = ir.IntType(64), ir.IntType(1)
        function = builder.module.declare_intrinsic(name, [word], ir.FunctionType(word, [word, flag]))
        return builder.call(function, [arguments[0], ir.Constant(flag, 1)])

    return intrinsic(lambda context, word: (types.int64(types.uint64), lowered))


lowest = _counter("llvm.cttz")
"""Position of the lowest bit of a word that is not zero."""

_leading_zeros = _counter("llvm.ctlz")


def _ones(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.ctpop(arguments[0])


ones = intrinsic(lambda context, word: (types.int64(types.uint64), _ones))
"""Number of bits that are set in a word."""


@leaf
def highest(word: Any) -> Any:
    """Position of the highest bit of a word that is not zero."""
    return 63 - _leading_zeros(word)


@leaf
def bit(vertex: Any) -> Any:
    """The word in which this vertex alone is set."""
    return ONE << U(vertex & 63)
