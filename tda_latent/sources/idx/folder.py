"""Images and labels from a folder of IDX files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from numpy.random import Generator
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.records import Latents
from tda_latent.registry import source
from tda_latent.sources.idx.images import Selection, selected


@source("idx")
@dataclass(frozen=True)
class Idx:
    """Images and labels from a folder of IDX files, the format of MNIST and of the sets made after it.

    Points are rows of pixels between 0 and 1; ids are NAME-train-00000 and so on, in the order of the files; the label
    ``class`` is the class number, or its name; ``split`` is train or test as in the folder.

    Parameters
    ----------
    path : str
        Folder that holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
        t10k-labels-idx1-ubyte, each plain or with .gz behind; those of a split that is not asked for may be absent.
    part : {"train", "test", "all"}
        Which split.
    size : int or None
        Images drawn at random without replacement; None takes all.
    side : int or None
        Pixels of a side after averaging over equal boxes; it must divide both sides. None keeps the images.
    classes : list of str or None
        Names of classes 0, 1, ...; None writes the numbers.

    Notes
    -----
    Nothing is believed that the files do not keep: magic, type, sizes, length to the byte, and as many labels as
    images. A cut file, or a small one that promises much, is refused without asking for memory [lecun1998].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("lecun1998",)
    provides: ClassVar[tuple[str, ...]] = ("labels", "ids")
    example: ClassVar[dict[str, object]] = {"path": "."}
    reads_folder: ClassVar[bool] = True

    path: Annotated[str, Field(min_length=1)]
    part: Literal["train", "test", "all"] = "all"
    size: Annotated[int, Field(ge=1)] | None = None
    side: Annotated[int, Field(ge=1)] | None = None
    classes: tuple[str, ...] | None = None

    def __call__(self, rng: Generator) -> Latents:
        folder = Path(self.path).expanduser()
        if not folder.is_dir():
            raise InvalidInput(f"{self.path!r} is no folder; give the folder that holds the IDX files.")
        wanted = Selection(self.part, self.size, self.side)
        return selected(folder, wanted, self.classes, folder.resolve().name or "idx", rng)
