"""EfficientNet-Lite0, a small convolutional network trained on ImageNet [tan2019]."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tda_latent.models.encoding import Floats
from tda_latent.models.pretrained.weights import built, in_batches

SIDE = 224  # pixels of the pictures that it was trained on
_EPSILON = 1e-3
_CLASSES = 1000


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STEM, _HEAD = 32, 1280
_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
BLOCKS = sum(stage.repeats for stage in _STAGES)
LAYERS = ("pixels", "stem", *(f"block{k}" for k in range(1, BLOCKS + 1)), "head", "classes")


class _Same(nn.Conv2d):
    """Convolution whose output covers its input, padded as TensorFlow does: the odd pixel to the right and below."""

    def forward(self, input: Tensor) -> Tensor:
        pads = []
        for size, kernel, stride in zip(input.shape[:-3:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [missing // 2, missing - missing // 2]
        return super().forward(functional.pad(input, pads))


class _Block(nn.Module):
    """Inverted residual: channels widened, filtered one by one, and narrowed again."""

    def __init__(self, incoming: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = incoming * stage.expansion
        if stage.expansion > 1:
            self._expand_conv = _Same(incoming, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._depthwise_conv = _Same(wide, wide, stage.kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=_EPSILON)
        self._project_conv = _Same(wide, stage.channels, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(stage.channels, eps=_EPSILON)
        self._expands, self._skips = stage.expansion > 1, stride == 1 and incoming == stage.channels

    def forward(self, images: Tensor) -> Tensor:
        wide = functional.relu6(self._bn0(self._expand_conv(images))) if self._expands else images
        wide = functional.relu6(self._bn1(self._depthwise_conv(wide)))
        narrow: Tensor = self._bn2(self._project_conv(wide))
        return narrow + images if self._skips else narrow


class Images(nn.Module):
    """A stem, sixteen inverted residual blocks, a head of 1280 channels and 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _Same(3, _STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(_STEM, eps=_EPSILON)
        blocks, incoming = [], _STEM
        for stage in _STAGES:
            for repeat in range(stage.repeats):
                blocks.append(_Block(incoming, stage, stage.stride if repeat == 0 else 1))
                incoming = stage.channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = _Same(incoming, _HEAD, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(_HEAD, eps=_EPSILON)
        self._fc = nn.Linear(_HEAD, _CLASSES)

    def forward(self, images: Tensor, layer: str) -> Tensor:
        """(n, d) activations of a layer, feature maps averaged over places, from (n, 3, h, w) normalised images."""
        if layer == "pixels":
            return images.flatten(1)
        maps = functional.relu6(self._bn0(self._conv_stem(images)))
        for number, block in enumerate(self._blocks, start=1):
            if layer in ("stem", f"block{number - 1}"):
                break
            maps = block(maps)
        if layer in ("head", "classes"):
            maps = functional.relu6(self._bn1(self._conv_head(maps)))
        mean = maps.mean(dim=(2, 3))
        return self._fc(mean) if layer == "classes" else mean


def image_network(weights: Path | np.random.Generator) -> Images:
    """The network with published weights from a .pth file, or with weights drawn from a stream."""
    network: Images = built(Images, weights)
    return network


def seen(network: Images, pictures: Floats, layer: str) -> Floats:
    """(n, d) activations of one layer for (n, h, w, 3) pictures between 0 and 1."""
    centred = (np.asarray(pictures) * 255 - 127) / 128  # as it was trained
    return in_batches(
        lambda batch: network(batch, layer), torch.as_tensor(centred, dtype=torch.float32).permute(0, 3, 1, 2)
    )
