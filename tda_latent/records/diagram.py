"""`PersistenceDiagram`: bars, and every fact that changes what their numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tda_latent.errors import IncompatibleRecords, InvalidInput
from tda_latent.records.record import Record, freeze, frozen_map, numbers
from tda_latent.records.representatives import Representatives

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class PersistenceDiagram(Record):
    """Bars of persistent homology as one flat table.

    pairs : (m, 2) float64, birth < death; inf = never dies. Values are diameters (edge lengths), never radii
    degrees : (m,) homology degree of each bar
    field : prime p of the coefficients Z/p
    filtration : name of the filtration, "vietoris-rips" for instance
    unit : what a value of 1 means: "input distance", "median-normalised", "posterior sd", ...
    reach : where the filtration was cut; inf = complete (a cut at the enclosing radius is complete)
    accuracy : largest error of a value by floating point, in the unit
    error : certified bottleneck distance to the exact diagram of the whole cloud; 0 = exact, None = no certificate
    representatives : for each bar one of many equally good cycles or cocycles; None if not asked for
    computed : how: engine, its version, why it was chosen, number of points, ...

    Bars of length zero are dropped, and bars are sorted by degree, birth, death. A bar alive at a finite ``reach``
    is censored, not essential.

    Raises
    ------
    InvalidInput
        For NaN, a death before its birth, an infinite birth, a negative degree, a field that is not prime.
    """

    pairs: Floats
    degrees: Integers
    field: int = 2
    filtration: str = "vietoris-rips"
    unit: str = "input distance"
    reach: float = np.inf
    accuracy: float = 0.0
    error: float | None = 0.0
    representatives: Representatives | None = None
    computed: Mapping[str, Any] = dataclass_field(default_factory=dict)

    def __post_init__(self) -> None:
        pairs = numbers(self.pairs, "pairs", (None, 2), finite=False)
        degrees = np.asarray(self.degrees, dtype=np.int64).reshape(-1)
        if len(degrees) != len(pairs):
            raise InvalidInput(f"{len(pairs)} pairs but {len(degrees)} degrees; each bar has one degree.")
        _check_bars(pairs, degrees)
        if not _is_prime(self.field):
            raise InvalidInput(f"field is {self.field}; the rule is a prime p, for coefficients in Z/p.")
        if self.representatives is not None:
            _check_representatives(self.representatives, pairs, degrees, self.field)
        order = np.lexsort((pairs[:, 1], pairs[:, 0], degrees))
        order = order[pairs[order, 0] < pairs[order, 1]]
        self.set(
            pairs=freeze(pairs[order]),
            degrees=freeze(degrees[order]),
            representatives=None if self.representatives is None else self.representatives.taken(order),
            computed=frozen_map(self.computed),
        )

    def __len__(self) -> int:
        return len(self.pairs)

    def of_degree(self, degree: int) -> Floats:
        """(k, 2) bars of one degree, sorted by birth, then death."""
        return cast(Floats, self.pairs[self.degrees == degree])

    def finite(self, degree: int) -> Floats:
        """(k, 2) bars of one degree that die."""
        pairs = self.of_degree(degree)
        return pairs[np.isfinite(pairs[:, 1])]

    @property
    def max_degree(self) -> int:
        """The highest degree that was computed: recorded by the analyzer, else the highest that has a bar."""
        highest = int(self.degrees.max(initial=0))
        return max(int(self.computed.get("max_degree", highest)), highest)

    @property
    def essential(self) -> NDArray[np.bool_]:
        """(m,) True for bars that never die in the complete filtration."""
        return np.isinf(self.pairs[:, 1]) & bool(np.isinf(self.reach))

    @property
    def censored(self) -> NDArray[np.bool_]:
        """(m,) True for bars still alive where the filtration was cut: their death is unknown."""
        return np.isinf(self.pairs[:, 1]) & bool(np.isfinite(self.reach))

    @property
    def certain(self) -> NDArray[np.bool_]:
        """(m,) True for bars longer than twice the certified error: the whole cloud has them too, about there.

        All of an exact diagram, none of one without a certificate.
        """
        if self.error is None:
            return np.zeros(len(self.pairs), dtype=bool)
        return np.asarray(self.pairs[:, 1] - self.pairs[:, 0] > 2 * self.error, dtype=bool)

    def facts(self) -> dict[str, Any]:
        """Number of bars and longest finite bar per degree, and the conventions."""
        facts: dict[str, Any] = {}
        for degree in range(self.max_degree + 1):
            finite = self.finite(degree)
            longest = f", longest {np.ptp(finite, axis=1).max():.4g}" if len(finite) else ""
            facts[f"degree {degree}"] = f"{len(self.of_degree(degree))} bars{longest}"
        return (
            facts
            | {
                "field": f"Z/{self.field}",
                "unit": self.unit,
                "reach": self.reach,
                "filtration": self.filtration,
            }
            | ({"certificate": self.caveat} if self.caveat else {})
        )

    @property
    def caveat(self) -> str:
        """What the certificate says, for a diagram that is not exact."""
        if self.error == 0:
            return ""
        if self.error is None:
            return "none: nothing is known about the whole cloud"
        dies = np.isfinite(self.pairs[:, 1]) | (self.degrees > 0)  # the whole cloud is one component, always
        counts = {degree: int((self.certain & dies)[self.degrees == degree].sum()) for degree in set(self.degrees)}
        sure = ", ".join(f"{count} of degree {degree}" for degree, count in sorted(counts.items()) if count)
        found = f"bars certain: {sure}" if sure else "certifies nothing: no bar is longer than twice that"
        return f"within {self.error:.4g} of the whole cloud; {found}"


def require_comparable(a: PersistenceDiagram, b: PersistenceDiagram, degree: int) -> None:
    """Refuse two diagrams whose numbers mean different things, or whose deaths are unknown.

    Raises
    ------
    IncompatibleRecords
        When field, filtration, unit or reach differ, when a bar of this degree is censored, or when the degree
        lies above what either diagram computed.
    """
    for name in ("field", "filtration", "unit", "reach"):
        left, right = getattr(a, name), getattr(b, name)
        if left != right:
            raise IncompatibleRecords(
                f"the diagrams have different {name}: {left!r} and {right!r}; compute both with the same setting."
            )
    for diagram in (a, b):
        if degree > diagram.max_degree:
            raise IncompatibleRecords(
                f"degree {degree} was asked for, but a diagram was computed up to degree {diagram.max_degree}; "
                "raise max_degree of the analyzer."
            )
        if diagram.censored[diagram.degrees == degree].any():
            raise IncompatibleRecords(
                f"a bar of degree {degree} is still alive at the cut {diagram.reach:g}, so its death is unknown; "
                "leave the threshold at its automatic value, which is complete."
            )


def _check_bars(pairs: Floats, degrees: Integers) -> None:
    if np.isnan(pairs).any() or np.isinf(pairs[:, 0]).any():
        raise InvalidInput("pairs hold NaN or an infinite birth; births are finite and deaths are numbers or inf.")
    late = pairs[:, 0] > pairs[:, 1]
    if late.any():
        birth, death = pairs[late][0]
        raise InvalidInput(f"a bar is born at {birth:g} and dies at {death:g}; the rule is birth < death.")
    if (degrees < 0).any():
        raise InvalidInput(f"degree {degrees.min()} is negative; degrees start at 0.")


def _check_representatives(given: Representatives, pairs: Floats, degrees: Integers, field: int) -> None:
    if not isinstance(given, Representatives):
        raise InvalidInput(f"representatives are a {type(given).__name__}; give the record Representatives, or None.")
    if len(given) != len(pairs):
        raise InvalidInput(f"{len(pairs)} bars but {len(given)} representatives; give all or none.")
    if (given.degrees != degrees).any():
        raise InvalidInput("a birth simplex has another dimension than the degree of its bar; keep one order of bars.")
    if (given.are_killed != np.isfinite(pairs[:, 1])).any():
        raise InvalidInput("bars that die have a killing simplex, and bars that do not have none; some here differ.")
    if given.coefficients.max(initial=1) >= field:
        raise InvalidInput(f"a coefficient is {given.coefficients.max()}; in Z/{field} the largest is {field - 1}.")


def _is_prime(value: int) -> bool:
    return value >= 2 and all(value % k for k in range(2, int(value**0.5) + 1))
