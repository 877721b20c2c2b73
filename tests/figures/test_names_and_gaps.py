"""Names that are too long, too many or missing, circular quantities, strips without end: all readable, none hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tda_latent.figures import canvas
from tda_latent.figures.gallery import GalleryPlot
from tda_latent.figures.measure_curves import MeasureCurve
from tda_latent.figures.merge_tree import MergeTree
from tda_latent.figures.projection import ProjectionPlot
from tda_latent.figures.semantic_regions import SemanticRegions
from tda_latent.records import Curve, Factor, Gallery, Latents, Measures, Projection, Scalar, Table

LONG = [f"a very long class name number {k} of thirty" for k in range(30)]
POINTS = np.random.default_rng(0).normal(size=(300, 2))
OWNERS = np.arange(300) % 30


def seen(labels: dict[str, Any], **facts: Any) -> Projection:
    return Projection(POINTS, "pca", labels=labels, **facts)


def boxes(figure: Any, artists: Any) -> list[Any]:
    figure.draw_without_rendering()
    return [artist.get_window_extent() for artist in artists]


def test_short_names_stay_and_long_ones_lose_what_they_share() -> None:
    assert canvas.shortened(["cat", "dog"], 5) == ["cat", "dog"]
    assert canvas.shortened(["layer encoder.1", "layer encoder.2"], 8) == ["…1", "…2"]
    assert canvas.shortened(["abcdefghijkl"], 7) == ["abc…jkl"]
    assert len(set(canvas.shortened(LONG, 6))) == 30


@pytest.mark.parametrize("most", [3, 9, 20])
def test_different_names_stay_different_and_equal_ones_equal(most: int) -> None:
    names = ["prefix one " + "x" * k + " middle " + "y" * (9 - k) + " end" for k in range(9)] * 2
    cut = canvas.shortened(names, most)
    assert cut[:9] == cut[9:]
    assert len(set(cut)) == 9


@pytest.mark.parametrize("component", [ProjectionPlot(), SemanticRegions()], ids=["projection", "regions"])
def test_thirty_long_names_leave_the_points_most_of_the_page(component: Any) -> None:
    figure = canvas.single(component, seen({"kind": np.array(LONG)[OWNERS]}))
    figure.draw_without_rendering()
    assert figure.axes[0].get_position().width > 0.4
    assert figure.axes[0].get_position().height > 0.4
    if legend := figure.axes[0].get_legend():
        assert legend.get_window_extent().x1 <= figure.bbox.x1 + 1


def test_entries_that_do_not_fit_a_key_are_counted() -> None:
    names = np.array([f"c{k}" for k in range(30)])[OWNERS]
    other = seen({"kind": np.array(["a", "b"])[OWNERS % 2]})
    figure = canvas.panels(ProjectionPlot(), {"many": seen({"kind": names}), "few": other, "two": other})
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert texts[-1] == f"… {31 - len(texts)} more"


def test_a_key_that_all_panels_share_has_whole_names() -> None:
    record = seen({"kind": np.array(LONG[:3])[OWNERS % 3]})
    figure = canvas.panels(ProjectionPlot(), dict.fromkeys("abc", record))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == LONG[:3]


@pytest.mark.parametrize("component", [ProjectionPlot(), SemanticRegions()], ids=["projection", "regions"])
@pytest.mark.parametrize("count", [1, 3, 4])
def test_panels_of_maps_are_square(component: Any, count: int) -> None:
    record = seen({"kind": np.array(["a", "b"])[OWNERS % 2]}, trust={"trustworthiness": 0.9})
    figure = canvas.panels(component, {f"model {k}": record for k in range(count)})
    figure.draw_without_rendering()
    width, height = figure.axes[0].get_position(original=True).size * figure.get_size_inches()
    assert height == pytest.approx(width, rel=0.05)


def test_points_without_a_value_are_drawn_grey_and_counted() -> None:
    values = np.where(OWNERS < 3, np.nan, 1.0 * OWNERS)
    texts = np.where(OWNERS < 3, "", "kind")
    for labels in ({"x": values}, {"x": texts}):
        ax = canvas.single(ProjectionPlot(), seen(labels)).axes[0]
        assert sum(len(part.get_offsets()) for part in ax.collections if part.get_label() == "_no value") == 30
        assert sum(len(part.get_offsets()) for part in ax.collections) >= 300
        assert "grey: 30 without x" in ax.figure.get_supxlabel()
    regions = canvas.single(SemanticRegions(), seen({"x": texts}))
    assert [text.get_text() for text in regions.axes[0].texts] == ["kind"]
    assert not SemanticRegions.suits(seen({"x": np.full(300, "")}))


def test_circular_factors_have_colours_that_close() -> None:
    turn = np.random.default_rng(1).uniform(0, 24, 300)
    latents = Latents(POINTS, factors={"hour": Factor(turn, "circular", 24.0), "size": Factor(turn)})
    record = Projection.of(latents, POINTS, method="pca")
    assert dict(record.periods) == {"hour": 24.0}
    hours = canvas.single(ProjectionPlot(colour="hour"), record).axes[0].collections[0]
    np.testing.assert_allclose(hours.cmap(0.0), hours.cmap(1.0), atol=0.02)
    assert hours.get_clim() == (0.0, 24.0)
    assert canvas.single(ProjectionPlot(colour="size"), record).axes[0].collections[0].cmap.name == "viridis"


def test_the_agreement_of_seeds_stands_beside_chance_and_only_where_there_are_seeds() -> None:
    trust = {"seed agreement": 0.7, "seed agreement by chance": 0.05}
    assert canvas.badge(seen({}, trust=trust, settings={"seed": 3})) == ["seed agreement 0.70 (chance 0.05)"]
    assert canvas.badge(seen({}, trust=trust)) == []


def test_long_names_of_classes_leave_room_for_their_tree() -> None:
    scales = np.where(np.eye(30), 0.0, 1.0)
    record = Measures(tables={"class merge scale": Table(scales, np.array(LONG), np.array(LONG), "distance")})
    figure = canvas.single(MergeTree(), record)
    figure.draw_without_rendering()
    assert figure.axes[0].get_position().width > 0.6


def test_a_curve_of_one_value_is_seen() -> None:
    curve = Curve(np.array([100.0]), np.array([3.0]), "points", "", "points", "dimension")
    line = canvas.single(MeasureCurve(), Measures(curves={"two-nn": curve})).axes[0].lines[0]
    assert line.get_marker() == "o"


@pytest.mark.parametrize("logarithmic", [False, True])
def test_curves_side_by_side_have_one_ordinate(logarithmic: bool) -> None:
    grid = np.arange(3.0)
    low, high = (Measures(curves={"c": Curve(grid, y, "", "", "x", "y")}) for y in (grid + 1, 10 * grid + 1))
    left, right = canvas.panels(MeasureCurve(logarithmic=logarithmic), {"low": low, "high": high}).axes
    assert left.get_ylim() == right.get_ylim()
    assert left.get_ylim()[0] < 1 < 21 < left.get_ylim()[1]


def strips(rows: int, columns: int, **facts: Any) -> Gallery:
    images = np.random.default_rng(0).uniform(size=(rows, columns, 8, 8))
    names = np.array([f"z{k}: variance 1\nmoves 1" for k in range(rows)])
    return Gallery(images, names, np.array([f"{k / columns:.2g}" for k in range(columns)]), 0.0, 1.0, **facts)


@pytest.mark.parametrize(("rows", "columns"), [(1, 53), (60, 5), (3, 30)])
def test_captions_of_many_pictures_do_not_overlap(rows: int, columns: int) -> None:
    figure = canvas.single(GalleryPlot(), strips(rows, columns))
    every = boxes(figure, figure.axes[0].texts)
    assert not any(a.overlaps(b) for k, a in enumerate(every) for b in every[:k])


def test_two_hundred_strips_are_smaller_and_not_a_page_of_nine_feet() -> None:
    high = canvas.page("text")[0] * GalleryPlot().panel_ratio(strips(200, 9).replace(rows=np.full(200, "linear")))
    assert high < 40


def test_panels_of_pictures_say_their_title_once_and_name_their_numbers_shortly() -> None:
    one = strips(2, 5, title="Seen", scalars={"found": Scalar(1.0)})
    figure = canvas.panels(GalleryPlot(), {"pca": one, "vae": one.replace(scalars={"found": Scalar(2.0)})})
    assert [ax.get_title() for ax in figure.axes] == ["pca", "vae"]
    assert figure.get_suptitle() == "Seen"
    assert figure.get_supxlabel() == "pca: found 1\nvae: found 2"
