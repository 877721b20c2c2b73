"""`attribute-edits`: does the decoder do what the directions of an attribute promise?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.analyzers.attributes.targets import Attribute, Columns, complete_attributes
from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import HeldOut, held_out_codes
from tda_latent.models.outer_layers import closed_form_directions, first_layer
from tda_latent.numerics.distance_blocks import root_mean_square_distance
from tda_latent.numerics.probes import (
    alignment,
    chance_alignment,
    explained_share,
    held_out,
    neighbour_means,
    ridge,
)
from tda_latent.numerics.two_sample import nearest_distances
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar, Table
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_LEAST = 24  # points; a probe learns from two thirds of them
_READABLE = 0.1  # share of an attribute that must be read off codes and data, else there is nothing to test
_FEASIBLE = 0.5  # share of the wanted change that an edit must promise by the probe of the codes
_SINGULAR = 1e-6  # relative size below which two readings are one, so that no edit can part them
_TURN = np.pi / 4  # by which an angle is to be moved
_MEASURES = (
    "promised", "achieved", "achieved by a random edit", "selectivity", "selectivity of a random edit",
    "survives encoding", "off-manifold ratio", "edit length",
)  # fmt: skip


@analyzer("attribute-edits")
@dataclass(frozen=True)
class AttributeEdits:
    """Move codes so that a linear probe reads another attribute, decode, and read the attribute off the images.

    Parameters
    ----------
    columns : factors | labels
        Where the attributes are, as in attribute-directions. Points without a value of one of them are left out, and
        attributes that fewer than 24 points have.
    attributes : tuple of str
        Names of the attributes; empty = all.
    edits : int
        Codes that are edited, at most; none of them has taught a probe.
    strength : float
        Factor on every edit. A change that hardly shows in the codes makes a short edit; see how far it goes.
    neighbours : int
        k nearest inputs whose mean attribute an image is given.

    Returns
    -------
    Measures
        A quantity is to move by one deviation towards its mean, an angle by 45 degrees, a class to another one. The
        edit is the shortest that makes the probe of the codes (ridge regression, two thirds of the points) read what it
        reads of codes with the new value on average; ``given the others`` is the shortest that leaves the readings of
        all other attributes that can be read as they are.

        Table ``edits``, one row for each attribute and kind of edit: ``promised``, the share of that reading that the
        edit reaches (below 1 where too few coordinates are left); ``achieved``, the share of the change that was
        wanted (at strength 1), read off the decoded images by their nearest inputs; the same of random directions of
        the same length, which are not 0 where every change leads towards the mean or out of a class; ``selectivity``,
        the share of the attribute in the changes of all that can be read off images, each relative to its change
        between two random inputs (1 = nothing else changed), with that of random edits; ``survives encoding``, the
        share of the reading that the codes of the decoded images still have; ``off-manifold ratio``, the distance to
        the nearest input over that without an edit; ``edit length`` over the root-mean-square distance of two codes.
        NaN where an attribute cannot be read off codes and images alike.

        Scalars: ``achieved, NAME`` and ``selectivity, NAME`` of the plain edits with their references, and ``readable
        in the data, NAME`` (reference): the share of the attribute (R2) that nearest inputs tell of unseen inputs,
        which no edit can be expected to exceed.

        Tables ``closed-form directions`` (where the decoder begins with a matrix that stretches some directions more
        than others), by falling stretch, and ``closed-form alignment``: the best |cosine| of each attribute direction
        with them, beside that of random ones.

    Notes
    -----
    The shortest edit given the others is, for one direction each, n1 - <n1, n2> n2 of [shen2020]. Closed form as in the
    text of [shen2021]; its code first scales every row of the matrix to length one. The nearest inputs of an image that
    looks like none say nothing: read achieved with the off-manifold ratio. O(edits n d).
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("shen2020", "shen2021")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "torch")
    example: ClassVar[dict[str, Any]] = {"edits": 8}

    columns: Columns = "factors"
    attributes: tuple[str, ...] = ()
    edits: Annotated[int, Field(ge=2)] = 200
    strength: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    neighbours: Annotated[int, Field(ge=1)] = 5

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that hold the attributes, and that codes can be decoded."""
        return (self.columns, "decoder")

    def __call__(self, latents: Latents, model: Model, inputs: Latents, rng: Generator) -> Measures:
        """Measures of every attribute that varies.

        Raises
        ------
        InvalidInput
            For fewer than 24 points, codes that coincide, no attribute that varies, or arguments of different models.
        """
        if len(latents) < _LEAST or not (latents.points != latents.points[0]).any():
            raise InvalidInput(f"edits need {_LEAST} points that differ; these are {len(latents)}, or all alike.")
        latents, attributes = complete_attributes(latents, self.columns, self.attributes, _LEAST)
        found = held_out_codes(model, latents, inputs)
        codes = np.asarray(latents.points, dtype=np.float64)
        taught, judged = held_out(codes, 3, rng)
        tried = np.sort(judged[: self.edits])
        bench = _Bench(found, attributes, (taught, tried), self.neighbours, self.strength)
        rows: dict[str, Floats] = {}
        scalars: dict[str, Scalar] = {}
        for name in attributes:
            plain, given = bench.tried_out(name, rng)
            rows |= {name: plain, f"{name}, given the others": given}
            scalars |= _scalars(name, plain, bench.readable[name])
        values = np.array(list(rows.values()))
        tables = {"edits": Table(values, np.array(list(rows)), np.array(_MEASURES))}
        return Measures(scalars=scalars, tables=tables | _closed_form(model, bench, rng))


class _Bench:
    """Probes of codes and of data that have learnt from some rows, and the images of others to try edits on."""

    def __init__(
        self,
        found: HeldOut,
        attributes: dict[str, Attribute],
        rows: tuple[Integers, Integers],
        neighbours: int,
        strength: float,
    ) -> None:
        self.found, self.neighbours, self.strength = found, neighbours, strength
        taught, tried = rows
        codes = np.asarray(found.codes.points, dtype=np.float64)
        inputs = np.asarray(found.inputs.points, dtype=np.float64)
        self.known, self.codes, self.attributes = inputs[taught], codes[tried], attributes
        self.told = {name: attribute.columns[taught] for name, attribute in attributes.items()}
        self.true = {name: attribute.columns[tried] for name, attribute in attributes.items()}
        self.spread = root_mean_square_distance(codes)
        self.slopes: dict[str, Floats] = {}
        self.typical: dict[str, Floats] = {}
        self.legible: dict[str, float] = {}
        for name, columns in self.told.items():
            self.slopes[name], offsets = ridge(codes[taught], columns)
            self.typical[name] = _slope(columns, codes[taught] @ self.slopes[name].T)
            self.legible[name] = explained_share(self.true[name], self.codes @ self.slopes[name].T + offsets)
        self.readable = {
            name: explained_share(self.true[name], reading) for name, reading in self._read(inputs[tried]).items()
        }
        self.images = found.asked.decode(self.codes)
        self.before, self.again = self._read(self.images), found.asked.encode(self.images).mean
        self.near = float(np.median(nearest_distances(self.images, self.known)))

    def _read(self, images: Floats) -> dict[str, Floats]:
        """Every attribute of images, as their nearest inputs have it."""
        widths = np.cumsum([columns.shape[1] for columns in self.told.values()])[:-1]
        together = neighbour_means(images, self.known, np.hstack(list(self.told.values())), self.neighbours)
        return dict(zip(self.told, np.split(together, widths, axis=1), strict=True))

    def tried_out(self, name: str, rng: Generator) -> tuple[Floats, Floats]:
        """Measures of the plain edits of one attribute, and of those that leave the readings of the others."""
        slopes = self.slopes[name]
        wanted = _wanted(self.attributes[name], self.true[name], rng)
        asked = self.strength * wanted @ self.typical[name].T
        others = [self.slopes[known] for known, share in self.legible.items() if known != name and share > _READABLE]
        plain = asked @ np.linalg.pinv(slopes, rcond=_SINGULAR).T
        rows = [self._judged(name, wanted, plain, rng), np.full(len(_MEASURES), np.nan)]
        if others:
            inverse = np.linalg.pinv(np.vstack([slopes, *others]), rcond=_SINGULAR)[:, : len(slopes)]
            rows[1] = self._judged(name, wanted, asked @ inverse.T, rng)
        return rows[0], rows[1]

    def _judged(self, name: str, wanted: Floats, moves: Floats, rng: Generator) -> Floats:
        slopes, asked = self.slopes[name], self.strength * wanted @ self.typical[name].T
        promised = _share(moves @ slopes.T, asked)
        lengths = np.linalg.norm(moves, axis=1)
        row = np.full(len(_MEASURES), np.nan)
        row[[0, -1]] = promised, np.median(lengths) / self.spread
        if not (min(self.legible[name], self.readable[name]) > _READABLE and promised > _FEASIBLE):
            return row
        random = rng.standard_normal(moves.shape)
        random *= (lengths / np.linalg.norm(random, axis=1))[:, None]
        images = self.found.asked.decode(self.codes + moves)
        changes, chance = self._changes(images), self._changes(self.found.asked.decode(self.codes + random))
        row[1:5] = (
            _share(changes[name], wanted),
            _share(chance[name], wanted),
            self._selectivity(name, changes),
            self._selectivity(name, chance),
        )
        row[5] = _share((self.found.asked.encode(images).mean - self.again) @ slopes.T, asked)
        row[6] = np.median(nearest_distances(images, self.known)) / self.near if self.near > 0 else np.nan
        return row

    def _changes(self, images: Floats) -> dict[str, Floats]:
        return {name: reading - self.before[name] for name, reading in self._read(images).items()}

    def _selectivity(self, name: str, changes: dict[str, Floats]) -> float:
        """Share of one attribute in the changes of all that images show, each over that between two random inputs."""
        sizes = {
            known: float(np.sqrt((change**2).sum(axis=1).mean() / (2 * self.told[known].var(axis=0).sum())))
            for known, change in changes.items()
            if self.readable[known] > _READABLE  # the reading of any other changes whatever is done
        }
        total = sum(sizes.values())
        return sizes[name] / total if len(sizes) > 1 and total > 0 else float("nan")


def _slope(columns: Floats, readings: Floats) -> Floats:
    """(q, q) map from a change of an attribute to the change of its typical reading, which is smaller by regression."""
    fitted = np.linalg.lstsq(columns - columns.mean(axis=0), readings - readings.mean(axis=0), rcond=_SINGULAR)[0]
    return np.asarray(fitted.T, dtype=np.float64)


def _share(change: Floats, wanted: Floats) -> float:
    """How much of the wanted change was made: the projection on it; NaN where none was wanted."""
    total = float((wanted**2).sum())
    return float((change * wanted).sum()) / total if total > 0 else float("nan")


def _wanted(attribute: Attribute, true: Floats, rng: Generator) -> Floats:
    """(m, q) change of the columns that every edit aims at."""
    if attribute.target.kind == "real":
        return np.asarray(np.where(true > 0, -1.0, 1.0), dtype=np.float64)
    if attribute.target.kind == "circular":
        turn = _TURN * rng.choice([-1.0, 1.0], size=(len(true), 1))
        across = np.column_stack([-true[:, 1], true[:, 0]])
        return np.asarray((np.cos(turn) - 1) * true + np.sin(turn) * across, dtype=np.float64)
    if true.shape[1] == 1:
        return 1 - 2 * true
    own = true.argmax(axis=1)
    other = (own + rng.integers(1, true.shape[1], size=len(own))) % true.shape[1]
    return np.asarray(np.eye(true.shape[1])[other] - true, dtype=np.float64)


def _scalars(name: str, plain: Floats, readable: float) -> dict[str, Scalar]:
    about = "of the change that was wanted, read off decoded images"
    return {
        f"achieved, {name}": Scalar(plain[1], "", about),
        f"achieved, {name} (reference)": Scalar(plain[2], "", "the same of random edits of this length"),
        f"selectivity, {name}": Scalar(plain[3], "", "its share in the changes of all attributes"),
        f"selectivity, {name} (reference)": Scalar(plain[4], "", "the same of random edits of this length"),
        f"readable in the data, {name} (reference)": Scalar(readable, "", "R2 of nearest inputs for unseen inputs"),
    }


def _closed_form(model: Model, bench: _Bench, rng: Generator) -> dict[str, Table]:
    """Directions that the first layer of the decoder stretches most, and how attributes lie to them."""
    matrix = first_layer(model)
    if matrix is None:
        return {}
    directions, stretch = closed_form_directions(matrix)
    if stretch[0] - stretch[-1] <= _SINGULAR * stretch[0]:
        return {}  # all directions are stretched alike, and any basis is as good
    units = np.array([f"z{j}" for j in range(matrix.shape[1])])
    titles = [title for name in bench.slopes for title in bench.attributes[name].titles]
    near = np.nan_to_num(alignment(np.vstack(list(bench.slopes.values())), directions))
    chance = chance_alignment(matrix.shape[1], len(directions), rng)
    best = np.column_stack([near.max(axis=1), near.argmax(axis=1) + 1, np.full(len(near), chance)])
    return {
        "closed-form directions": Table(
            np.column_stack([directions, stretch]),
            np.arange(1, len(directions) + 1).astype(str),
            np.append(units, "stretch"),
        ),
        "closed-form alignment": Table(best, np.array(titles), np.array(["best", "its number", "by chance"])),
    }
