"""Which inputs are kept while they stream by: all, some by number, or a uniform random sample."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import InvalidParameter, shown

Rows = NDArray[np.int64]


class Choice(ABC):
    """Decides about inputs as they come; one decision serves all layers.

    seen : number of inputs of the passes that were accepted
    """

    def __init__(self) -> None:
        self.seen = 0
        self._offered = 0

    def offer(self, count: int) -> Rows:
        """(k,) ascending places, among the next ``count`` inputs, of those worth writing down."""
        self._offered = count
        return self._places(count)

    def accept(self) -> None:
        """The inputs last offered have come through; without this, the offer is forgotten."""
        self.seen, self._offered = self.seen + self._offered, 0

    @abstractmethod
    def _places(self, count: int) -> Rows: ...

    @abstractmethod
    def kept(self) -> Rows | None:
        """Numbers of the inputs that are kept in the end, ascending; None when all are."""


class Every(Choice):
    """All inputs."""

    def _places(self, count: int) -> Rows:
        return np.arange(count)

    def kept(self) -> Rows | None:
        """None: all."""
        return None


class Listed(Choice):
    """The inputs with the given numbers, counted from 0."""

    def __init__(self, rows: Any) -> None:
        super().__init__()
        chosen = np.asarray(rows)
        if chosen.ndim != 1 or not chosen.size or chosen.dtype.kind not in "iu" or int(chosen.min()) < 0:
            raise InvalidParameter(f"rows is {shown(rows)}; the rule is one or more numbers of inputs, counted from 0.")
        self._rows: Rows = np.unique(chosen).astype(np.int64)

    def _places(self, count: int) -> Rows:
        first, stop = np.searchsorted(self._rows, [self.seen, self.seen + count])
        return self._rows[first:stop] - self.seen

    def kept(self) -> Rows | None:
        """The numbers as given.

        Raises
        ------
        InvalidParameter
            When fewer inputs came.
        """
        if self._rows[-1] >= self.seen:
            raise InvalidParameter(f"rows names input {self._rows[-1]}, but only {self.seen} came; count from 0.")
        return self._rows


class Reservoir(Choice):
    """A uniform sample without replacement of a stream whose length is not known.

    Every input draws a key in [0, 1); the ``size`` smallest keys are kept. Of N inputs about
    size * (1 + log(N / size)) are worth writing down on the way. The sample depends on the generator and on the number
    of inputs, not on how they are batched; with more inputs only newcomers enter.
    """

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        super().__init__()
        if size < 1:
            raise InvalidParameter(f"size is {size}; the rule is at least 1 input.")
        self.size, self._rng = size, rng
        self._best = self._next = (np.empty(0), np.empty(0, dtype=np.int64))

    def _places(self, count: int) -> Rows:
        keys = np.concatenate([self._best[0], self._rng.random(count)])
        rows = np.concatenate([self._best[1], np.arange(self.seen, self.seen + count)])
        if len(keys) > self.size:
            best = np.sort(np.argpartition(keys, self.size - 1)[: self.size])
            keys, rows = keys[best], rows[best]
        self._next = (keys, rows)
        places: Rows = rows[rows >= self.seen] - self.seen
        return places

    def accept(self) -> None:
        """The smallest keys with those of the inputs last offered."""
        super().accept()
        self._best = self._next

    def kept(self) -> Rows | None:
        """The numbers of the sample; None while everything fits."""
        return None if self.seen <= self.size else self._best[1]


def choice(size: int | None, rows: Any, seed: int | np.random.Generator) -> Choice:
    """The choice that the settings describe; a seed or generator decides about a sample.

    Raises
    ------
    InvalidParameter
        When both ``size`` and ``rows`` are given, or one of the three cannot be used.
    """
    if size is not None and rows is not None:
        raise InvalidParameter("size and rows are both given; a random sample or listed inputs, not both.")
    if rows is not None:
        return Listed(rows)
    if size is None:
        return Every()
    try:
        return Reservoir(operator.index(size), np.random.default_rng(seed))
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidParameter):
            raise
        raise InvalidParameter(
            f"size is {shown(size)} and seed {shown(seed)}; the rule is a number of inputs and a seed >= 0 or a "
            "generator."
        ) from None
