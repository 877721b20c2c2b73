"""Random streams by identity: a function of the one seed, a step's label and the axes it varies over.

Nothing else enters: models that a step does not name share its draws (a paired design), and adding, renaming or
reordering anything else redraws nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from tda_latent.records import canonical_json

Words = tuple[int, ...]


def stream_words(seed: int, step: str, axes: Mapping[str, str]) -> Words:
    """Eight 32-bit words that name the stream of a step at the given values of its axes."""
    text = canonical_json({"seed": seed, "step": step, "axes": dict(axes)})
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(int.from_bytes(digest[start : start + 4], "little") for start in range(0, 32, 4))


def generator(words: Sequence[int]) -> np.random.Generator:
    """The generator that a stream's words stand for."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(words))))
