"""`interpolation-strips`: what the decoder makes of the way from one code to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out_codes
from tda_latent.numerics.distance_blocks import distance_blocks
from tda_latent.numerics.interpolation import linear_paths, neighbour_paths, spherical_paths
from tda_latent.records.classes import label_texts
from tda_latent.records.gallery import Gallery, Shape, caption_grid, pictures, value_range
from tda_latent.records.latents import Latents
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Path = Literal["linear", "spherical", "geodesic"]


@analyzer("interpolation-strips")
@dataclass(frozen=True)
class InterpolationStrips:
    """Decoded paths between codes, with the inputs of both ends beside them.

    Parameters
    ----------
    pairs : int
        Random codes, each joined to another one, where none are named.
    partner : random or farthest
        Which one: any other, or the code that is farthest from it, across whatever lies between.
    ends : tuple of pairs of ids
        Inputs whose codes are joined; empty = random ones.
    paths : tuple of linear, spherical, geodesic
        One strip for each: straight; on the arc about the origin; along nearest neighbours through the cloud.
    steps : int
        Even steps from end to end.
    neighbours : int
        k of the neighbour graph (united with the minimum spanning tree) of geodesic paths.
    shape : auto, curve, or [height, width] or [height, width, channels]
        Of an input; auto takes squares (also three times a square, in colours) for pictures and draws all else as
        curves.

    Returns
    -------
    Gallery
        One row for each pair and path: input, decoded codes from t = 0 to t = 1, input. Inputs carry their first
        label over the first strip of a pair. The decoded ends are the reconstructions of the inputs, exactly. A
        spherical path between codes in line with the origin does not exist, and its inner cells stay empty.

    Notes
    -----
    A geodesic path has even lengths between its steps; its corners are codes of the cloud, so that a finer cloud
    gives a smoother strip. [shoemake1985], [white2016], [tenenbaum2000].
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("shoemake1985", "white2016", "tenenbaum2000")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "torch")
    needs: ClassVar[tuple[str, ...]] = ("ids", "decoder")
    example: ClassVar[Mapping[str, Any]] = {"steps": 3}

    pairs: Annotated[int, Field(ge=1, le=50)] = 2
    partner: Literal["random", "farthest"] = "random"
    ends: tuple[tuple[str, str], ...] = ()
    paths: Annotated[tuple[Path, ...], Field(min_length=1)] = ("linear", "spherical", "geodesic")
    steps: Annotated[int, Field(ge=1, le=50)] = 6
    neighbours: Annotated[int, Field(ge=1)] = 10
    shape: Shape = "auto"

    def __call__(self, latents: Latents, model: Model, inputs: Latents, rng: Generator) -> Gallery:
        """Strips of the cloud's own codes.

        Raises
        ------
        InvalidInput
            For fewer than two points, an id that is not in the cloud, or a model of another cloud.
        """
        found = held_out_codes(model, latents, inputs)
        pairs = self._pairs(latents, rng)
        codes = np.asarray(latents.points, dtype=np.float64)
        ways = {kind: self._ways(kind, codes, pairs) for kind in self.paths}
        way = np.stack([ways[kind] for kind in self.paths], axis=1).reshape(-1, self.steps + 1, codes.shape[1])
        there = np.asarray(np.isfinite(way).all(axis=2))
        decoded = found.asked.decode(np.where(there[:, :, None], way, 0.0).reshape(-1, codes.shape[1]))
        sides = np.repeat(np.asarray(found.inputs.points, dtype=np.float64)[pairs], len(self.paths), axis=0)
        inner = decoded.reshape(*way.shape[:2], -1)
        cells = np.concatenate([sides[:, :1], inner, sides[:, 1:]], axis=1)
        whole = np.ones((len(way), 1), dtype=bool)
        steps = [f"{t:.2g}" for t in np.linspace(0, 1, self.steps + 1)]
        steps[0] = "t = 0"
        return Gallery(
            pictures(cells, self.shape),
            rows=np.tile(self.paths, len(pairs)),
            columns=np.array(["input", *steps, "input"]),
            low=(limits := value_range(found.inputs.points))[0],
            high=limits[1],
            captions=self._captions(latents, pairs),
            shown=np.hstack([whole, there, whole]),
            title="Decoded paths between the codes of two inputs",
        )

    def _pairs(self, latents: Latents, rng: Generator) -> NDArray[np.int64]:
        if len(latents) < 2:
            raise InvalidInput("the cloud has 1 point; a path needs two codes.")
        if not self.ends:
            drawn = np.stack([rng.choice(len(latents), 2, replace=False) for _ in range(self.pairs)])
            if self.partner == "farthest":
                drawn[:, 1] = _farthest(np.asarray(latents.points, dtype=np.float64), drawn[:, 0])
            return drawn
        known = {str(name): row for row, name in enumerate(np.asarray(latents.ids).tolist())}
        missing = [name for pair in self.ends for name in pair if name not in known]
        if missing:
            raise InvalidInput(f"id {missing[0]!r} is not in the cloud of {len(latents)} points; name ids of its rows.")
        return np.array([[known[name] for name in pair] for pair in self.ends])

    def _ways(self, kind: Path, codes: Floats, pairs: NDArray[np.int64]) -> Floats:
        """(p, steps + 1, k) codes on the way, the first and last exactly those of the ends."""
        starts, ends = codes[pairs[:, 0]], codes[pairs[:, 1]]
        if kind == "geodesic":
            way = neighbour_paths(codes, pairs, self.steps, self.neighbours).points.copy()
        else:
            way = (linear_paths if kind == "linear" else spherical_paths)(starts, ends, self.steps).copy()
        way[:, 0], way[:, -1] = starts, ends
        return way

    def _captions(self, latents: Latents, pairs: NDArray[np.int64]) -> NDArray[np.str_]:
        label = next(iter(latents.labels.values()), None)
        names = np.full(len(latents), "") if label is None else label_texts(label)
        middle, no_more = [""] * (self.steps + 1), [[""] * (self.steps + 3)] * (len(self.paths) - 1)
        return caption_grid(
            row for first, last in pairs.tolist() for row in ([names[first], *middle, names[last]], *no_more)
        )


def _farthest(codes: Floats, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the code farthest from each of these; never the code itself unless all are equal."""
    found = rows.copy()
    for part, block in distance_blocks(codes[rows], codes):
        found[part] = block.argmax(axis=1)
    return found
