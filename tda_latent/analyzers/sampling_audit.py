"""`sampling-audit`: does what a model generates cover the data, and is it more than what it was trained on?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydantic import Field

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out
from tda_latent.numerics.intrinsic_dimension import distinct_rows
from tda_latent.numerics.memorisation import (
    COPY_RATIO,
    authenticity,
    cell_deviate,
    nearest_cells,
    nearest_rounding,
    neighbour_ratios,
    rank_deviate,
    training_cells,
    two_nearest,
)
from tda_latent.numerics.powers import together_over_power_of_two
from tda_latent.numerics.prdc import expected_coverage, prdc
from tda_latent.numerics.ties import stored_epsilon
from tda_latent.records.latents import Latents
from tda_latent.records.measures import Measures, Scalar
from tda_latent.records.model import Model
from tda_latent.registry import analyzer

Cloud = NDArray[Any]
_UNIT = "data distance"


@analyzer("sampling-audit")
@dataclass(frozen=True)
class SamplingAudit:
    """Generated points against held-out and training data: coverage, copies, and what real data score themselves.

    Codes are drawn from the prior of the model and decoded without noise; everything is measured in the space of the
    data. The cloud tells which inputs were held out; its rows that were trained on are left out.

    Parameters
    ----------
    points : int
        Most held-out inputs that are taken, at random beyond it, and as many generated points.
    neighbours : int
        k of the balls of precision, recall, density and coverage.
    cells : int
        Cells of the training data that copying is looked for in one by one.
    least : int
        Held-out and generated points that a cell must hold.

    Returns
    -------
    Measures
        ``precision``, ``recall``, ``density``, ``coverage`` of as many generated points as there are held-out inputs
        against these, each beside ``real against real (reference)``: training inputs, as many, in the place of the
        generated ones. For ``coverage`` also the value ``expected (reference)`` of equal laws; for density that is 1.

        ``data-copying Z`` [meehan2020]: rank deviate of the distances to the nearest training input, generated
        against held-out; about N(0, 1) when the model samples the data, far below 0 when its points are nearer to the
        training data than new data are, far above when they miss the data. ``least possible (reference)`` is all it
        could reach. ``data-copying C`` is its mean over ``cells``, beside its deviation without copying.

        Nearer need not mean copied: a model that leaves noise out is nearer to everything. So: ``neighbour ratio Z``,
        the same rank deviate of nearest over second nearest distance, and ``copied fraction``, points with a ratio
        below 1/3 [yoon2023], beside that of held-out inputs: copies are low in both deviates. ``authenticity``
        [alaa2022], beside that of held-out inputs, which is a third on a line and above a half in many dimensions.

        ``training distance``: median from a generated point to the nearest training input, beside held-out inputs.

    Notes
    -----
    Distances between pixels: precision saturates, and copies that were shifted or recoloured pass unseen. Distances
    that differ by rounding alone, as those of bits, are equal: they share balls, ranks and cells. Training inputs that
    repeat count once. Held-out inputs that repeat training inputs (``copied fraction, held-out`` far above
    0) make every honest model look as if it missed the data: split again. All numbers of a generator with few
    ``different generated points`` are those of these few. C measures to all training data, the authors' code to those
    of the same cell. Alpha-precision [alaa2022] is left out, because without a learnt embedding it asks for the radius
    alone: clusters on another axis score 0.95. Their beta-recall ends at the coverage by one neighbour, one half for a
    perfect model and one for copies. O((n + t) n d). [kynkaanniemi2019], [naeem2020].
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = (
        "kynkaanniemi2019",
        "naeem2020",
        "meehan2020",
        "alaa2022",
        "yoon2023",
        "mann1947",
        "lloyd1982",
    )
    needs: ClassVar[tuple[str, ...]] = ("decoder",)
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "torch")

    points: Annotated[int, Field(ge=2)] = 1000
    neighbours: Annotated[int, Field(ge=1)] = 5
    cells: Annotated[int, Field(ge=1)] = 5
    least: Annotated[int, Field(ge=2)] = 20

    def __call__(self, latents: Latents, model: Model, inputs: Latents, training: Latents, rng: Generator) -> Measures:
        """Measures of as many draws from the model as there are held-out inputs.

        Raises
        ------
        InvalidInput
            For no more than k held-out or different training inputs, or when the arguments do not belong together.
        """
        found = held_out(model, latents, inputs, training)
        rows = np.sort(rng.permutation(len(found.codes))[: self.points])
        own = found.inputs.points[rows]
        generated = found.asked.decode(found.asked.sample(min(len(own), len(training)), rng))
        return self.measured(generated, own, training.points, rng)

    def measured(self, generated: Cloud, held_out: Cloud, training: Cloud, rng: Generator) -> Measures:
        """The same for (m, d) generated points of any origin, all in the float types that they are stored in.

        Raises
        ------
        InvalidInput
            Also when a coordinate is not finite.
        """
        for name, part in (("generated", generated), ("held-out", held_out), ("training", training)):
            if not np.isfinite(part).all():
                rows = int((~np.isfinite(part).all(axis=1)).sum())
                raise InvalidInput(
                    f"{rows} of {len(part)} {name} points have coordinates that are not finite; the rule is finite "
                    "numbers. Train the model again, or leave these points out and say so."
                )
        size = min(len(generated), len(held_out), len(training))
        if size <= self.neighbours:
            raise InvalidInput(
                f"the smallest of generated, held-out and training sets has {size} points and neighbours is "
                f"{self.neighbours}; bring more points or use fewer neighbours."
            )
        clouds, exponent = together_over_power_of_two(generated, held_out, training)
        parts = [part[np.sort(rng.permutation(len(part))[:size])] for part in clouds]
        scalars = self._cover(*parts) | self._copies(clouds[0], clouds[1], distinct_rows(clouds[2]), rng)
        lengths = {
            name: replace(scalar, value=float(np.ldexp(scalar.value, exponent)))
            for name, scalar in scalars.items()
            if scalar.unit == _UNIT
        }
        return Measures(scalars=scalars | lengths)

    def _cover(self, generated: Cloud, own: Cloud, training: Cloud) -> dict[str, Scalar]:
        found, real = (prdc(own, part, self.neighbours)._asdict() for part in (generated, training))
        different = len(distinct_rows(generated))
        scalars = {
            "points": Scalar(len(own), "points", "generated, held-out and training points compared each"),
            "different generated points": Scalar(different, "points", "of these; few where the decoder has collapsed"),
            "different held-out points (reference)": Scalar(len(distinct_rows(own)), "points", "of these"),
        }
        for name in ("precision", "recall", "density", "coverage"):
            scalars[name] = Scalar(found[name])
            scalars[f"{name}, real against real (reference)"] = Scalar(real[name], "", "training inputs, as many")
        expected = expected_coverage(len(own), len(own), self.neighbours)
        scalars["coverage, expected (reference)"] = Scalar(expected, "", "mean for two draws of one distribution")
        return scalars

    def _copies(self, generated: Cloud, own: Cloud, training: Cloud, rng: Generator) -> dict[str, Scalar]:
        if len(training) < 2:
            raise InvalidInput("all training inputs coincide; there is nothing to copy. Check how they were read.")
        new, old = two_nearest(generated, training), two_nearest(own, training)
        ratios = neighbour_ratios(new), neighbour_ratios(old)
        rounding = nearest_rounding((generated, own, training), (new, old))
        copied = [(each < COPY_RATIO - rounding.ratio).mean() for each in ratios]
        epsilon = stored_epsilon(generated, own, training)
        centres = training_cells(training, self.cells, rng)
        inside = [nearest_cells(part, centres, epsilon) for part in (generated, own)]
        local = cell_deviate((new.first, inside[0]), (old.first, inside[1]), self.least, rounding.distance)
        m, n = len(generated), len(own)
        least = -np.sqrt(3 * m * n / (m + n + 1))
        deviate = rank_deviate(new.first, old.first, rounding.distance)
        alike = rank_deviate(*ratios, rounding.ratio)
        held = "of held-out inputs"
        return {
            "data-copying Z": Scalar(deviate, "", "about N(0, 1) without copying; below: nearer than new data"),
            "data-copying Z, least possible (reference)": Scalar(least),
            "data-copying C": Scalar(local.value, "", f"mean over {local.cells} cells of the training data"),
            "data-copying C, deviation by chance (reference)": Scalar(local.null_deviation),
            "neighbour ratio Z": Scalar(alike, "", "about N(0, 1) without copying; low for copies"),
            "copied fraction": Scalar(copied[0], "", "three times nearer to one training input"),
            "copied fraction, held-out (reference)": Scalar(copied[1], "", held),
            "authenticity": Scalar(authenticity(generated, training, new)),
            "authenticity, held-out (reference)": Scalar(authenticity(own, training, old), "", held),
            "training distance": Scalar(np.median(new.first), _UNIT, "to the nearest training input, median"),
            "training distance, held-out (reference)": Scalar(np.median(old.first), _UNIT, held),
        }
