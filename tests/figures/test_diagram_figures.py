"""Artists of figures of diagrams carry the data, the units and the words that qualify them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tda_latent.errors import IncompatibleRecords, IncompleteResult, InvalidInput, InvalidParameter
from tda_latent.figures import canvas
from tda_latent.records import PersistenceDiagram, Vectors
from tda_latent.registry import registry


def draw(name: str, record: Any, **parameters: Any) -> Any:
    return registry().find("figure", name).build(parameters)(record, ax=Figure().add_subplot())


def artists(ax: Any, label: str) -> list[Any]:
    return [artist for artist in ax.get_children() if str(artist.get_label()).startswith(label)]


def tick_names(axis: Any) -> list[str]:
    return [text.get_text() for text in axis.get_ticklabels()]


def test_points_are_the_bars_in_the_colour_and_shape_of_their_degree(diagram: Any) -> None:
    ax = draw("persistence-diagram", diagram)
    for degree in range(3):
        (points,) = artists(ax, f"_H{degree}")
        offsets = np.asarray(points.get_offsets())
        bars = diagram.of_degree(degree)
        finite = np.isfinite(bars[:, 1])
        expected = bars.copy()
        expected[~finite, 1] = artists(ax, "_infinity")[0].get_ydata()[0]
        np.testing.assert_array_equal(offsets, np.unique(expected, axis=0))
        assert to_hex(points.get_facecolors()[0]).upper() == canvas.colour(degree)


def test_a_diagram_has_equal_axes_with_units_and_a_tick_for_infinity(diagram: Any) -> None:
    ax = draw("persistence-diagram", diagram)
    assert ax.get_aspect() == 1.0
    assert ax.get_xlim() == ax.get_ylim()
    assert ax.get_xlabel() == "birth (median pairwise distance)"
    assert ax.get_ylabel() == "death (median pairwise distance)"
    assert tick_names(ax.yaxis)[-1] == "∞"
    assert "∞" not in tick_names(ax.xaxis)
    assert ax.get_yticks()[-1] > diagram.pairs[np.isfinite(diagram.pairs)].max()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "$H_{0}$: 21 bars",
        "$H_{1}$: 15 bars",
        "$H_{2}$: 1 bar",
    ]


def test_a_diagram_without_endless_bars_has_no_line_of_infinity() -> None:
    ax = draw("persistence-diagram", PersistenceDiagram([[0, 1]], [0]))
    assert not artists(ax, "_infinity")
    assert "∞" not in tick_names(ax.yaxis)


def test_bars_alive_at_a_cut_are_hollow_at_the_cut_and_never_at_infinity(cut: Any) -> None:
    ax = draw("persistence-diagram", cut)
    (points,) = artists(ax, "_H1")
    offsets, faces = np.asarray(points.get_offsets()), points.get_facecolors()
    alive = offsets[:, 1] == 0.5
    assert alive.sum() == 1
    assert [to_hex(face) for face in faces[alive]] == ["#ffffff"]
    assert not artists(ax, "_infinity")
    assert artists(ax, "_cut")[0].get_ydata()[0] == 0.5
    assert "hollow: 2 alive at cut 0.5" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_equal_bars_are_one_point_of_proportional_area() -> None:
    ax = draw("persistence-diagram", PersistenceDiagram([[0, 1]] * 5 + [[0, 2]], [0] * 6))
    sizes = artists(ax, "_H0")[0].get_sizes()
    assert sizes[0] == 5 * sizes[1]
    assert "area: equal bars, up to 5" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_negative_births_are_on_the_page() -> None:
    ax = draw("persistence-diagram", PersistenceDiagram([[-2.0, 1.0]], [0], filtration="sublevel"))
    assert ax.get_xlim()[0] < -2


@pytest.mark.parametrize("name", ["persistence-diagram", "barcode"])
@pytest.mark.parametrize("pairs", [np.empty((0, 2)), [[0, np.inf]], [[0, 1e-300]], [[0, 1e300]], [[5.0, 5.5]]])
def test_empty_endless_tiny_and_huge_diagrams_draw(name: str, pairs: Any) -> None:
    ax = draw(name, PersistenceDiagram(pairs, [0] * len(pairs)))
    ax.figure.draw_without_rendering()
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()


@pytest.mark.parametrize("name", ["persistence-diagram", "barcode"])
def test_limits_are_kept_and_must_rise(name: str, diagram: Any) -> None:
    low, high = draw(name, diagram, limits=(0.0, 9.0)).get_xlim()
    assert low <= 0 < 9 <= high < 11
    with pytest.raises(InvalidParameter, match="low < high"):
        draw(name, diagram, limits=(1.0, 1.0))


def test_only_the_chosen_degrees_are_drawn(diagram: Any) -> None:
    ax = draw("persistence-diagram", diagram, degrees=(1,), legend=False)
    assert artists(ax, "_H1")
    assert not artists(ax, "_H0")
    assert ax.get_legend() is None


def test_bars_run_from_birth_to_death_and_cut_lists_say_so(diagram: Any) -> None:
    ax = draw("barcode", diagram, top=8)
    (bars,) = artists(ax, "_H1")
    spans = np.array([[path.vertices[:, 0].min(), path.vertices[:, 0].max()] for path in bars.get_paths()])
    all_bars = diagram.of_degree(1)
    longest = all_bars[np.sort(np.argsort(all_bars[:, 0] - all_bars[:, 1], kind="stable")[:8])]
    np.testing.assert_allclose(spans, longest)
    assert tick_names(ax.yaxis) == ["$H_{0}$\ntop 8 of 21", "$H_{1}$\ntop 8 of 15", "$H_{2}$\n1 bar"]
    assert ax.get_xlabel() == "scale (median pairwise distance)"


def test_an_endless_bar_is_kept_and_ends_in_an_arrow_at_the_edge(diagram: Any) -> None:
    ax = draw("barcode", diagram, top=1)
    (arrows,) = artists(ax, "_alive0")
    assert len(arrows.get_offsets()) == 1
    assert arrows.get_offsets()[0, 0] > diagram.pairs[np.isfinite(diagram.pairs)].max()


def test_a_band_reaches_from_the_smallest_to_the_largest_replicate_and_says_so(curves: Any) -> None:
    ax = draw("betti-curves", curves)
    values = np.stack([vectors.values for vectors in curves["pca"]])
    (band,) = artists(ax, "_range pca")
    outline = band.get_paths()[0].vertices
    assert outline[:, 1].max() == values.max()
    thin = artists(ax, "_replicate pca")
    np.testing.assert_array_equal([line.get_ydata() for line in thin], values)
    np.testing.assert_allclose(artists(ax, "pca")[0].get_ydata(), values.mean(axis=0))
    (words,) = [text.get_text() for text in ax.texts]
    assert " ".join(words.split()) == "thin: replicates; thick: their mean; band: smallest to largest of 3 replicates"
    assert "confidence" not in words


def test_models_differ_by_dashes_and_not_by_colour_alone(curves: Any) -> None:
    ax = draw("betti-curves", curves)
    assert len({str(artists(ax, model)[0]._dash_pattern) for model in curves}) == len(curves)


def test_unequal_numbers_of_replicates_are_told_model_by_model(curves: Any) -> None:
    ax = draw("betti-curves", {**curves, "vae": curves["vae"][:1]})
    assert "vae: 1" in " ".join(ax.texts[0].get_text().split())
    alone = draw("betti-curves", {model: group[:1] for model, group in curves.items()})
    assert "no spread is known" in " ".join(alone.texts[0].get_text().split())


def test_curves_that_cannot_share_axes_are_refused(curves: Any) -> None:
    odd = curves["vae"][0].replace(degree=0)
    with pytest.raises(IncompatibleRecords, match="degree"):
        draw("betti-curves", {**curves, "vae": (odd,)})
    grid = curves["vae"][0].replace(grid=curves["vae"][0].grid * 2)
    with pytest.raises(IncompatibleRecords, match="different grids"):
        draw("betti-curves", {"vae": (curves["vae"][0], grid)})
    with pytest.raises(IncompleteResult, match="no replicate"):
        draw("betti-curves", {**curves, "gan": ()})


def test_landscapes_over_replicates_draw_the_layer_asked_for(landscape: Vectors) -> None:
    ax = draw("betti-curves", {"pca": (landscape,)}, layer=1)
    np.testing.assert_array_equal(artists(ax, "pca")[0].get_ydata(), landscape.values[1])
    with pytest.raises(InvalidInput, match="layer 2"):
        draw("betti-curves", {"pca": (landscape,)}, layer=2)


def test_a_landscape_is_a_line_per_layer_and_an_image_has_its_cells(landscape: Vectors) -> None:
    lines = artists(draw("vectors", landscape), "layer")
    np.testing.assert_array_equal([line.get_ydata() for line in lines], landscape.values)
    image = landscape.replace(values=np.eye(30), rows_grid=landscape.grid)
    ax = draw("vectors", image)
    np.testing.assert_array_equal(np.asarray(ax.collections[0].get_array()).reshape(30, 30), np.eye(30))
    assert ax.get_ylabel() == "lifetime\n(median pairwise distance)"


@pytest.mark.parametrize(
    ("name", "unit", "text"),
    [
        ("birth", "", "birth"),
        ("birth", "m", "birth (m)"),
        ("mass", "s", "mass (s)"),
        ("number of components", "components", "number of components"),
        ("bottleneck, degree 1", "median pairwise distance", "bottleneck, degree 1\n(median pairwise distance)"),
    ],
)
def test_an_axis_names_its_unit_once(name: str, unit: str, text: str) -> None:
    assert canvas.quantity(name, unit) == text
