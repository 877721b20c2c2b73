"""Page sizes and fonts of conferences, and the setting that a figure is drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

from tda_latent.errors import InvalidParameter, unknown_name

# Matplotlib is imported only when something is drawn, so its classes have no name at module level.
Axes = Any  # matplotlib.axes.Axes
Figure = Any  # matplotlib.figure.Figure
Width = Literal["column", "text"]
_GUTTER = 0.2  # inches between two figures side by side


@dataclass(frozen=True)
class Venue:
    """Widths in inches and font sizes in points; ``column`` None = the page has one column."""

    text: float
    column: float | None
    size: float = 9.0
    small: float = 7.0

    def inches(self, width: Width) -> float:
        """Width of a figure; on a page of one column a "column" is half of the text less the gutter."""
        if width == "text":
            return self.text
        return self.column if self.column is not None else (self.text - _GUTTER) / 2


VENUES = {
    "neurips": Venue(5.5, None),
    "iclr": Venue(5.5, None),
    "icml": Venue(6.75, 3.25, 8.0, 6.0),
    "uai": Venue(6.75, 3.25, 8.0, 6.0),
    "aistats": Venue(6.75, 3.25, 8.0, 6.0),
    "cvpr": Venue(6.88, 3.25, 8.0, 6.0),
    "tmlr": Venue(6.5, None),
    "jmlr": Venue(6.0, None),
}


@dataclass(frozen=True)
class Setting:
    """The venue in force and the width in inches, None = what each figure proposes."""

    venue: str = "neurips"
    width: float | None = None


_DEFAULT = Setting()
_SETTING: ContextVar[Setting] = ContextVar("tda_latent_figure_setting", default=_DEFAULT)


@contextmanager
def style(venue: str = "neurips", width: float | Width | None = None) -> Iterator[None]:
    """Draw what is inside for this venue; on leaving, every Matplotlib setting is what it was.

    Parameters
    ----------
    venue : one of `VENUES`
    width : width of every figure made inside: "column", "text" or inches; None = what each figure proposes

    Notes
    -----
    Starts from Matplotlib's defaults, so the same code gives the same figure whatever a ``matplotlibrc`` says.
    Fonts are STIX (Times-like, part of Matplotlib), embedded as TrueType; LaTeX is never called.
    """
    import matplotlib as mpl

    if venue not in VENUES:
        raise unknown_name("venue", venue, VENUES)
    inches = VENUES[venue].inches(width) if isinstance(width, str) else width
    if inches is not None and not 0 < inches < 100:
        raise InvalidParameter(f"width is {inches!r}; the rule is a number of inches above 0, 'column' or 'text'.")
    token = _SETTING.set(Setting(venue, inches))
    try:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_parameters(VENUES[venue]))
            yield
    finally:
        _SETTING.reset(token)


def current() -> Setting:
    """The setting that is in force."""
    return _SETTING.get()


@contextmanager
def setting_in_force(setting: Setting | None = None) -> Iterator[None]:
    """`style` with the given setting, or with the one that is in force."""
    chosen = setting or current()
    with style(chosen.venue, chosen.width):
        yield


def page(width: Width) -> tuple[float, float]:
    """Inches across and points of small text of a new sheet in the setting in force."""
    setting = _SETTING.get()
    venue = VENUES[setting.venue]
    return setting.width or venue.inches(width), venue.small


def text_size() -> float | str:
    """Font size of ticks, notes and numbers in the style in force: never under 6 points in ours."""
    import matplotlib as mpl

    size: float | str = mpl.rcParams["xtick.labelsize"]
    return size


def _parameters(venue: Venue) -> dict[str, Any]:
    small = ("xtick.labelsize", "ytick.labelsize", "legend.fontsize", "legend.title_fontsize")
    hair = ("axes.linewidth", "xtick.major.width", "ytick.major.width", "patch.linewidth", "hatch.linewidth")
    return {
        "font.family": "STIXGeneral",
        "mathtext.fontset": "stix",
        "text.usetex": False,
        "font.size": venue.size,
        "axes.titlesize": venue.size,
        "axes.labelsize": venue.size - 1,
        "axes.labelpad": 2.0,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 1.0,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.major.pad": 2.0,
        "ytick.major.pad": 2.0,
        "legend.frameon": False,
        "legend.handletextpad": 0.5,
        "legend.labelspacing": 0.3,
        "figure.constrained_layout.w_pad": 0.02,
        "figure.constrained_layout.h_pad": 0.02,
        "figure.dpi": 150,
        **export_parameters(),
        **dict.fromkeys(small, venue.small),
        **dict.fromkeys(hair, 0.5),
    }


def export_parameters() -> dict[str, Any]:
    """What every written file needs: embedded TrueType fonts, vector text and fixed identifiers."""
    return {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "tda_latent",
            "savefig.dpi": 300, "savefig.bbox": None}  # fmt: skip
