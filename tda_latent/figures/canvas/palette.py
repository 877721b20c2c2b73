"""Colours, marker shapes and dashes that stay apart for colour-blind readers and in grey.

The first eight colours are those of Okabe and Ito [wong2011]. The next twelve were chosen one after the other, each
as far as possible (CIELAB, in normal vision and simulated deuteranopia, protanopia and tritanopia, of moderate
chroma) from white and from all before it. No colour stands alone: shapes or dashes change with it.
"""

from __future__ import annotations

from typing import Any

COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#000000", "#F0E442", "#662800", "#51285B",
    "#A3C170", "#3D5147", "#8E6633", "#F4B7B7", "#A3CCE0", "#848EF4", "#705B7A", "#2847A3", "#7A0028", "#70A33D",
)  # fmt: skip
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "p")
_DASHES: tuple[Any, ...] = (
    "-",
    (0, (4, 1.5)),
    (0, (1, 1.2)),
    (0, (5, 1.5, 1, 1.5)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)


def colour(index: int) -> str:
    """Colour of the class, model or degree with this number; repeats after twenty."""
    return COLOURS[index % len(COLOURS)]


def marker(index: int) -> str:
    """Shape that goes with `colour`; the pair repeats only after two hundred."""
    return MARKERS[(index + index // len(COLOURS)) % len(MARKERS)]


def dashes(index: int) -> Any:
    """Line style that goes with `colour`; repeats after six."""
    return _DASHES[index % len(_DASHES)]


def degree_name(degree: int) -> str:
    """Homology group of a degree as mathematical text."""
    return f"$H_{{{degree}}}$"
