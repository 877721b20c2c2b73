"""Laws of every figure: global style untouched, text readable and on the page, files equal and self-describing."""

from __future__ import annotations

import io
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


@pytest.fixture(scope="module")
def drawn(everything: Any) -> dict[str, tuple[Any, bytes]]:
    """Axes and PDF of every figure."""
    axes = {name: component(record) for name, (component, record) in everything.items()}
    pages = {name: (ax, canvas.render(ax.figure, "pdf", FACTS)) for name, ax in axes.items()}
    for ax in axes.values():
        ax.figure.draw_without_rendering()  # leaves extents in pixels of the screen, not of the page
    return pages


def test_every_registered_figure_is_among_the_examples(everything: Any) -> None:
    shown = {type(component).component_name for component, _ in everything.values()}
    ours = {c.name for c in registry().all() if c.kind == "figure" and c.cls.__module__.startswith("tda_latent")}
    assert shown == ours


def test_drawing_leaves_the_style_alone_and_opens_no_window(everything: Any) -> None:
    before = dict(mpl.rcParams)
    for component, record in everything.values():
        assert hasattr(component(record), "get_xlim")
    assert dict(mpl.rcParams) == before
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_writing_leaves_the_style_alone(diagram: Any) -> None:
    before = dict(mpl.rcParams)
    canvas.render(canvas.panels(registry().find("figure", "barcode").build({}), {"a": diagram}), "png", dots=60)
    assert dict(mpl.rcParams) == before


def test_a_figure_draws_into_the_given_axes_and_only_there(everything: Any) -> None:
    before = dict(mpl.rcParams)
    for component, record in everything.values():
        figure = Figure(layout="constrained")
        ax = figure.add_subplot()
        assert component(record, ax=ax) is ax
        assert figure.axes == [ax]
    assert dict(mpl.rcParams) == before


def test_all_text_is_at_least_six_points_and_on_the_page(drawn: Any) -> None:
    for name, (ax, _) in drawn.items():
        check_text(name, ax.figure)


@pytest.mark.parametrize("name", ["diagram", "unfinished matrix", "map", "curves", "unfinished between"])
def test_text_fits_the_narrow_column_of_icml_too(everything: Any, name: str) -> None:
    figure = canvas.single(*everything[name], "icml")
    canvas.render(figure, "png", dots=int(figure.dpi))
    check_text(name, figure)


def check_text(name: str, figure: Any) -> None:
    page = figure.bbox
    for text in texts_of(figure):
        assert text.get_fontsize() >= 6, (name, text)
        box = text.get_window_extent()
        inside = box.x0 > page.x0 - 2 and box.x1 < page.x1 + 2 and box.y0 > page.y0 - 2 and box.y1 < page.y1 + 2
        assert inside, (name, text.get_text(), box, page)


def test_legends_cover_no_axes_except_below_the_diagonal(drawn: Any) -> None:
    for name, (ax, _) in drawn.items():
        if ax.get_legend() is None:
            continue
        box, field = ax.get_legend().get_window_extent(), ax.get_window_extent()
        if "diagram" in name:
            corner = ax.transData.inverted().transform((box.x0, box.y1))
            assert corner[1] < corner[0] + 0.1 * np.ptp(ax.get_xlim()), name
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


def test_the_same_record_gives_the_same_page(everything: Any, drawn: Any) -> None:
    once = {type(component): name for name, (component, _) in everything.items()}
    for name in once.values():
        component, record = everything[name]
        assert canvas.render(component(record).figure, "pdf", FACTS) == drawn[name][1], name


def test_pages_embed_truetype_fonts_and_carry_their_facts(drawn: Any) -> None:
    for name, (_, content) in drawn.items():
        assert b"/Type3" not in content, name
        assert b"FontFile2" in content, name
        assert canvas.facts_of(content) == FACTS


@pytest.mark.parametrize("name", ["diagram", "unfinished between", "pies"])
def test_svg_and_png_are_equal_twice_and_carry_their_facts(everything: Any, name: str) -> None:
    component, record = everything[name]
    for format in ("svg", "png"):
        content = canvas.render(component(record).figure, format, FACTS)
        assert content == canvas.render(component(record).figure, format, FACTS)
        assert canvas.facts_of(content) == FACTS
        if format == "svg":
            ElementTree.fromstring(content)


def test_a_figure_drawn_before_is_written_as_if_it_had_not_been(comparison: Any, diagram: Any) -> None:
    for name, record in (("between-within", comparison), ("persistence-diagram", diagram)):
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
