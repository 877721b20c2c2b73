"""Artists of figures of comparisons, graphs, projections and measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from tda_latent.errors import IncompleteResult, InvalidInput, UnknownName
from tda_latent.figures import canvas
from tda_latent.records import Measures, Projection
from tda_latent.registry import registry


def draw(name: str, record: Any, **parameters: Any) -> Any:
    return registry().find("figure", name).build(parameters)(record, ax=Figure().add_subplot())


def artists(ax: Any, label: str) -> list[Any]:
    return [artist for artist in ax.get_children() if str(artist.get_label()).startswith(label)]


def words(ax: Any) -> str:
    return " ".join(" ".join(text.get_text().split()) for text in ax.texts)


def names(axis: Any) -> list[str]:
    return [text.get_text() for text in axis.get_ticklabels()]


def test_the_matrix_shows_distances_in_the_order_of_the_dendrogram_on_both_axes(comparison: Any) -> None:
    ax = draw("distance-matrix", comparison)
    order = comparison.order
    np.testing.assert_array_equal(ax.images[0].get_array(), comparison.values[np.ix_(order, order)])
    rows = [f"{comparison.models[k]} · {comparison.replicates[k]}" for k in order]
    assert names(ax.yaxis) == names(ax.xaxis) == rows
    (tree,) = [child for child in ax.child_axes if child.get_label() == "dendrogram"]
    heights = [path.vertices[:, 1].max() for path in tree.collections[0].get_paths()]
    np.testing.assert_allclose(heights, comparison.tree[:, 2])
    bar = next(child for child in ax.child_axes if child.get_label() != "dendrogram")
    assert bar.get_ylabel() == "bottleneck, degree 1\n(median pairwise distance)"


def test_small_matrices_carry_numbers_and_large_ones_do_not(comparison: Any) -> None:
    ax = draw("distance-matrix", comparison)
    assert len(ax.texts) == len(comparison) ** 2
    size = 13
    large = comparison.replace(
        values=np.ones((size, size)) - np.eye(size), models=np.arange(size), replicates=np.zeros(size, dtype=int),
        order=None, tree=None, embedding=None,
    )  # fmt: skip
    assert not draw("distance-matrix", large, order="given").texts


def test_missing_cells_are_hatched_and_counted_and_infinite_ones_are_named(unfinished: Any) -> None:
    ax = draw("distance-matrix", unfinished)
    (missing,) = artists(ax, "_missing")
    assert missing.get_hatch()
    assert len(missing.get_paths()) == np.isnan(unfinished.values).sum() == 4
    assert len(artists(ax, "_infinite")[0].get_paths()) == 2
    assert [text.get_text() for text in ax.texts].count("∞") == 2
    assert "INCOMPLETE: 2 of 15 pairs missing" in words(ax)
    assert names(ax.yaxis)[0] == "pca · 0"


def test_a_comparison_that_was_not_arranged_is_refused_with_the_remedy(comparison: Any) -> None:
    loose = comparison.replace(order=None, tree=None, embedding=None)
    with pytest.raises(IncompleteResult, match="order: given"):
        draw("distance-matrix", loose)
    with pytest.raises(IncompleteResult, match="no embedding"):
        draw("model-map", loose)
    draw("distance-matrix", loose, order="given")


def test_the_map_shows_the_stored_places_hulls_and_stress(comparison: Any) -> None:
    ax = draw("model-map", comparison)
    for name in comparison.names:
        (points,) = artists(ax, name)
        np.testing.assert_array_equal(points.get_offsets(), comparison.embedding[comparison.models == name])
    assert len(artists(ax, "_hull")) == 3
    assert "stress 0.0123" in words(ax)
    assert ax.get_xlabel() == "MDS 1 (median pairwise distance)"
    assert ax.get_aspect() == 1.0


def test_a_hull_has_its_replicates_inside_or_on_it(comparison: Any) -> None:
    places = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [5, 5]])
    record = comparison.replace(embedding=places, models=np.array(["a"] * 5 + ["b"]), replicates=np.arange(6))
    (hull,) = artists(draw("model-map", record), "_hull a")
    assert {tuple(corner) for corner in hull.get_xy()} == {(0, 0), (2, 0), (2, 2), (0, 2)}
    assert not artists(draw("model-map", record), "_hull b")


def test_every_distance_is_a_mark_within_or_between(comparison: Any) -> None:
    ax = draw("between-within", comparison)
    within = np.concatenate([points.get_offsets()[:, 0] for points in artists(ax, "_within")])
    between = np.concatenate([points.get_offsets()[:, 0] for points in artists(ax, "_between")])
    every = comparison.values[np.triu_indices(len(comparison), 1)]
    np.testing.assert_allclose(np.sort(np.concatenate([within, between])), np.sort(every))
    assert artists(ax, "_largest")[0].get_xdata()[0] == within.max()
    assert names(ax.yaxis)[:4] == ["within pca", "within autoencoder", "within vae", "pca to autoencoder"]
    assert "2 replicates per model" in words(ax)


def test_unfinished_and_infinite_distances_are_said_beside_the_strips(unfinished: Any) -> None:
    ax = draw("between-within", unfinished)
    assert "INCOMPLETE: 2 of 15 pairs missing" in words(ax)
    assert names(ax.xaxis)[-1] == "∞"
    with pytest.raises(IncompleteResult, match="no distance"):
        draw("between-within", unfinished.replace(values=np.full((6, 6), np.nan)))


def test_many_models_are_set_against_all_others_together(comparison: Any) -> None:
    size = 7
    record = comparison.replace(
        values=np.ones((size, size)) - np.eye(size), models=np.array([f"m{k}" for k in range(size)]),
        replicates=np.zeros(size, dtype=int), order=None, tree=None, embedding=None,
    )  # fmt: skip
    ax = draw("between-within", record)
    assert names(ax.yaxis) == [f"m{k} to others" for k in range(size)]
    assert "the spread within a model is unknown" in words(ax)


def test_pies_have_slices_of_their_shares_and_discs_areas_of_their_members(graph: Any) -> None:
    ax = draw("mapper-graph", graph)
    (pies,) = artists(ax, "_nodes")
    named = [canvas.colour(0), canvas.colour(0), canvas.colour(1)]
    assert [to_hex(c).upper() for c in pies.get_facecolors()] == [*named, to_hex("0.85").upper()]  # of no class
    area = [polygon_area(path.vertices[:-1]) for path in pies.get_paths()]
    assert area[1] / area[2] == pytest.approx(1 / 2, rel=0.02)
    assert area[0] / (area[1] + area[2]) == pytest.approx(4 / 3, rel=0.02)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["zero", "one"]


def polygon_area(corners: np.ndarray) -> float:
    x, y = corners.T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


def test_nodes_coloured_by_a_lens_carry_its_means_and_edges_their_ends(graph: Any) -> None:
    ax = draw("mapper-graph", graph, colour="PC 1")
    (nodes,) = artists(ax, "_nodes")
    np.testing.assert_allclose(nodes.get_array(), [1.5, 4.0, 6.0])
    np.testing.assert_array_equal(nodes.get_offsets(), graph.layout)
    np.testing.assert_array_equal(artists(ax, "_edges")[0].get_segments()[0], graph.layout[[0, 1]])
    assert ax.child_axes[0].get_ylabel() == "mean of PC 1"
    assert "2 of 9 points lie in no node" in words(ax)


def test_a_graph_without_layout_or_with_an_unknown_colour_is_refused(graph: Any) -> None:
    with pytest.raises(IncompleteResult, match="layout"):
        draw("mapper-graph", graph.replace(layout=None))
    with pytest.raises(UnknownName, match="Did you mean 'digit'"):
        draw("mapper-graph", graph, colour="digits")


def test_a_graph_without_nodes_or_with_one_draws(graph: Any) -> None:
    empty = graph.replace(members=[], offsets=[0], edges=[], overlaps=[], composition={}, layout=np.empty((0, 2)))
    assert "no nodes" in words(draw("mapper-graph", empty))
    one = graph.replace(members=[1], offsets=[0, 1], edges=[], overlaps=[], composition={}, layout=np.zeros((1, 2)))
    draw("mapper-graph", one).figure.draw_without_rendering()


def test_every_point_of_a_projection_is_drawn_once_with_colour_and_shape_of_its_class(view: Projection) -> None:
    ax = draw("projection", view)
    drawn = np.concatenate([points.get_offsets() for points in artists(ax, "_class")])
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(view.coordinates, axis=0))
    three = np.concatenate([points.get_offsets() for points in artists(ax, "_class 3")])
    np.testing.assert_array_equal(
        np.sort(three, axis=0), np.sort(view.coordinates[view.labels["digit"] == "3"], axis=0)
    )
    assert {to_hex(p.get_facecolors()[0]).upper() for p in artists(ax, "_class 3")} == {canvas.colour(3)}
    shapes = {p.get_paths()[0].vertices.tobytes() for k in range(10) for p in artists(ax, f"_class {k}")}
    assert len(shapes) == 10
    assert "pca view, 120 points trustworthiness 0.93 stress 0.21" in words(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == view.axes


def test_a_real_label_is_a_colour_bar_and_many_points_are_rasterised(view: Projection) -> None:
    ax = draw("projection", view, colour="ink")
    np.testing.assert_array_equal(artists(ax, "_points")[0].get_array(), view.labels["ink"])
    assert ax.child_axes[0].get_ylabel() == "ink"
    assert not artists(ax, "_points")[0].get_rasterized()
    many = view.replace(coordinates=np.zeros((5001, 2)), labels={"k": np.arange(5001) % 3})
    assert all(points.get_rasterized() for points in artists(draw("projection", many), "_class"))


def test_a_projection_without_that_label_or_axis_is_refused(view: Projection) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'digit'"):
        draw("projection", view, colour="digits")
    with pytest.raises(InvalidInput, match="axes"):
        draw("projection", view, axes=(0, 2))


def test_branches_join_at_the_merge_scales_and_at_infinity_in_dots(measures: Measures) -> None:
    ax = draw("merge-tree", measures)
    (merges,), (never,) = artists(ax, "_merges"), artists(ax, "_never")
    np.testing.assert_allclose([path.vertices[:, 0].max() for path in merges.get_paths()], [1, 3])
    assert len(never.get_paths()) == 1
    assert sorted(names(ax.yaxis)) == ["a", "b", "c", "d"]
    assert names(ax.xaxis)[-1] == "∞"
    assert ax.get_xlabel() == "merge scale (median pairwise distance)"


def test_measures_without_the_table_or_the_curve_are_refused(measures: Measures) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'class merge scale'"):
        draw("merge-tree", measures, table="class merge scales")
    with pytest.raises(UnknownName, match="Did you mean 'components'"):
        draw("measure-curves", measures, curve="component")
    with pytest.raises(IncompleteResult, match="no curve"):
        draw("measure-curves", Measures())


def test_a_curve_that_jumps_is_drawn_in_steps(measures: Measures) -> None:
    (line,) = artists(draw("measure-curves", measures), "_components")
    assert line.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(line.get_ydata(), measures.curves["components"].y)
