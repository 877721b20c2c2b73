"""`wasserstein`: the total move in the best matching of two diagrams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from tda_latent.engines.hera import hera_wasserstein
from tda_latent.errors import InvalidParameter
from tda_latent.numerics.wasserstein import wasserstein_distance
from tda_latent.records import PersistenceDiagram, require_comparable
from tda_latent.registry import distance


@distance("wasserstein")
@dataclass(frozen=True)
class Wasserstein:
    """Wasserstein distance: the total move in the best matching of two diagrams.

    Parameters
    ----------
    order : float
        q: the q-th root of the least sum of q-th powers of moves, 1 to 16. Libraries differ, so there is no default.
    ground : 1 | 2 | "inf"
        p: a move is measured in the l_p norm of the (birth, death) plane. No default either.
    degree : int
        Homology degree of the bars, 0 to 3.
    engine : "exact" | "hera"
        "exact": optimal up to rounding; memory grows with the bars, not with their pairs. Refused after a fixed
        amount of work, which only many thousand bars much longer than their distances to all others take, and beyond
        30 000 bars a side that are all born together, as in degree 0.
        "hera": an approximation, in a process of its own that is stopped after ten minutes.
    relative_error : float or None
        With hera only, and required there: the result is at most (1 + relative_error) times the distance.

    Returns
    -------
    float
        In the unit of the diagrams. 0 only for equal diagrams, inf when the numbers of essential classes differ.

    Raises
    ------
    IncompatibleRecords
        When field, filtration, unit or reach differ, or a bar is censored.
    InvalidInput
        When there are too many bars for the exact engine.
    EngineFailure
        When hera gives no answer in time.

    Notes
    -----
    A metric on diagrams for every order and ground (with hera up to its error), at least the bottleneck distance
    when ground is inf, and falling as the order grows. Stable for fixed size only [cohensteiner2010]: at order 1
    many short bars, which noise and more points bring, weigh as much as one long bar.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = (
        "cohensteiner2010",
        "crouse2016",
        "jonker1987",
        "kerber2017",
        "vallender1974",
    )
    libraries: ClassVar[tuple[str, ...]] = ("scipy", "numba", "gudhi")
    axioms: ClassVar[tuple[str, ...]] = ("identity", "symmetry", "triangle")
    example: ClassVar[dict[str, Any]] = {"order": 2.0, "ground": 2}

    order: Annotated[float, Field(ge=1, le=16)]
    ground: Literal[1, 2, "inf"]
    degree: Annotated[int, Field(ge=0, le=3)] = 1
    engine: Literal["exact", "hera"] = "exact"
    relative_error: Annotated[float, Field(gt=0, le=0.5)] | None = None

    def __post_init__(self) -> None:
        if (self.engine == "hera") != (self.relative_error is not None):
            raise InvalidParameter(
                f"engine is {self.engine} and relative_error is {self.relative_error}; the rule is a relative_error "
                "with hera (0.01 for instance), and none with exact."
            )

    def __call__(self, a: PersistenceDiagram, b: PersistenceDiagram) -> float:
        require_comparable(a, b, self.degree)
        first, second = a.of_degree(self.degree), b.of_degree(self.degree)
        if self.relative_error is not None:
            return hera_wasserstein(first, second, self.order, self.ground, self.relative_error)
        return wasserstein_distance(first, second, self.order, self.ground)
