"""Arrays of one's own: load, analyse, compare."""

from __future__ import annotations

import numpy as np
import pytest

import tda_latent as tl
from tda_latent.api.clouds import CAUTION
from tda_latent.errors import TdaLatentError


def circle(size: int, seed: int, noise: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 2 * np.pi, size)
    return np.column_stack([np.cos(angles), np.sin(angles)]) + rng.normal(0, noise, (size, 2))


def blob(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, 2))


def test_two_draws_of_one_circle_are_alike_and_a_blob_is_apart() -> None:
    same = tl.compare(circle(200, 0), circle(200, 1))
    other = tl.compare(circle(200, 0), blob(200, 1))
    loops = {row.distance: row for row in other.readings}
    assert loops["Wasserstein-1 H1"].word == "apart"
    assert all(row.word != "apart" for row in same.readings if row.distance.endswith("H1"))
    assert other.readings[-1].baseline


def test_the_answer_says_what_two_arrays_cannot_say() -> None:
    text = str(tl.compare(circle(60, 0), blob(60, 1)))
    assert CAUTION in " ".join(text.split())
    assert "half of A" in text
    assert "plain baseline" in text


def test_the_order_of_the_arrays_does_not_change_the_reading_of_equal_clouds() -> None:
    cloud = circle(120, 0)
    reading = tl.compare(cloud, cloud[::-1]).readings
    assert all(np.isfinite(row.between).all() for row in reading)


def test_sizes_and_dimensions_may_differ_and_every_side_uses_the_same_number() -> None:
    found = tl.compare(circle(50, 0), np.random.default_rng(0).normal(size=(400, 7)))
    assert found.points == 25
    assert found.dimensions == (2, 7)


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        (np.array([[0.0, np.nan], [1, 2], [3, 4], [5, 6]]), "row 0"),
        (np.zeros((0, 2)), "n, d >= 1"),
        (np.zeros(7), "n, d"),
        (np.zeros((3, 2)), "halves"),
        (np.array([["a", "b"]] * 9), "real numbers"),
        ("no-such-file.npy", "no-such-file.npy"),
    ],
    ids=["nan", "empty", "flat", "few", "text", "file"],
)
def test_unusable_input_is_refused_with_the_reason(bad, hint) -> None:
    with pytest.raises(TdaLatentError, match=hint):
        tl.compare(bad, circle(40, 0))


def test_analyze_gives_a_record_by_name_and_takes_parameters() -> None:
    found = tl.analyze(circle(80, 0), ["spectrum", {"use": "vietoris-rips", "max_degree": 1, "scale": "median"}])
    diagram = found["vietoris-rips"]
    assert isinstance(diagram, tl.PersistenceDiagram)
    assert diagram.unit == "median-normalised"
    bars = diagram.finite(1)
    assert np.ptp(bars, axis=1).max() > 0.5


def test_an_analyzer_that_needs_a_column_says_which_is_missing() -> None:
    with pytest.raises(TdaLatentError, match="needs scale"):
        tl.analyze(circle(30, 0), [{"use": "vietoris-rips", "scale": "posterior"}])


def test_tensors_and_lists_of_lists_are_loaded() -> None:
    import torch

    assert tl.load(torch.ones(4, 2, requires_grad=True)).points.shape == (4, 2)
    assert len(tl.load([[0.0, 1.0], [2.0, 3.0]])) == 2


def test_conversions_give_plain_objects() -> None:
    found = tl.analyze(circle(60, 0), ["vietoris-rips", "spectrum", "mapper", "pca-view"])
    table = tl.to_pandas(found["vietoris-rips"])
    assert list(table.columns) == ["degree", "birth", "death"]
    assert tl.to_numpy(found["vietoris-rips"]).shape == (len(table), 3)
    assert {"name", "value", "unit"} == set(tl.to_pandas(found["spectrum"]).columns)
    graph = tl.to_networkx(found["mapper"])
    assert graph.number_of_nodes() == len(found["mapper"])


def test_plot_draws_on_the_axes_that_it_is_given() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    diagram = tl.analyze(circle(40, 0), ["vietoris-rips"])["vietoris-rips"]
    assert tl.plot(diagram, ax=axes) is axes
    assert tl.plot(diagram, figure="barcode") is not axes


def test_every_public_name_exists_and_an_unknown_one_lists_them() -> None:
    for name in tl.__all__:
        assert getattr(tl, name) is not None
    assert sorted(tl.__all__) == tl.__all__
    with pytest.raises(AttributeError, match="analyze"):
        tl.no_such_thing  # noqa: B018
