"""From the four files of an IDX folder to a cloud of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tda_latent.errors import InvalidInput, InvalidParameter
from tda_latent.records import Latents, Origin
from tda_latent.sources.idx.reader import Bytes, read_idx

Part = Literal["train", "test", "all"]
Floats = NDArray[np.float64]
STEMS = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class Selection:
    """Which images, and how fine: ``size`` at random (None: all), ``side`` pixels (None: as they are)."""

    part: Part
    size: int | None
    side: int | None


def file_of(folder: Path, split: str, what: str) -> Path:
    """Path of the images or labels of a split, gzipped or plain.

    Raises
    ------
    InvalidInput
        When neither is there.
    """
    axes = {"images": 3, "labels": 1}[what]
    name = f"{STEMS[split]}-{what}-idx{axes}-ubyte"
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.exists():
            return candidate
    raise InvalidInput(f"{folder} holds neither {name}.gz nor {name}; the {what} of the {split} split must lie there.")


def read_split(folder: Path, split: str) -> tuple[Bytes, Bytes]:
    """(n, rows, columns) images and (n,) labels of one split, which must be as many."""
    images, labels = (read_idx(file_of(folder, split, what), axes) for what, axes in (("images", 3), ("labels", 1)))
    if len(images) != len(labels):
        raise InvalidInput(
            f"{folder} has {len(images)} images and {len(labels)} labels in its {split} split; they must be as many."
        )
    return images, labels


def boxes(images: Floats, side: int | None) -> Floats:
    """(n, side, side) means over equal boxes of (n, rows, columns) images.

    Raises
    ------
    InvalidParameter
        When the side does not divide rows and columns.
    """
    if side is None:
        return images
    number, rows, columns = images.shape
    if rows % side or columns % side:
        raise InvalidParameter(
            f"side is {side}, which does not divide the {rows} x {columns} pixels of these images. Give a divisor."
        )
    return np.asarray(images.reshape(number, side, rows // side, side, columns // side).mean(axis=(2, 4)))


def selected(folder: Path, wanted: Selection, names: tuple[str, ...] | None, data: str, rng: Generator) -> Latents:
    """The chosen images as rows of pixels between 0 and 1, with ids, the label ``class`` and their split.

    Parameters
    ----------
    folder : holds the images and labels of the asked splits
    wanted : part, number and fineness
    names : of the classes; None writes their numbers
    data : name for ids and origin
    rng : draws the subset; ids and order are those of the files
    """
    splits = ("train", "test") if wanted.part == "all" else (wanted.part,)
    parts = {split: read_split(folder, split) for split in splits}
    shapes = {images.shape[1:] for images, _ in parts.values()}
    if len(shapes) > 1:
        raise InvalidInput(
            f"{folder} has images of {' and '.join(map(str, sorted(shapes)))} pixels; they must be alike."
        )
    split = np.repeat(list(parts), [len(labels) for _, labels in parts.values()])
    place = np.concatenate([np.arange(len(labels)) for _, labels in parts.values()])
    rows = _subset(len(place), wanted.size, rng)
    stored = np.concatenate([images for images, _ in parts.values()])[rows]
    classes = np.concatenate([labels for _, labels in parts.values()])[rows]
    fine = boxes(stored / 255.0, wanted.side)
    return Latents(
        points=fine.reshape(len(rows), -1),
        ids=np.array([f"{data}-{s}-{k:05d}" for s, k in zip(split[rows], place[rows], strict=True)]),
        labels={"class": _named(classes, names)},
        split=split[rows],
        origin=Origin(data=data),
    )


def _subset(count: int, size: int | None, rng: Generator) -> NDArray[np.int64]:
    if size is None or size == count:
        return np.arange(count)
    if size > count:
        raise InvalidParameter(f"size is {size}, but there are {count} images. Leave it out to take all.")
    return np.sort(rng.choice(count, size, replace=False))


def _named(classes: Bytes, names: tuple[str, ...] | None) -> NDArray[np.str_]:
    if names is None:
        return classes.astype(np.str_)
    if classes.max() >= len(names):
        raise InvalidInput(f"a label is {classes.max()}; the classes are numbered 0 to {len(names) - 1}.")
    return np.array(names)[classes]
