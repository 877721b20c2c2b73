"""`gromov-wasserstein`: how far the distances within two small clouds can be matched, without any pairing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tda_latent.engines.optimal_transport import Search, fused_gromov, lower_bound
from tda_latent.errors import InvalidInput
from tda_latent.numerics.gromov import Space, uniform_space
from tda_latent.numerics.scaling import UNITS, scaled_distances
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import distance

MOST_POINTS = 500


@distance("gromov-wasserstein")
@dataclass(frozen=True)
class GromovWasserstein:
    """Gromov-Wasserstein distance: root mean square distortion of distances under the best coupling of two clouds.

    Parameters
    ----------
    scale : "median" | "given"
        Whether the distances of each cloud are first divided by its median pairwise distance.
    starts : int
        Random couplings to descend from, besides those that are always tried.
    seed : int
        Which; no other randomness enters.

    Returns
    -------
    float
        In the unit of the scale. The best coupling that was found: never below the true distance, which `bounds`
        encloses from the other side. 0 for isometric clouds; in highly symmetric ones the search may miss that.

    Raises
    ------
    InvalidInput
        When a cloud has more than 500 points, or one only.
    MissingLibrary
        When POT is not installed: ``pip install "tda-latent[transport]"``.

    Notes
    -----
    [memoli2011], whose distance is half of this one; [peyre2016] for the conditional gradient, which ends in a local
    optimum. All points weigh the same, nothing is paired, sizes and dimensions may differ. The true distance keeps the
    triangle inequality; local optima need not. Identity holds one way only (isometric clouds are at 0). Seconds for
    200 points each, half a minute for 500; ten starts are made whatever the parameter, and each costs as much.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("memoli2011", "peyre2016")
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "POT")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry")
    invariances: ClassVar[tuple[str, ...]] = ("isometry", "translation", "scale", "permutation")  # of the defaults

    scale: Literal["median", "given"] = "median"
    starts: Annotated[int, Field(ge=0)] = 10
    seed: Annotated[int, Field(ge=0)] = 0

    @property
    def unit(self) -> str:
        """Unit of the distance."""
        return UNITS[self.scale]

    def __call__(self, a: Latents, b: Latents) -> float:
        return fused_gromov(self._space(a), self._space(b), None, Search(1.0, self.starts, self.seed))

    def bounds(self, a: Latents, b: Latents) -> Measures:
        """The distance that was found, and the third lower bound of the true one."""
        found = self(a, b)
        least = min(lower_bound(self._space(a), self._space(b)), found)  # which rounding may part the other way
        return Measures(
            scalars={
                "distance": Scalar(found, self.unit, "of the best coupling found, not below the true distance"),
                "distance (reference)": Scalar(least, self.unit, "lower bound of the true distance"),
            }
        )

    def _space(self, latents: Latents) -> Space:
        if not 2 <= len(latents) <= MOST_POINTS:
            raise InvalidInput(
                f"a cloud has {len(latents)} points; the rule is 2 to {MOST_POINTS}. Take a subsample (sample: in an "
                "experiment)."
            )
        return uniform_space(scaled_distances(latents.points, None, self.scale).matrix)
