"""Figure `measure-curves`: a curve out of measures, the number of components over scale for instance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import IncompleteResult, unknown_name
from tda_latent.figures import canvas
from tda_latent.records import Curve, Measures
from tda_latent.registry import figure

_MARGIN = 0.05  # of the ordinate beyond the curves of all panels
_FEW = 20  # values that are marked one by one, so that one between two gaps is seen


@figure("measure-curves")
@dataclass(frozen=True)
class MeasureCurve:
    """One curve of the measures, as a line or, for quantities that jump, as steps.

    Parameters
    ----------
    curve : text or null
        Name of the curve; null takes the first.
    logarithmic : bool
        Logarithmic ordinate, for counts that fall from many to one.
    limits : pair of numbers or null
        Range of the ordinate; null fits the curve, and of several panels all curves.
    """

    version: ClassVar[int] = 2
    references: ClassVar[tuple[str, ...]] = ("robins1999",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)

    curve: str | None = None
    logarithmic: bool = False
    limits: tuple[float, float] | None = None

    @staticmethod
    def suits(record: Measures) -> bool:
        """Whether there is a curve at all."""
        return bool(record.curves)

    def __call__(self, record: Measures, ax: Any = None) -> canvas.Axes:
        """Draw into ``ax`` or a new sheet; the axes are returned.

        Raises
        ------
        IncompleteResult
            When the measures hold no curve.
        UnknownName
            When they hold no curve of that name.
        """
        name, curve = self._curve(record)
        with canvas.drawing(ax, ratio=0.7) as ax:
            shown = np.where(np.isfinite(curve.y), curve.y, np.nan)
            ax.plot(curve.x, shown, color=canvas.colour(0), drawstyle="steps-post" if curve.steps else "default",
                    marker="o" if len(shown) <= _FEW and not curve.steps else None, markersize=3,
                    label=f"_{name}")  # fmt: skip
            if self.logarithmic:
                ax.set_yscale("log")
            if self.limits is not None:
                ax.set_ylim(*self.limits)
            ax.set_xlabel(canvas.quantity(curve.x_name, curve.x_unit))
            ax.set_ylabel(canvas.quantity(curve.name if curve.name != "y" else name, curve.unit, line=26))
            hidden = int((~np.isfinite(curve.y)).sum())
            canvas.note(ax, [f"{hidden} of {len(curve.y)} values are not finite and leave a gap" if hidden else None])
        return ax

    def sharing(self, records: Iterable[Measures]) -> MeasureCurve:
        """The same figure with an ordinate that fits all of these curves."""
        every = np.concatenate([self._curve(record)[1].y for record in records])
        every = every[np.isfinite(every) & ((every > 0) | (not self.logarithmic))]
        if self.limits is not None or not len(every) or every.min() == every.max():
            return self
        ends = np.log([every.min(), every.max()]) if self.logarithmic else np.array([every.min(), every.max()])
        wider = ends + _MARGIN * (ends[1] - ends[0]) * np.array([-1, 1])
        low, high = (np.exp(wider) if self.logarithmic else wider).tolist()
        return replace(self, limits=(low, high))

    def _curve(self, record: Measures) -> tuple[str, Curve]:
        if not record.curves:
            raise IncompleteResult("the measures hold no curve; print their scalars and tables instead.")
        name = self.curve or next(iter(record.curves))
        if name not in record.curves:
            raise unknown_name("curve", name, record.curves)
        return name, record.curves[name]
