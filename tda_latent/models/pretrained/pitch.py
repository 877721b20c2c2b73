"""CREPE, a convolutional network that hears the pitch of 64 ms of sound [kim2018b]."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.encoding import Floats
from tda_latent.models.pretrained.weights import built, in_batches

Capacity = Literal["tiny", "full"]
_CHANNELS = {"tiny": (128, 16, 16, 16, 32, 64), "full": (1024, 128, 128, 128, 256, 512)}
_EPSILON = 0.0010000000474974513  # of the published batch normalisations, in their float32 spelling
_BINS = 360  # 20 cents each
_CENTS = 1997.3794084376191 + 20 * np.arange(_BINS)  # of the bins, above 10 Hz
_NEAR = 4  # bins to each side that the pitch is averaged over


class Pitch(nn.Module):
    """Six blocks of convolution, rectifier, normalisation and pooling in time, then 360 bins of pitch."""

    def __init__(self, capacity: Capacity) -> None:
        super().__init__()
        channels = (1, *_CHANNELS[capacity])
        for k in range(6):
            width, stride = (512, 4) if k == 0 else (64, 1)
            self.add_module(f"conv{k + 1}", nn.Conv2d(channels[k], channels[k + 1], (width, 1), (stride, 1)))
            self.add_module(f"conv{k + 1}_BN", nn.BatchNorm2d(channels[k + 1], eps=_EPSILON))
        self.classifier = nn.Linear(4 * channels[-1], _BINS)

    def forward(self, frames: Tensor, layer: str) -> Tensor:
        """(n, d) activations of a layer, time and channels as one row, from (n, 1024) frames."""
        if layer == "input":
            return frames
        values = frames[:, None, :, None]
        for k in range(1, 7):
            values = functional.pad(values, (0, 0, 254, 254) if k == 1 else (0, 0, 31, 32))
            values = functional.relu(self.get_submodule(f"conv{k}")(values))
            values = functional.max_pool2d(self.get_submodule(f"conv{k}_BN")(values), (2, 1))
            if layer == f"conv{k}":
                return values.flatten(1)
        return torch.sigmoid(self.classifier(values.permute(0, 2, 1, 3).flatten(1)))


def pitch_network(capacity: Capacity, weights: Path | np.random.Generator) -> Pitch:
    """The network with published weights from a .pth file, or with weights drawn from a stream."""
    network: Pitch = built(lambda: Pitch(capacity), weights)
    return network


def heard(network: Pitch, frames: Floats, layer: str) -> Floats:
    """(n, d) activations of one layer for (n, 1024) frames at 16 kHz with mean 0 and standard deviation 1."""
    return in_batches(lambda batch: network(batch, layer), torch.as_tensor(frames, dtype=torch.float32))


def pitch_of(bins: Floats) -> Floats:
    """(n,) Hz from (n, 360) bins: the mean of the bins around the highest, weighted by their heights [kim2018b]."""
    peak = bins.argmax(axis=1)
    near = np.clip(peak[:, None] + np.arange(-_NEAR, _NEAR + 1), 0, _BINS - 1)
    heights = np.take_along_axis(bins, near, axis=1)
    return np.asarray(10 * 2 ** ((heights * _CENTS[near]).sum(axis=1) / heights.sum(axis=1) / 1200), dtype=np.float64)
