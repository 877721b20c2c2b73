"""Galleries and named regions: every cell where its captions say, nothing overlapping, nothing outside."""

from __future__ import annotations

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.figures.canvas import badge, panels
from tda_latent.figures.gallery import GalleryPlot
from tda_latent.figures.semantic_regions import SemanticRegions
from tda_latent.records import Gallery, Projection, Scalar

IMAGES = np.random.default_rng(0).uniform(size=(2, 4, 6, 8))


def gallery(**changes) -> Gallery:
    names = {"rows": np.array(["first", "second\nline"]), "columns": np.array(["a", "b", "c", "d"])}
    return Gallery(**({"images": IMAGES, "low": 0.0, "high": 1.0} | names | changes))


def boxes(ax, artists) -> list:
    ax.figure.draw_without_rendering()
    return [artist.get_window_extent() for artist in artists]


def test_every_picture_is_drawn_once_with_its_own_values():
    ax = tl.plot(gallery())
    assert len(ax.images) == 8
    for image, expected in zip(ax.images, IMAGES.reshape(8, 6, 8), strict=True):
        np.testing.assert_array_equal(image.get_array(), expected.astype(np.float32))
        assert image.get_clim() == (0, 1)
        left, right, bottom, top = image.get_extent()
        assert (right - left) / (bottom - top) == pytest.approx(8 / 6)


def test_empty_cells_stay_empty():
    shown = np.array([[True, False, True, True], [False] * 4])
    assert len(tl.plot(gallery(shown=shown)).images) == 3


def test_colours_are_scaled_from_the_range_of_the_data():
    images = np.random.default_rng(1).uniform(-1, 1, (1, 2, 4, 4, 3))
    ax = tl.plot(Gallery(images, ["r"], ["a", "b"], -1.0, 1.0))
    np.testing.assert_allclose(ax.images[1].get_array(), (images[0, 1] + 1) / 2, atol=1e-6)


def test_curves_are_lines_between_the_lowest_and_the_highest_value():
    curves = np.array([[[[0.0, 1.0, 0.5]]]])
    ax = tl.plot(Gallery(curves, [""], [""], 0.0, 1.0))
    line = next(line for line in ax.lines if line.get_label() == "_curve")
    x, y = line.get_data()
    frame = next(line for line in ax.lines if line.get_label() == "_frame").get_data()
    np.testing.assert_allclose(x, np.linspace(frame[0].min(), frame[0].max(), 3))
    assert y[0] == pytest.approx(frame[1].max())
    assert y[1] == pytest.approx(frame[1].min())


@pytest.mark.parametrize("shape", [(2, 4, 6, 8), (3, 9, 8, 8), (1, 3, 1, 40), (4, 2, 28, 28)])
def test_captions_overlap_neither_pictures_nor_each_other(shape):
    images = np.random.default_rng(2).uniform(size=shape)
    rows = np.array([f"z{k}: variance 0.12\nmoves 0.34" for k in range(shape[0])])
    captions = np.full(shape[:2], "0.123")
    record = Gallery(images, rows, np.array([f"+{k}.67" for k in range(shape[1])]), 0.0, 1.0, captions, title="Title",
                     scalars={"number": Scalar(1.0)})  # fmt: skip
    ax = tl.plot(record)
    texts = boxes(ax, ax.texts)
    page = ax.figure.bbox
    cells = boxes(ax, ax.images) if ax.images else []
    for index, text in enumerate(texts):
        assert page.x0 <= text.x0
        assert text.x1 <= page.x1
        for other in [*texts[:index], *cells]:
            assert not (text.shrunk(0.9, 0.8).overlaps(other.shrunk(0.98, 0.98)) and text.width and other.width)


def test_numbers_stand_below_with_their_unit_once():
    scalars = {"samples": Scalar(1.28146, "data distance"), "held-out (reference)": Scalar(1.1, "data distance")}
    ax = tl.plot(gallery(scalars=scalars))
    assert ax.figure.get_supxlabel() == "samples 1.28; held-out (reference) 1.1 (data distance)"


def test_models_stand_below_each_other_over_the_whole_width():
    figure = panels(GalleryPlot(), {"one": gallery(title="Seen"), "two": gallery(title="Seen")})
    figure.draw_without_rendering()
    first, second = (ax.get_position() for ax in figure.axes)
    assert first.y0 > second.y1
    assert first.width > 0.6
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]
    assert figure.get_suptitle() == "Seen"
    other = panels(GalleryPlot(), {"one": gallery(title="Seen"), "two": gallery(title="Heard")})
    assert [ax.get_title() for ax in other.axes] == ["one: Seen", "two: Heard"]
    assert other.get_suptitle() == ""


def test_galleries_of_a_long_page_come_two_in_a_row_while_their_pictures_stay_large():
    long = gallery(images=np.zeros((8, 5, 8, 8)), rows=np.full(8, "z"), columns=np.arange(5).astype(str))
    wide = gallery(images=np.zeros((8, 14, 8, 8)), rows=np.full(8, "z"), columns=np.arange(14).astype(str))
    assert [GalleryPlot().across([record] * count) for record, count in ((long, 4), (long, 1), (wide, 4))] == [2, 1, 1]
    figure = panels(GalleryPlot(), dict.fromkeys("abcd", long))
    figure.draw_without_rendering()
    first, second, third, _ = (ax.get_position() for ax in figure.axes)
    assert first.x1 < second.x0
    assert first.y0 > third.y1


def test_an_unknown_colour_map_is_refused():
    with pytest.raises(UnknownName, match="grey"):
        GalleryPlot(cmap="greyy")


def named(count: int = 5, size: int = 300, spread: float = 0.3) -> Projection:
    rng = np.random.default_rng(3)
    classes = np.arange(size) % count
    centres = 5 * np.stack(
        [np.cos(2 * np.pi * np.arange(count) / count), np.sin(2 * np.pi * np.arange(count) / count)], 1
    )
    points = centres[classes] + rng.normal(scale=spread, size=(size, 2))
    names = np.array([f"class {k}" for k in range(count)])[classes]
    return Projection(points, "made", labels={"kind": names}, trust={"trustworthiness": 0.9, "stress": 0.25})


def test_each_name_stands_at_the_median_of_its_region():
    record = named()
    ax = tl.plot(record, figure="semantic-regions")
    for text in ax.texts:
        own = record.coordinates[record.labels["kind"] == text.get_text()]
        np.testing.assert_allclose(text.get_position(), np.median(own, axis=0), atol=0.3)
    assert {text.get_text() for text in ax.texts} == {f"class {k}" for k in range(5)}


def test_names_of_regions_on_top_of_each_other_are_moved_apart():
    record = named(9)
    same = record.replace(coordinates=np.random.default_rng(4).normal(size=(300, 2)))
    ax = tl.plot(same, figure="semantic-regions")
    texts = boxes(ax, ax.texts)
    assert len(texts) == 9
    assert not any(a.overlaps(b) for k, a in enumerate(texts) for b in texts[:k])


def test_regions_need_names_and_say_so():
    plain = Projection(np.zeros((3, 2)), "made")
    assert not SemanticRegions.suits(plain)
    assert not SemanticRegions.suits(plain.replace(labels={"x": np.array([0.1, 0.2, 0.3])}))
    with pytest.raises(InvalidInput, match="no label of this map"):
        SemanticRegions()(plain)
    with pytest.raises(UnknownName, match="'kin'"):
        SemanticRegions(label="kin")(named())
    with pytest.raises(InvalidInput, match="has 2"):
        SemanticRegions(axes=(0, 2))(named())


@pytest.mark.parametrize("points", [np.zeros((4, 2)), np.arange(8.0).reshape(4, 2), np.array([[0.0, 1], [9, 1]] * 2)])
def test_degenerate_maps_are_drawn(points):
    record = Projection(points, "made", labels={"kind": np.array(["a", "b", "a", "b"])})
    assert len(tl.plot(record, figure="semantic-regions").texts) == 2


def test_the_badge_says_what_was_lost_in_words():
    trust = {"explained variance": 0.5, "trustworthiness": 0.912, "continuity": 0.95, "stress": 0.3,
             "components": 4, "components lost": 1, "components invented": 0,
             "loops": 1, "loops lost": 0, "loops invented": 2}  # fmt: skip
    assert badge(Projection(np.zeros((2, 2)), "pca", trust=trust)) == [
        "explained variance 0.5",
        "trustworthiness 0.91, continuity 0.95",
        "stress 0.30",
        "4 components, 1 lost, 0 invented; 1 loop, 0 lost, 2 invented",
    ]
