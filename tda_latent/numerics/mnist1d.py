"""MNIST-1D [greydanus2024]: ten templates of a dozen points, stretched, scaled, shifted, made noisy and sheared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]
LENGTH = 40  # numbers in a signal
_PADDING = (36, 60)  # zeros behind the template: least and most
_WHOLE = 12 + _PADDING[1]  # numbers in a signal before it is sampled
_SHIFTS = 48
_SMOOTHNESS = 2.0  # standard deviation of the filter of the correlated noise, in numbers
_OFFSET = 1e-8  # keeps points of a template apart from the zeros around it, which are covered by noise
_STROKES = np.array(
    [
        [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5],
        [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
        [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5],
        [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
        [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5],
        [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
        [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5],
        [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5],
        [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
    ]
)  # of the published generator (Apache-2.0)


@dataclass(frozen=True)
class Draws:
    """What chance decides about n signals.

    padding : (n,) zeros behind the template, 36 to 60: more of them make the digit narrower
    scale : (n,) factors
    shift : (n,) whole numbers, 0 to 47, that the signal moves around
    shear : (n,) height that is taken off from one end to the other
    correlated, independent : (n, 72) noise, the first one before smoothing
    """

    padding: NDArray[np.int64]
    scale: Floats
    shift: NDArray[np.int64]
    shear: Floats
    correlated: Floats
    independent: Floats


def drawn(size: int, correlated: float, independent: float, rng: np.random.Generator) -> Draws:
    """Chance for n signals, with the published ranges and the given standard deviations of the two noises."""
    return Draws(
        padding=rng.integers(_PADDING[0], _PADDING[1], size, endpoint=True),
        scale=1 + 0.4 * (rng.random(size) - 0.5),
        shift=rng.integers(0, _SHIFTS, size),
        shear=0.75 * (rng.random(size) - 0.5),
        correlated=correlated * rng.standard_normal((size, _WHOLE)),
        independent=independent * rng.standard_normal((size, _WHOLE)),
    )


def templates() -> Floats:
    """(10, 12) templates of the digits: each begins at 0 and has standard deviation 1/6."""
    centred = _STROKES - _STROKES.mean(axis=1, keepdims=True)
    scaled = centred / centred.std(axis=1, keepdims=True)
    return np.asarray((scaled - scaled[:, :1]) / 6, dtype=np.float64)


def signals(digits: NDArray[np.int64], draws: Draws) -> Floats:
    """(n, 40) signals of n digits, before the whole set is brought to mean 0 and standard deviation 1.

    Parameters
    ----------
    digits : (n,) 0 to 9
    draws : what chance decided
    """
    shapes = templates()
    whole = np.empty((len(digits), _WHOLE))
    for row, digit in enumerate(digits):
        padded = np.concatenate([shapes[digit] + _OFFSET, np.zeros(draws.padding[row])])
        whole[row] = np.roll(_resampled(padded, _WHOLE) * draws.scale[row], draws.shift[row])
    noise = gaussian_filter1d(draws.correlated, _SMOOTHNESS, axis=1)
    noisy = np.where(whole != 0, whole, noise) + draws.independent
    sheared = noisy - draws.shear[:, None] * np.linspace(-0.5, 0.5, _WHOLE)
    return np.array([_resampled(row, LENGTH) for row in sheared])


def _resampled(signal: Floats, length: int) -> Floats:
    """The piecewise linear signal at ``length`` even places from its first to its last number."""
    return np.asarray(np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(signal)), signal), dtype=np.float64)
