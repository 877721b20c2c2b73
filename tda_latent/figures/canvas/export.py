"""Figures as bytes and files that are the same every time and say where their numbers come from."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import unknown_name
from tda_latent.figures.canvas.seal import FORMATS, PNG_KEY, inscription, sealed
from tda_latent.figures.canvas.venues import Figure, export_parameters


def render(figure: Figure, format: str = "pdf", facts: Mapping[str, str] | None = None, dots: int = 300) -> bytes:
    """The figure as the bytes of a file, with facts about its origin inside.

    Parameters
    ----------
    figure : matplotlib Figure
        Sheets of ours and figures of pyplot alike. The page is exactly as wide as the figure.
    format : "pdf", "svg" or "png"
    facts : texts by name, digests of records for instance; `facts_of` reads them back, `origin_of` also says whether
        the file was changed since
    dots : dots per inch of PNG files and of rasterised clouds

    Returns
    -------
    bytes
        Equal for equal figures and facts within one version of Matplotlib and FreeType: no date is written and
        identifiers are not random. Fonts are embedded (PDF, TrueType) or drawn as outlines (SVG).

    Raises
    ------
    UnknownName
        For another format.
    """
    import matplotlib as mpl

    if format not in FORMATS:
        raise unknown_name("figure format", format, FORMATS)
    text = inscription({str(name): str(value) for name, value in (facts or {}).items()})
    stream = io.BytesIO()
    with mpl.rc_context(export_parameters()):
        figure.savefig(stream, format=format, dpi=dots, metadata=_metadata(format, text))
    return sealed(stream.getvalue(), format)


def save(
    figure: Figure,
    stem: str | Path,
    formats: tuple[str, ...] = FORMATS,
    facts: Mapping[str, str] | None = None,
) -> dict[str, Path]:
    """Write ``stem.pdf``, ``stem.svg`` and ``stem.png``; the path of each file by its format."""
    contents = {format: render(figure, format, facts) for format in formats}
    paths = {format: Path(f"{stem}.{format}") for format in formats}
    for format, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[format])
    return paths


def _metadata(format: str, text: str) -> dict[str, Any]:
    if format == "pdf":
        return {"Creator": "tda_latent", "CreationDate": None, "Keywords": text}
    if format == "svg":
        return {"Creator": "tda_latent", "Date": None, "Keywords": [text]}
    return {PNG_KEY: text}
