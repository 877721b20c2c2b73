"""Laws of every figure: global style untouched, text readable and on the page, files equal and self-describing."""

from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.figures import canvas
from tda_latent.registry import registry

FACTS = {"record": "ab12", "why (really)": 'back\\slash, "quote", é, )('}


def texts_of(figure: Any) -> list[Any]:
    """Texts that are drawn: not those of ticks outside the limits."""
    hidden = set()
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for tick in [tick for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]:
            hidden |= {tick.label1, tick.label2}
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]


def page_inches(pdf: bytes) -> tuple[float, float]:
    box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box
    return float(box[1]) / 72, float(box[2]) / 72


def test_every_registered_figure_is_among_the_examples(everything: Any) -> None:
    drawn = {type(component).component_name for component, _ in everything.values()}
    assert drawn >= {
        c.name for c in registry().all() if c.kind == "figure" and c.cls.__module__.startswith("tda_latent")
    }


def test_a_figure_returns_axes_leaves_style_alone_and_starts_no_pyplot_figure(everything: Any) -> None:
    before = dict(mpl.rcParams)
    for component, record in everything.values():
        ax = component(record)
        assert hasattr(ax, "get_xlim")
    canvas.render(ax.figure, "png", dots=60)
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_a_figure_draws_into_the_given_axes_and_only_there(everything: Any) -> None:
    before = dict(mpl.rcParams)
    for component, record in everything.values():
        figure = Figure(layout="constrained")
        ax = figure.add_subplot()
        assert component(record, ax=ax) is ax
        assert figure.axes == [ax]
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("venue", ["neurips", "icml"])
def test_all_text_is_at_least_six_points_and_on_the_page(everything: Any, venue: str) -> None:
    for name, (component, record) in everything.items():
        figure = canvas.single(component, record, venue)
        canvas.render(figure, "png", dots=int(figure.dpi))
        page = figure.bbox
        for text in texts_of(figure):
            assert text.get_fontsize() >= 6, (name, text)
            box = text.get_window_extent()
            inside = box.x0 > page.x0 - 2 and box.x1 < page.x1 + 2 and box.y0 > page.y0 - 2 and box.y1 < page.y1 + 2
            assert inside, (name, text.get_text(), box, page)


def test_legends_and_notes_cover_no_axes_except_below_the_diagonal(everything: Any) -> None:
    for name, (component, record) in everything.items():
        ax = component(record)
        ax.figure.draw_without_rendering()
        legend = ax.get_legend()
        if legend is None:
            continue
        box, field = legend.get_window_extent(), ax.get_window_extent()
        if "diagram" in name:
            corner = ax.transData.inverted().transform((box.x0, box.y1))
            assert corner[1] < corner[0] + 0.15 * np.ptp(ax.get_xlim()), name
        else:
            assert not box.overlaps(field), name


@pytest.mark.parametrize(
    ("venue", "width", "inches"),
    [
        ("neurips", "text", 5.5),
        ("iclr", "text", 5.5),
        ("icml", "column", 3.25),
        ("icml", "text", 6.75),
        ("neurips", 3.0, 3.0),
    ],
)
def test_pages_are_as_wide_as_the_venue_asks(diagram: Any, venue: str, width: Any, inches: float) -> None:
    with canvas.style(venue, width):
        figure = registry().find("figure", "persistence-diagram").build({})(diagram).figure
    pdf = canvas.render(figure, "pdf")
    assert page_inches(pdf)[0] == pytest.approx(inches, abs=0.01)
    svg = ElementTree.fromstring(canvas.render(figure, "svg"))
    assert float(svg.attrib["width"].removesuffix("pt")) / 72 == pytest.approx(inches, abs=0.01)


def test_files_are_equal_twice_and_carry_their_facts(everything: Any) -> None:
    for format, (name, (component, record)) in zip(itertools.cycle(canvas.FORMATS), everything.items(), strict=False):
        content = canvas.render(component(record).figure, format, FACTS, dots=60)
        assert content == canvas.render(component(record).figure, format, FACTS, dots=60), (name, format)
        assert canvas.facts_of(content) == FACTS
        if format == "svg":
            ElementTree.fromstring(content)


def test_every_pdf_embeds_truetype_fonts_and_no_type_3(everything: Any) -> None:
    for name, (component, record) in everything.items():
        content = canvas.render(component(record).figure, "pdf", dots=60)
        assert b"/Type3" not in content, name
        assert b"FontFile2" in content, name


def test_a_figure_drawn_before_is_written_as_if_it_had_not_been(comparison: Any, diagram: Any) -> None:
    for name, record in (("distance-matrix", comparison), ("persistence-diagram", diagram)):
        figure = registry().find("figure", name).build({})(record).figure
        first = canvas.render(figure, "svg")
        figure.draw_without_rendering()
        canvas.render(figure, "png")
        assert canvas.render(figure, "svg") == first


def test_a_fresh_process_writes_the_same_bytes(diagram: Any, tmp_path: Path) -> None:
    script = """
import sys, hashlib, numpy as np
from tda_latent.figures import canvas
from tda_latent.records import PersistenceDiagram
from tda_latent.registry import registry
figures = [c for c in registry().all() if c.kind == "figure"]
assert figures and "matplotlib" not in sys.modules, "figures load Matplotlib only when they draw"
d = PersistenceDiagram([[0, 1], [0, np.inf], [.5, 1.5]], [0, 0, 1])
figure = registry().find("figure", "persistence-diagram").build({})(d).figure
print(*[hashlib.sha256(canvas.render(figure, f)).hexdigest() for f in canvas.FORMATS])
assert "matplotlib.pyplot" not in sys.modules
"""
    style = tmp_path / "matplotlibrc"
    style.write_text("font.size: 30\naxes.facecolor: black\nsvg.hashsalt: other\n")
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=os.environ | extra, check=False
        )
        for extra in ({"PYTHONHASHSEED": "1"}, {"PYTHONHASHSEED": "2", "MATPLOTLIBRC": str(style)})
    ]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr + runs[1].stderr
    assert runs[0].stdout == runs[1].stdout != ""


def test_save_writes_every_format_and_facts_come_back_from_the_file(diagram: Any, tmp_path: Path) -> None:
    figure = registry().find("figure", "barcode").build({})(diagram).figure
    paths = canvas.save(figure, tmp_path / "new" / "fig1", facts=FACTS)
    assert sorted(path.name for path in paths.values()) == ["fig1.pdf", "fig1.png", "fig1.svg"]
    for format, path in paths.items():
        assert canvas.facts_of(path) == canvas.facts_of(path, format) == FACTS


def test_a_foreign_figure_exports_with_embedded_fonts_too() -> None:
    figure = Figure(figsize=(2, 2))
    figure.add_subplot().set_title("foreign")
    content = canvas.render(figure, "pdf", {"a": "b"})
    assert b"/Type3" not in content
    assert canvas.facts_of(content) == {"a": "b"}


def test_a_file_without_our_facts_and_an_unknown_format_are_refused() -> None:
    stream = io.BytesIO()
    figure = Figure()
    figure.savefig(stream, format="png")
    with pytest.raises(InvalidInput, match="carries no facts"):
        canvas.facts_of(stream.getvalue())
    with pytest.raises(UnknownName, match="Did you mean 'pdf'"):
        canvas.render(figure, "pfd")


def test_an_unknown_venue_or_width_is_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'neurips'"), canvas.style("neurip"):
        pass
    with pytest.raises(InvalidParameter, match="inches"), canvas.style("icml", -1.0):
        pass


def test_a_notebook_shows_what_is_returned(diagram: Any) -> None:
    ax = registry().find("figure", "persistence-diagram").build({})(diagram)
    assert ax._repr_png_()[1:4] == b"PNG"
    assert ax.figure._repr_png_()[1:4] == b"PNG"


def test_saving_by_hand_keeps_the_embedded_fonts_and_style(diagram: Any) -> None:
    figure = registry().find("figure", "persistence-diagram").build({})(diagram).figure
    stream = io.BytesIO()
    figure.savefig(stream, format="pdf")
    assert b"/Type3" not in stream.getvalue()


def test_a_cloud_of_many_points_stays_a_small_file(view: Any) -> None:
    points = np.random.default_rng(0).normal(size=(20_000, 2))
    figure = registry().find("figure", "projection").build({})(view.replace(coordinates=points, labels={})).figure
    assert len(canvas.render(figure, "pdf")) < 400_000
