"""Figure `measure-curves`: a curve out of measures, the number of components over scale for instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tda_latent.errors import IncompleteResult, unknown_name
from tda_latent.figures import canvas
from tda_latent.records import Measures
from tda_latent.registry import figure


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
    """

    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ("robins1999",)
    libraries: ClassVar[tuple[str, ...]] = ("matplotlib",)

    curve: str | None = None
    logarithmic: bool = False

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
        if not record.curves:
            raise IncompleteResult("the measures hold no curve; print their scalars and tables instead.")
        name = self.curve or next(iter(record.curves))
        if name not in record.curves:
            raise unknown_name("curve", name, record.curves)
        curve = record.curves[name]
        with canvas.drawing(ax, ratio=0.7) as ax:
            shown = np.where(np.isfinite(curve.y), curve.y, np.nan)
            ax.plot(curve.x, shown, color=canvas.colour(0), drawstyle="steps-post" if curve.steps else "default",
                    label=f"_{name}")  # fmt: skip
            if self.logarithmic:
                ax.set_yscale("log")
            ax.set_xlabel(canvas.quantity(curve.x_name, curve.x_unit))
            ax.set_ylabel(canvas.quantity(curve.name if curve.name != "y" else name, curve.unit, line=26))
            hidden = int((~np.isfinite(curve.y)).sum())
            canvas.note(ax, [f"{hidden} of {len(curve.y)} values are not finite and leave a gap" if hidden else None])
        return ax
