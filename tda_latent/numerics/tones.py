"""Synthetic harmonic tones of known pitch, as frames of 64 ms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATE = 16_000  # samples a second
FRAME = 1024  # samples
_LOWEST = 440.0 * 2.0 ** (-45 / 12)  # Hz, C1
HARMONICS = 24


def frequencies(octave: Floats, chroma: Floats) -> Floats:
    """(n,) Hz of tones by octave (1 begins at C1, 32.7 Hz; 4 at middle C) and chroma in semitones above its C."""
    return np.asarray(_LOWEST * 2.0 ** (octave - 1 + chroma / 12), dtype=np.float64)


def tones(frequency: Floats, tilt: Floats, phases: Floats) -> Floats:
    """(n, 1024) frames of harmonic tones, each with mean 0 and standard deviation 1.

    Parameters
    ----------
    frequency : (n,) Hz, of the fundamental
    tilt : (n,) the k-th harmonic has the amplitude k^-tilt; 0 is bright, 2 is dull
    phases : (n, 24) of the harmonics, in radians

    Notes
    -----
    Harmonics at and above 8 kHz, half the rate, are left out: there is no aliasing. O(n) frames of 24 harmonics.
    """
    number = np.arange(1, HARMONICS + 1)
    pitches = frequency[:, None] * number
    heights = number ** -tilt[:, None] * (pitches < RATE / 2)
    time = np.arange(FRAME) / RATE
    frames = np.empty((len(frequency), FRAME))
    for row in range(len(frequency)):
        frames[row] = heights[row] @ np.sin(2 * np.pi * pitches[row, :, None] * time + phases[row, :, None])
    centred = frames - frames.mean(axis=1, keepdims=True)
    return np.asarray(centred / centred.std(axis=1, keepdims=True), dtype=np.float64)
