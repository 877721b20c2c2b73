"""Panels that stay readable whatever their number, and captions that hold for what is drawn and nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tda_latent.figures import canvas
from tda_latent.figures.boundary_matrix import BoundaryMatrix
from tda_latent.figures.gallery import GalleryPlot
from tda_latent.figures.merge_tree import MergeTree
from tda_latent.figures.projection import ProjectionPlot
from tda_latent.figures.semantic_regions import SemanticRegions
from tda_latent.records import Gallery, Measures, Projection, Table

pytestmark = pytest.mark.slow
WORDS = ["circle", "square", "heart"]
LONG = [f"a very long class name number {k} of ten" for k in range(10)]
UNIT = "median pairwise distance"
LAST = "these figures are of the 3-D map"


def boundaries(names: list[str], seed: int) -> Measures:
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(names)), size=len(names))
    return Measures(tables={"class boundary": Table(shares, names, names)})


def matrices(names: list[str], count: int, **options: Any) -> Any:
    records = {f"model {k}": boundaries(names, k) for k in range(count)}
    figure = canvas.panels(BoundaryMatrix(), records, **options)
    figure.draw_without_rendering()
    return figure


def boxes(artists: Any) -> list[Any]:
    return [artist.get_window_extent() for artist in artists if artist.get_text()]


def overlap(artists: Any) -> bool:
    return any(a.overlaps(b) for a, b in itertools.combinations(boxes(artists), 2))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("names", [WORDS, [str(k) for k in range(10)]], ids=["three", "ten"])
def test_matrices_are_large_enough_for_their_names_and_numbers(names: list[str], count: int) -> None:
    figure = matrices(names, count)
    for ax in figure.axes:
        width, height = ax.get_window_extent().size / figure.dpi
        assert min(width, height) > 1.7
        assert len(ax.texts) == len(names) ** 2
        for texts in (ax.texts, ax.get_xticklabels(), ax.get_yticklabels()):
            assert not overlap(texts)
            assert all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes(texts))


@pytest.mark.parametrize("names", [LONG, [f"c{k}" for k in range(18)], [f"c{k}" for k in range(30)]])
def test_long_names_and_many_classes_leave_a_matrix_its_room(names: list[str]) -> None:
    for ax in matrices(names, 3).axes:
        assert ax.get_window_extent().width / ax.figure.dpi > 1.5
        assert not overlap(ax.get_xticklabels())
        assert not overlap(ax.get_yticklabels())


def test_of_more_classes_than_names_fit_some_are_named_and_their_share_is_told() -> None:
    figure = canvas.single(BoundaryMatrix(), boundaries([f"c{k}" for k in range(60)], 0))
    figure.draw_without_rendering()
    names = figure.axes[0].get_yticklabels()
    assert not overlap(names)
    assert [(label.get_position()[1], label.get_text()) for label in names] == [(k, f"c{k}") for k in range(0, 60, 2)]
    assert "one class in 2 is named" in figure.get_supxlabel()


@pytest.mark.parametrize(("count", "columns", "kept"), [(1, None, 0), (3, None, 1), (7, None, 1), (2, 3, 1), (4, 1, 0)])
def test_colours_that_mean_the_same_are_explained_once(count: int, columns: int | None, kept: int) -> None:
    bars = [len(ax.child_axes) for ax in matrices(WORDS, count, columns=columns).axes]
    assert bars == [int(k == kept) for k in range(count)]


def test_colours_that_mean_different_things_are_explained_each() -> None:
    points = np.random.default_rng(0).normal(size=(20, 2))
    views = {f"{high}": Projection(points, "pca", labels={"ink": np.linspace(0, high, 20)}) for high in (1, 2)}
    assert [len(ax.child_axes) for ax in canvas.panels(ProjectionPlot(), views).axes] == [1, 1]


def test_the_scale_of_trees_side_by_side_is_written_whole_on_the_page() -> None:
    names = [f"class {k}" for k in range(6)]
    record = Measures(tables={"class merge scale": Table(np.ones((6, 6)) - np.eye(6), names, names, UNIT)})
    figure = canvas.panels(MergeTree(), dict.fromkeys("abc", record))
    figure.draw_without_rendering()
    scales = [ax.xaxis.label for ax in figure.axes]
    assert {scale.get_text().replace("\n", " ") for scale in scales} == {f"merge scale ({UNIT})"}
    assert not overlap(scales)
    assert all(box.x1 <= figure.bbox.x1 for box in boxes(scales))


def mixed(coordinates: str, rows: int = 4) -> Gallery:
    title = f"Codes with coordinates {coordinates} of the row and the rest of the column"
    images = np.random.default_rng(0).uniform(size=(rows, 6, 8, 8))
    return Gallery(images, np.full(rows, "row"), np.array(list("abcdef")), 0.0, 1.0, title=title)


@pytest.mark.parametrize("rows", [4, 9])
@pytest.mark.parametrize("venue", ["neurips", "icml"])
def test_titles_that_differ_are_whole_on_the_page_and_beside_their_own_name(venue: str, rows: int) -> None:
    given = {"vae": mixed("0, 2", rows), "flow": mixed("2, 3, ... (32)", rows), "a longer name": mixed("0, 1, 4", rows)}
    figure = canvas.panels(GalleryPlot(), given, venue=venue)
    for _ in range(2):  # as a file is written: the first time finds the room that titles take
        figure.draw_without_rendering()
    titles = [ax.title for ax in figure.axes]
    said = [" ".join(title.get_text().split()) for title in titles]
    assert said == [f"{name}: {record.title}" for name, record in given.items()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes(titles))
    pictures = [image.get_window_extent() for ax in figure.axes for image in ax.images]
    assert not any(title.overlaps(other) for title in boxes(titles) for other in pictures)
    assert not overlap([*titles, *(text for ax in figure.axes for text in ax.texts)])
    assert figure.get_suptitle() == ""


def test_the_lines_of_a_long_title_take_nothing_from_the_pictures() -> None:
    short, long = mixed("0"), mixed(", ".join(map(str, range(40))))
    widths = []
    for record in (short, long):
        figure = canvas.single(GalleryPlot(), record)
        figure.draw_without_rendering()
        widths.append(figure.axes[0].images[0].get_window_extent().width)
        assert boxes([figure.axes[0].title])[0].x0 >= 0
    assert widths[1] == pytest.approx(widths[0], rel=0.02)


def test_a_figure_with_gaps_keeps_the_title_of_its_pictures() -> None:
    figure = canvas.panels(GalleryPlot(), dict.fromkeys("ab", mixed("0, 1")))
    title = figure.get_suptitle()
    canvas.mark_incomplete(figure, 2, 3)
    assert figure.get_suptitle() == f"incomplete: 2 of 3\n{title}"


def test_a_title_is_written_into_the_given_axes_and_not_above_the_figure_of_another() -> None:
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    ax.set_title("mine")
    GalleryPlot()(mixed("0"), ax=ax)
    assert " ".join(ax.get_title().split()) == f"mine: {mixed('0').title}"
    assert ax.figure.get_suptitle() == ""


def seen(dimensions: int, **facts: Any) -> Projection:
    points = np.random.default_rng(0).normal(size=(60, dimensions))
    return Projection(points, "pca", labels={"kind": np.array(list("abc"))[np.arange(60) % 3]}, **facts)


@pytest.mark.parametrize("component", [ProjectionPlot, SemanticRegions])
def test_a_flat_drawing_of_a_map_in_space_says_what_it_draws_and_whose_trust_it_tells(component: Any) -> None:
    solid, flat = (seen(k, trust={"trustworthiness": 1.0, "stress": 0.0}) for k in (3, 2))

    def said(record: Projection, **parameters: Any) -> str:
        return " ".join(canvas.single(component(**parameters), record).get_supxlabel().split())

    assert f"coordinates 1 and 2 of 3; {LAST} trustworthiness 1.00" in said(solid)
    assert "coordinates 1 and 3 of 3" in said(solid, axes=(2, 0))
    assert "coordinates" not in said(flat)
    assert "coordinates" not in said(flat, axes=(1, 0))
    assert "coordinate 1 of 2" in said(flat, axes=(0, 0))
    untold = said(seen(3))
    assert "coordinates 1 and 2 of 3" in untold
    assert LAST not in untold


def test_panels_of_maps_in_space_say_so_too() -> None:
    records = {name: seen(3, trust={"stress": value}) for name, value in (("a", 0.0), ("b", 0.5))}
    notes = canvas.panels(ProjectionPlot(), records).get_supxlabel()
    assert " ".join(notes.split()).count(f"coordinates 1 and 2 of 3; {LAST}; stress") == 2
