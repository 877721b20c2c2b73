"""`procrustes`: distance after the best rotation of one cloud onto the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from tda_latent.numerics.pairing import paired_rows
from tda_latent.numerics.similarity import procrustes_chord
from tda_latent.records import Latents
from tda_latent.registry import distance


@distance("procrustes")
@dataclass(frozen=True)
class Procrustes:
    """Procrustes distance: two clouds of the same inputs after the best shift, scaling and rotation.

    Parameters
    ----------
    form : "angular" | "chordal"
        Both clouds are points of a unit sphere; the distance is the angle between them (0 to pi / 2), or the length
        of the residual (0 to sqrt(2)).

    Returns
    -------
    float
        In radians (angular) or unit-free (chordal). Reflections count as rotations. Clouds of different dimension
        are compared in the larger one.

    Raises
    ------
    IncompatibleRecords
        When a cloud carries no ids, or fewer than 3 are shared.
    InvalidInput
        When all points of a cloud coincide.

    Notes
    -----
    Both forms are metrics on clouds up to shift, scale and rotation [schonemann1966] [williams2021], as long as all
    clouds share the same ids. Rows are paired by id. *Unrelated clouds are not at a right angle*: independent isotropic
    clouds of n points and d coordinates have an angle of cosine 0.85 sqrt(d / n), and with fewer points than
    coordinates they are nearly alike, because both come near a regular simplex; use many more points.
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("schonemann1966", "williams2021")
    baseline: ClassVar[bool] = True
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")
    needs: ClassVar[tuple[str, ...]] = ("ids",)

    form: Literal["angular", "chordal"] = "angular"

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return "rad" if self.form == "angular" else ""

    def __call__(self, a: Latents, b: Latents) -> float:
        rows, others = paired_rows(a.ids, b.ids)
        chord = procrustes_chord(a.points[rows], b.points[others])
        return chord if self.form == "chordal" else float(2 * np.arcsin(chord / 2))
