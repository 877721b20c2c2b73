"""Figure files know where they come from, and show every change that was made to them since."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tda_latent.errors import InvalidInput
from tda_latent.figures import canvas
from tda_latent.registry import registry

FACTS = {"figure": "persistence-diagram", "key": "k" * 64, "text": 'quotes " (brackets) \\ and ü'}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    from tda_latent.records import PersistenceDiagram

    diagram = PersistenceDiagram([[0, 1], [0, 2], [0.5, 1.5]], [0, 0, 1])
    drawn = registry().find("figure", "persistence-diagram").build({})(diagram).figure
    return {format: canvas.render(drawn, format, FACTS, dots=60) for format in canvas.FORMATS}


@pytest.mark.parametrize("format", canvas.FORMATS)
def test_a_file_is_intact_under_any_name_and_says_what_it_was_told(files: Any, format: str, tmp_path: Path) -> None:
    path = tmp_path / "somebody renamed this.txt"
    path.write_bytes(files[format])
    origin = canvas.origin_of(path)
    assert (origin.format, origin.facts, origin.intact) == (format, FACTS, True)


@pytest.mark.parametrize("format", canvas.FORMATS)
def test_every_changed_byte_shows(files: Any, format: str) -> None:
    content = files[format]
    for place in range(0, len(content), max(1, len(content) // 400)):
        changed = bytearray(content)
        changed[place] ^= 1
        assert not _says_intact(bytes(changed), format), place
    assert canvas.origin_of(content + b"\n", format).intact is False
    if format != "pdf":  # a PDF names its facts at its end
        assert not _says_intact(content[:-20], format)


def _says_intact(content: bytes, format: str) -> bool:
    try:
        return canvas.origin_of(content, format).intact is True
    except InvalidInput:
        return False


def test_pixels_saved_by_another_program_are_called_edited(files: Any) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    opened = Image.open(io.BytesIO(files["png"]))
    kept = PngInfo()
    kept.add_text("tda_latent", opened.text["tda_latent"])
    stream = io.BytesIO()
    opened.rotate(180).save(stream, "png", pnginfo=kept)
    origin = canvas.origin_of(stream.getvalue())
    assert origin.facts == FACTS
    assert origin.intact is False


def test_files_of_versions_that_sealed_nothing_are_still_read() -> None:
    old = b'%PDF-1.4 /Keywords (tda_latent:{"records": "abc"}) trailer'
    origin = canvas.origin_of(old)
    assert (origin.facts, origin.intact) == ({"records": "abc"}, None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.4 no keywords",
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff",
        b"<svg",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><svg>&a;</svg>',
        b'%PDF /Keywords (tda_latent:{"a": )',
        b"%PDF /Keywords (tda_latent:[1])",
        "ü".encode("utf-16"),
    ],
)
def test_anything_else_is_refused_without_a_traceback(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="carries no facts"):
        canvas.origin_of(content)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.pdf cannot be read"):
        canvas.origin_of(tmp_path / "none.pdf")
