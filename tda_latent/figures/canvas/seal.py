"""What a figure file says about its origin, and whether it still is the file that was written.

The metadata of a file hold ``tda_latent:<SHA-256>:<facts as JSON>``. The digest is that of the whole file with 64 zeros
in its place, so a single changed byte shows. Nothing but the standard library reads a file here.
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tda_latent.errors import InvalidInput, unknown_name
from tda_latent.records import sha256

FORMATS = ("pdf", "svg", "png")
LARGEST = 1 << 28  # bytes of a file that is read
PNG_KEY = "tda_latent"
_MARK = "tda_latent:"
_BLANK = "0" * 64
_SEAL = re.compile(rb"tda_latent:([0-9a-f]{64}):")
_TRACES = re.compile(rb"tda_latent:.{64}:\{|:[0-9a-f]{64}:\{", re.S)  # a seal of which a byte may be other
_HEX = re.compile(r"[0-9a-f]{64}:")
_BAD = (ValueError, SyntaxError, LookupError, RecursionError, struct.error)  # what readers raise on other content


@dataclass(frozen=True)
class Origin:
    """What a file says about itself.

    format : "pdf", "svg" or "png"; facts : texts by name, as `render` was given them
    intact : whether every byte is as it was written; None for files of versions that did not seal them
    """

    format: str
    facts: dict[str, str]
    intact: bool | None


def inscription(facts: dict[str, str]) -> str:
    """The text for the metadata of a file that `sealed` will fill in."""
    return f"{_MARK}{_BLANK}:{json.dumps(facts, sort_keys=True)}"


def sealed(content: bytes, format: str) -> bytes:
    """The file with its digest in its own metadata; a file that was sealed before and not changed stays as it is.

    Raises
    ------
    InvalidInput
        When its metadata have no room for a digest.
    """
    found = _SEAL.search(content)
    if found is None:
        raise InvalidInput(f"the {format} file carries no facts of tda_latent; was it written by save or render?")
    blank = _filled(content, found.start(1), _BLANK, format)
    return _filled(blank, found.start(1), sha256(blank), format)


def origin_of(file: bytes | str | Path, format: str | None = None) -> Origin:
    """What a file says about its origin, whatever its name.

    Parameters
    ----------
    file : bytes or path
    format : "pdf", "svg" or "png"; None = read off the content

    Raises
    ------
    InvalidInput
        For a file that cannot be read, that `render` did not write, or that is damaged where it says what it is.
    """
    content = file if isinstance(file, bytes) else _content(Path(file))
    kind = format or ("pdf" if content[:4] == b"%PDF" else "png" if content[1:4] == b"PNG" else "svg")
    if kind not in FORMATS:
        raise unknown_name("figure format", kind, FORMATS)
    try:
        text = {"pdf": _pdf_keywords, "svg": _svg_keywords, "png": _png_text}[kind](content)
        body = (text or "").removeprefix(_MARK)
        sealing = _HEX.match(body)
        facts = json.loads(body[sealing.end() :] if sealing else body)
        if text is None or not text.startswith(_MARK) or not isinstance(facts, dict):
            raise ValueError("no facts")
    except _BAD:
        if _TRACES.search(content):
            raise InvalidInput(
                "a figure file of tda_latent, but damaged: its facts cannot be read. Take it from a copy, or from "
                "figures/ of its run, or draw it again (tda-latent figures FILE)."
            ) from None
        what = "no PDF, SVG or PNG file of tda_latent" if format is None and kind == "svg" else f"the {kind} file"
        raise InvalidInput(f"{what} carries no facts of tda_latent; was it written by save or render?") from None
    return Origin(kind, {str(k): str(v) for k, v in facts.items()}, _intact(content, kind) if sealing else None)


def facts_of(file: bytes | str | Path, format: str | None = None) -> dict[str, str]:
    """The facts that `render` put into a file, see `origin_of`."""
    return origin_of(file, format).facts


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidInput(f"{path} has more than {LARGEST >> 20} MiB; no figure of tda_latent is that large.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None


def _intact(content: bytes, format: str) -> bool:
    try:
        return sealed(content, format) == content
    except (*_BAD, InvalidInput):
        return False


def _filled(content: bytes, start: int, digest: str, format: str) -> bytes:
    """The file with another digest of the same length; a chunk of a PNG file gets its checksum again."""
    data = bytearray(content)
    data[start : start + len(digest)] = digest.encode()
    if format == "png":
        kind = start - len(f"{PNG_KEY}\0{_MARK}") - 4
        (length,) = struct.unpack_from(">I", data, kind - 4)
        end = kind + 4 + length
        struct.pack_into(">I", data, end, zlib.crc32(data[kind:end]))
    return bytes(data)


def _pdf_keywords(content: bytes) -> str | None:
    """The keywords in the information dictionary, as Matplotlib writes it."""
    found = re.search(rb"/Keywords \(((?:[^\\()]|\\.)*)\)", content, re.S)
    return re.sub(r"\\([\\()])", r"\1", found.group(1).decode("ascii")) if found else None


def _svg_keywords(content: bytes) -> str | None:
    """The keywords of the Dublin Core metadata; a document that declares entities is refused."""
    from xml.etree import ElementTree

    if b"<!ENTITY" in content:
        raise ValueError("entities")
    words: Any = ElementTree.fromstring(content).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li")
    return next((word.text for word in words if word.text and word.text.startswith(_MARK)), None)


def _png_text(content: bytes) -> str | None:
    """The text chunk of our name."""
    position = 8
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        body = content[position + 8 : position + 8 + length]
        if kind == b"tEXt" and body.startswith(f"{PNG_KEY}\0".encode()):
            return body.split(b"\0", 1)[1].decode("latin-1")
        position += length + 12
    return None
