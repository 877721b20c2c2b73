"""Figures as bytes and files that are the same every time and say where their numbers come from."""

from __future__ import annotations

import io
import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.figures.canvas.venues import Figure, export_parameters

FORMATS = ("pdf", "svg", "png")
_MARK = "tda_latent:"
_PNG_KEY = "tda_latent"


def render(figure: Figure, format: str = "pdf", facts: Mapping[str, str] | None = None, dots: int = 300) -> bytes:
    """The figure as the bytes of a file, with facts about its origin inside.

    Parameters
    ----------
    figure : matplotlib Figure
        Sheets of ours and figures of pyplot alike. The page is exactly as wide as the figure.
    format : "pdf", "svg" or "png"
    facts : texts by name, digests of records for instance; `facts_of` reads them back
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
    text = json.dumps({str(k): str(v) for k, v in (facts or {}).items()}, sort_keys=True)
    stream = io.BytesIO()
    with mpl.rc_context(export_parameters()):
        figure.savefig(stream, format=format, dpi=dots, metadata=_metadata(format, text))
    return stream.getvalue()


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


def facts_of(file: bytes | str | Path, format: str | None = None) -> dict[str, str]:
    """The facts that `render` put into a file.

    Parameters
    ----------
    file : bytes or path
    format : "pdf", "svg" or "png"; None = read off the content

    Raises
    ------
    InvalidInput
        For a file that `render` did not write.
    """
    content = file if isinstance(file, bytes) else Path(file).read_bytes()
    kind = format or ("pdf" if content[:4] == b"%PDF" else "png" if content[1:4] == b"PNG" else "svg")
    if kind not in FORMATS:
        raise unknown_name("figure format", kind, FORMATS)
    text = {"pdf": _pdf_keywords, "svg": _svg_keywords, "png": _png_text}[kind](content)
    if text is None or not text.startswith(_MARK):
        raise InvalidInput(f"the {kind} file carries no facts of tda_latent; was it written by save or render?")
    facts: dict[str, str] = json.loads(text.removeprefix(_MARK))
    return facts


def _metadata(format: str, text: str) -> dict[str, Any]:
    if format == "pdf":
        return {"Creator": "tda_latent", "CreationDate": None, "Keywords": _MARK + text}
    if format == "svg":
        return {"Creator": "tda_latent", "Date": None, "Keywords": [_MARK + text]}
    return {_PNG_KEY: _MARK + text}


def _pdf_keywords(content: bytes) -> str | None:
    found = re.search(rb"/Keywords \(((?:[^\\()]|\\.)*)\)", content, re.S)
    return re.sub(r"\\([\\()])", r"\1", found.group(1).decode("ascii")) if found else None


def _svg_keywords(content: bytes) -> str | None:
    from xml.etree import ElementTree

    words = ElementTree.fromstring(content).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")
    return next((word.text for word in words if word.text and word.text.startswith(_MARK)), None)


def _png_text(content: bytes) -> str | None:
    position = 8
    while position + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[position : position + 8])
        body = content[position + 8 : position + 8 + length]
        if kind == b"tEXt" and body.startswith(_PNG_KEY.encode() + b"\0"):
            return body.split(b"\0", 1)[1].decode("latin-1")
        position += length + 12
    return None
