"""Artists of the ranking: order, dots, medians, exact intervals, ranks, references, and what is not there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from tda_latent.errors import IncompleteResult, UnknownName
from tda_latent.records import Measures, Scalar
from tda_latent.registry import registry

VALUES = {"pca": [3.0, 3.5, 3.0, 2.0, 4.0], "vae": [5.0, 1.0, 5.5, 6.0, 7.0], "gan": [0.0, 0.5, 0.2, 0.3, 0.1]}


def record(values: dict[str, list[float]] = VALUES, **references: float) -> dict[str, tuple[Measures, ...]]:
    beside = {f"margin, {name.replace('_', ' ')} (reference)": Scalar(value) for name, value in references.items()}
    return {
        model: tuple(Measures({"margin": Scalar(value, "median-normalised"), **beside}) for value in row)
        for model, row in values.items()
    }


def draw(what: Any, **parameters: Any) -> Any:
    return registry().find("figure", "model-ranking").build(parameters)(what, ax=Figure().add_subplot())


def artists(ax: Any, label: str) -> list[Any]:
    return [artist for artist in ax.get_children() if str(artist.get_label()).startswith(label)]


def models(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def words(ax: Any) -> str:
    return " ".join(" ".join(text.get_text().split()) for text in ax.texts)


def test_models_stand_in_the_order_of_their_medians_with_every_replicate_as_a_dot() -> None:
    ax = draw(record())
    assert models(ax) == ["vae", "pca", "gan"]
    for name, dots, median, line in zip(
        models(ax), artists(ax, "_replicates"), artists(ax, "_median"), artists(ax, "_interval"), strict=True
    ):
        np.testing.assert_array_equal(dots.get_offsets()[:, 0], VALUES[name])
        assert set(median.get_xdata()) == {np.median(VALUES[name])}
        assert list(line.get_xdata()) == [min(VALUES[name]), max(VALUES[name])]
    assert models(draw(record(), higher_is_better=False)) == ["gan", "pca", "vae"]
    assert "margin" in ax.get_xlabel()
    assert "median-normalised" in ax.get_xlabel()


def test_the_interval_says_what_it_covers_and_is_narrower_with_many_replicates() -> None:
    assert "probability 93.75 % or more" in words(draw(record()))
    many = draw(record({"a": list(np.arange(20.0)), "b": list(np.arange(20.0) + 1)}))
    assert list(artists(many, "_interval")[1].get_xdata()) == [5.0, 14.0]
    assert "95.86 %" in words(many)
    assert "no spread is known" in words(draw(record({"a": [1.0], "b": [2.0]})))


def test_ranks_are_within_replicates() -> None:
    ranks = [text.get_text() for text in artists(draw(record()), "_rank")]
    assert ranks == ["1 (1 to 2)", "2 (1 to 2)", "3"]
    assert not artists(draw(record({"a": [1.0, 2.0], "b": [1.0]})), "_rank")


def test_references_that_all_models_share_are_drawn_and_named() -> None:
    ax = draw(record(of_the_data=9.0))
    assert artists(ax, "_of the data")[0].get_xdata()[0] == 9.0
    assert ax.get_xlim()[1] > 9.0
    assert "dashed: of the data" in words(ax)
    mixed = record({"a": [1.0]}, of_the_data=2.0) | record({"b": [1.0]}, of_the_data=3.0)
    assert not artists(draw(mixed), "_of the data")


def test_infinite_values_stand_beyond_the_axis_and_undefined_ones_are_named() -> None:
    values = {"a": [1.0, 2.0, np.inf], "b": [np.nan] * 3, "c": [1.0, 1.0, 1.0]}
    ax = draw(record(values))
    assert models(ax) == ["a", "c"]
    assert [text.get_text() for text in ax.get_xticklabels()][-1] == "∞"
    assert artists(ax, "_replicates")[0].get_offsets()[2, 0] > 2.0
    assert "not defined for b" in words(ax)


def test_a_model_without_the_number_is_named_and_one_that_none_has_is_refused() -> None:
    ax = draw(record() | {"classifier": (Measures({"other": Scalar(1.0)}),) * 5}, scalar="margin")
    assert "classifier" not in models(ax)
    assert "not defined for classifier" in words(ax)
    with pytest.raises(UnknownName, match="Did you mean 'margin'"):
        draw(record(), scalar="margins")
    with pytest.raises(IncompleteResult, match="not defined for any model"):
        draw(record({"a": [np.nan]}))
    with pytest.raises(IncompleteResult, match="no model has a scalar"):
        draw({"a": (Measures(),)})
