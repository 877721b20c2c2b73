"""Small multiples, and the natural figure of a record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.figures import canvas
from tda_latent.records import Latents, Measures, Scalar
from tda_latent.registry import component_of, registry


def build(name: str, **parameters: Any) -> Any:
    return registry().find("figure", name).build(parameters)


def test_panels_share_the_limits_that_hold_every_diagram(diagram: Any, cut: Any) -> None:
    figure = canvas.panels(build("persistence-diagram"), {"left": diagram, "right": cut}, venue="icml")
    left, right = figure.axes
    assert left.get_xlim() == right.get_xlim() == left.get_ylim() == right.get_ylim()
    assert [ax.get_title() for ax in figure.axes] == ["left", "right"]
    assert figure.get_figwidth() == 6.75
    assert left.get_xlim()[1] > diagram.pairs[np.isfinite(diagram.pairs)].max()


def test_panels_show_an_equal_key_once_and_different_keys_each(curves: Any, diagram: Any, cut: Any) -> None:
    same = canvas.panels(build("betti-curves"), {"a": curves, "b": curves})
    assert [ax.get_legend() for ax in same.axes] == [None, None]
    assert [text.get_text() for text in same.legends[0].get_texts()] == ["pca", "autoencoder", "vae"]
    different = canvas.panels(build("persistence-diagram"), {"a": diagram, "b": cut})
    assert all(ax.get_legend() for ax in different.axes)


def test_panels_wrap_after_three_columns(diagram: Any) -> None:
    figure = canvas.panels(build("barcode"), {str(k): diagram for k in range(5)})
    assert figure.axes[0].get_gridspec().get_geometry() == (2, 3)


def test_a_note_that_holds_for_one_panel_names_it(comparison: Any, unfinished: Any) -> None:
    figure = canvas.panels(build("between-within"), {"first": comparison, "second": unfinished})
    assert "second: INCOMPLETE: 2 of 15 pairs missing" in figure.get_supxlabel()
    alone = canvas.single(build("between-within"), unfinished)
    assert alone.get_supxlabel().startswith("INCOMPLETE: 2 of 15 pairs missing")


def test_panels_of_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        canvas.panels(build("barcode"), {})


@pytest.mark.parametrize(
    ("fixture", "name"),
    [
        ("diagram", "persistence-diagram"),
        ("curves", "betti-curves"),
        ("comparison", "distance-matrix"),
        ("graph", "mapper-graph"),
        ("view", "projection"),
        ("measures", "merge-tree"),
        ("landscape", "vectors"),
    ],
)
def test_every_record_has_its_natural_figure(request: pytest.FixtureRequest, fixture: str, name: str) -> None:
    assert component_of(canvas.default_figure(request.getfixturevalue(fixture))).name == name


def test_measures_without_classes_are_drawn_by_their_curve(measures: Any) -> None:
    assert component_of(canvas.default_figure(measures.replace(tables={}))).name == "measure-curves"


@pytest.mark.parametrize("record", [Latents(np.zeros((2, 2))), Measures({"a": Scalar(1.0)}), {}, 3])
def test_a_record_without_a_figure_is_refused_with_what_can_be_drawn(record: Any) -> None:
    with pytest.raises(InvalidInput, match="persistence-diagram"):
        canvas.default_figure(record)
