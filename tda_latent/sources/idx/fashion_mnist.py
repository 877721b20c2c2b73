"""Fashion-MNIST, where its files are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from numpy.random import Generator
from pydantic import Field

from tda_latent.records import Latents
from tda_latent.registry import source
from tda_latent.registry.assets import asset, verified
from tda_latent.sources.idx.images import STEMS, Selection, selected

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


@source("fashion-mnist")
@dataclass(frozen=True)
class FashionMnist:
    """Fashion-MNIST: 60,000 + 10,000 grey pictures of clothes in ten classes, 28 x 28 pixels.

    Points are rows of pixels between 0 and 1; ids are fashion-mnist-train-00000 and so on, in the order of the files;
    the label ``class`` is the name of the class; ``split`` is the published one.

    Parameters
    ----------
    part : {"train", "test", "all"}
        Which split.
    size : int or None
        Pictures drawn at random without replacement; None takes all.
    side : {28, 14, 7, 4, 2, 1} or None
        Pixels of a side after averaging over equal boxes; None keeps 28.

    Raises
    ------
    MissingLibrary
        When the files are neither in $TDA_LATENT_DATA/fashion-mnist nor where Debian's dataset-fashion-mnist puts
        them; nothing is ever downloaded.
    InvalidInput
        When they are not the published ones, by their SHA-256.

    Notes
    -----
    [xiao2017], MIT. All 70,000 pictures take 5 s and 0.4 GB, 1 GB on the way.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("xiao2017",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "ids")
    assets: ClassVar[tuple[str, ...]] = ("fashion-mnist",)
    example: ClassVar[dict[str, object]] = {"part": "test", "size": 20, "side": 7}

    part: Literal["train", "test", "all"] = "all"
    size: Annotated[int, Field(ge=1, le=70_000)] | None = None
    side: Literal[28, 14, 7, 4, 2, 1] | None = None

    def __call__(self, rng: Generator) -> Latents:
        published = asset("fashion-mnist")
        stems = STEMS.values() if self.part == "all" else (STEMS[self.part],)
        files = [verified(published, name) for name in published.files if name.startswith(tuple(stems))]
        wanted = Selection(self.part, self.size, self.side)
        return selected(files[0].parent, wanted, CLASSES, "fashion-mnist", rng)
