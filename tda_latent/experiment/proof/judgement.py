"""Two results of one task: identical, within a bound that a theorem gives, within a declared tolerance, or different.

What is a theorem and what is not stands in every verdict:

- *within the bound* is a theorem. A Vietoris-Rips diagram moves by at most the largest change of a distance of its
  cloud [chazal2014b; cohensteiner2007]; the analyzer measures that change (its method ``shift``). A distance d with
  the triangle inequality obeys |d(a, b) - d(a', b')| <= d(a, a') + d(b, b'); the right side is measured.
- *within the tolerance* is a declaration, no theorem: no number moved by more than 1e-9 of the largest beside it
  (1e-5 in float32), which is what other BLAS kernels and another ``exp`` do to sound results.
- *different* is everything else. Texts, counts and who is a member of what are equal or different. Left out of the
  comparison are the origin of latents and what only arranges a figure: order, tree, embedding and layout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tda_latent.errors import TdaLatentError
from tda_latent.experiment.proof.change import NO_RESULT, change, degree_distance
from tda_latent.experiment.steps.compare import Compare
from tda_latent.records import Comparison, Latents, Measures, PersistenceDiagram, Record
from tda_latent.records.record import Array
from tda_latent.registry import axioms_of, registry

State = Literal["identical", "within the bound", "within the tolerance", "different", "not judged"]
ROUNDING = 1e-12  # of the largest value, for the sums inside a distance


@dataclass(frozen=True)
class Verdict:
    """What two results of one task are to each other.

    change : how far apart they are, in the unit of the numbers; None where no number says it
    bound : what the theorem or the tolerance allows
    why : a sentence for a person
    """

    state: State
    why: str = ""
    change: float | None = None
    bound: float | None = None

    @property
    def passes(self) -> bool:
        """Whether nothing speaks against the stored result."""
        return self.state not in ("different", "not judged")


Inputs = Mapping[str, Any]


def judge(old: Record, new: Record, instance: Any, before: Inputs, after: Inputs) -> Verdict:
    """The verdict on two results of one component.

    Parameters
    ----------
    old, new : the stored result and the recomputed one
    instance : the component with its parameters
    before, after : what it was given then and now, as `worker.load_tree` gives it
    """
    if old.digest == new.digest:
        return Verdict("identical", change=0.0, bound=0.0)
    if type(old) is not type(new):
        return Verdict("different", f"a {type(old).__name__} became a {type(new).__name__}")
    if isinstance(old, PersistenceDiagram) and isinstance(new, PersistenceDiagram):
        return _diagrams(old, new, instance, before, after)
    if isinstance(instance, Compare) and isinstance(old, Measures) and isinstance(new, Measures):
        found = _blocks(old, new, instance, before, after)
        if found is not None:
            return found
    if isinstance(old, Comparison) and isinstance(new, Comparison):
        found = _collected(old, new, before, after)
        if found is not None:
            return found
    return _tolerance(old, new)


def _tolerance(old: Record, new: Record) -> Verdict:
    found = change(old, new)
    if math.isinf(found.largest):
        return Verdict("different", found.where)
    if not found.largest:
        apart = " or ".join(NO_RESULT.get(type(old).__name__, ()))
        return Verdict("within the tolerance", f"every number is equal, only {apart} is other: no result", 0.0, 0.0)
    allowed = found.largest / found.relative
    where = f"largest change {found.largest:.3g}, of {found.where}"
    if found.relative <= 1:
        return Verdict("within the tolerance", f"{where}; declared tolerance, no theorem", found.largest, allowed)
    return Verdict("different", f"{where}; the declared tolerance is {allowed:.3g}", found.largest, allowed)


def _diagrams(
    old: PersistenceDiagram, new: PersistenceDiagram, instance: Any, before: Inputs, after: Inputs
) -> Verdict:
    """The stability theorem; a filtration that is cut is compared up to the cut, for which the theorem holds too."""
    for name in ("field", "filtration", "unit", "max_degree"):
        if getattr(old, name) != getattr(new, name):
            return Verdict("different", f"{name} was {getattr(old, name)!r} and is {getattr(new, name)!r}")
    cut = min(old.reach, new.reach)
    moved = {degree: degree_distance(old, new, degree, cut) for degree in range(old.max_degree + 1)}
    worst = max(moved, key=lambda degree: moved[degree])
    shown = f"bottleneck distance {moved[worst]:.3g} in degree {worst}"
    shift = _shift(instance, before, after)
    if shift is None:
        return Verdict("different", f"{shown}; no theorem bounds what this analyzer may do", moved[worst])
    rounding = 2 * (old.accuracy + new.accuracy)
    measured = f"{shown}; distances of the cloud moved by at most {shift:.3g}, rounding {rounding:.3g}"
    if not _is_part(old) and not _is_part(new):
        return _bounded(moved[worst], shift + rounding, measured)
    if moved[worst] <= shift + rounding:
        return _bounded(moved[worst], shift + rounding, measured)
    if old.error is None or new.error is None:
        return Verdict("different", f"{measured}; landmarks without a certificate bound nothing", moved[worst])
    certified = old.error + new.error
    return _bounded(
        moved[worst], shift + rounding + certified, f"{measured}, certificates of landmarks {certified:.3g}"
    )


def _is_part(diagram: PersistenceDiagram) -> bool:
    return diagram.error != 0


def _bounded(moved: float, bound: float, why: str) -> Verdict:
    if moved <= bound:
        return Verdict("within the bound", f"{why} (stability theorem)", moved, bound)
    return Verdict("different", f"{why}: the stability theorem allows {bound:.3g}", moved, bound)


def _shift(instance: Any, before: Inputs, after: Inputs) -> float | None:
    """What the analyzer says its diagram may move by; None when it says nothing."""
    if not hasattr(instance, "shift"):
        return None
    clouds = [next((item for item in given.values() if isinstance(item, Latents)), None) for given in (before, after)]
    if clouds[0] is None or clouds[1] is None:
        return None
    return 0.0 if clouds[0] == clouds[1] else float(instance.shift(clouds[0], clouds[1]))


def _blocks(old: Measures, new: Measures, step: Compare, before: Inputs, after: Inputs) -> Verdict | None:
    """The triangle inequality, cell by cell; None where the distance does not keep it or it says nothing."""
    measure = registry().find("distance", step.distance).build(step.parameters)
    tables = old.tables["distance"], new.tables["distance"]
    if not {"triangle", "symmetry"} <= set(axioms_of(measure)) or tables[0].values.shape != tables[1].values.shape:
        return None
    try:
        rows, columns = (_moves(measure, before[side], after[side]) for side in ("first", "second"))
    except (TdaLatentError, ValueError):  # records that the distance does not take together
        return None
    with np.errstate(invalid="ignore"):
        moved = np.abs(tables[0].values - tables[1].values)
    if not np.isfinite(moved).all() or not np.isfinite(rows).all() or not np.isfinite(columns).all():
        return None
    rounding = ROUNDING * max(float(table.values.max(initial=0.0)) for table in tables)
    bound = rows[:, None] + columns[None, :] + rounding
    excess = np.unravel_index(int(np.argmax(moved - bound)), moved.shape)
    if moved[excess] > bound[excess]:
        return None
    largest, most = float(moved.max()), float(bound.max())
    why = (
        f"largest change of a distance {largest:.3g}, {most:.3g} allowed (triangle inequality, rounding {rounding:.3g})"
    )
    return Verdict("within the bound", why, largest, most)


def _collected(old: Comparison, new: Comparison, before: Inputs, after: Inputs) -> Verdict | None:
    """A matrix of distances is copied from its blocks and moves no more than they; None where this says nothing."""
    sides = [[item for item in given.get("blocks", ()) if isinstance(item, Measures)] for given in (before, after)]
    apart = [change(a, b).largest for a, b in zip(*sides, strict=False)]
    names = [
        name for name in ("models", "replicates", "distance", "unit", "data", "symmetric") if _differs(old, new, name)
    ]
    if len(sides[0]) != len(sides[1]) or names or np.isnan(old.values).any() or np.isnan(new.values).any():
        return None
    with np.errstate(invalid="ignore"):
        moved = float(np.where(old.values == new.values, 0.0, np.abs(old.values - new.values)).max(initial=0.0))
    bound = max(apart, default=0.0)
    if not 0 < moved <= bound < math.inf:
        return None
    why = f"largest change {moved:.3g}, its blocks changed by {bound:.3g} (it is copied from them)"
    return Verdict("within the bound", why, moved, bound)


def _differs(old: Comparison, new: Comparison, name: str) -> bool:
    return not np.array_equal(getattr(old, name), getattr(new, name))


def _moves(measure: Callable[[Any, Any], float], before: Any, after: Any) -> Array:
    """(r,) for each replicate the mean distance between its records then and now."""
    pairs = [zip(old, new, strict=True) for old, new in zip(before, after, strict=True)]
    return np.array([np.mean([0.0 if a == b else float(measure(a, b)) for a, b in row]) for row in pairs])
