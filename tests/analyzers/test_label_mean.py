"""`label-mean`, and the accuracies of the modular-addition networks that reach a claim through it."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.label_mean import LabelMean
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.records import Latents
from tda_latent.sources.modular_addition import ModularAddition


def cloud(**labels: object) -> Latents:
    return Latents(np.zeros((4, 2)), labels=labels)


def test_it_is_the_mean_of_the_known_values() -> None:
    found = LabelMean()(cloud(kind=["a"] * 4, score=np.array([1.0, 5.0, np.nan, 3.0]))).scalars
    assert {name: scalar.value for name, scalar in found.items()} == {
        "mean": 3, "least": 1, "greatest": 5, "points": 3,
    }  # fmt: skip
    assert LabelMean("hit")(cloud(hit=np.array([True, False, True, True]))).scalars["mean"].value == 0.75


def test_a_class_is_counted() -> None:
    clouds = cloud(kind=["a", "b", "a", "a"], number=np.array([1, 2, 2, 3]))
    assert LabelMean("kind", "a")(clouds).scalars["mean"].value == 0.75
    assert LabelMean("number", "2")(clouds).scalars["mean"].value == 0.5
    with pytest.raises(InvalidParameter, match="no label is named"):
        LabelMean(value="a")


@pytest.mark.parametrize("value", ["1", "1.0", 1, 1.0, True, "true"])
@pytest.mark.parametrize("column", [[1, 0, 1, 1], [1.0, 0, 1, 1], [True, False, True, True]])
def test_numbers_are_one_class_however_they_are_written(column, value) -> None:
    assert LabelMean("hit", value)(cloud(hit=np.array(column))).scalars["mean"].value == 0.75


def test_texts_are_compared_letter_by_letter_and_with_numbers_by_what_they_say() -> None:
    digits = cloud(digit=["1", "1.0", "7", "seven"])
    assert LabelMean("digit", "1")(digits).scalars["mean"].value == 0.25
    assert LabelMean("digit", 1)(digits).scalars["mean"].value == 0.5


def test_points_of_unknown_class_are_not_counted() -> None:
    found = LabelMean("score", "2")(cloud(score=np.array([2.0, np.nan, 3.0, np.nan]))).scalars
    assert (found["mean"].value, found["points"].value) == (0.5, 2)


def test_a_class_that_no_point_has_is_refused_with_those_that_occur() -> None:
    with pytest.raises(InvalidInput, match=r"'c', and no point .* 'kind', which is a, b; "):
        LabelMean("kind", "c")(cloud(kind=["a", "b", "a", "a"]))
    with pytest.raises(InvalidInput, match=r"value is 4\.0, and no point .* which is 1, 2, 3; "):
        LabelMean("number", 4)(cloud(number=np.array([1, 2, 2, 3])))
    with pytest.raises(InvalidInput, match="which is 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"):
        LabelMean("number", "low")(Latents(np.zeros((10, 2)), labels={"number": np.arange(10)}))


def test_texts_and_absent_labels_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no numbers"):
        LabelMean("kind")(cloud(kind=["a"] * 4))
    with pytest.raises(InvalidInput, match="no label is numeric"):
        LabelMean()(cloud(kind=["a"] * 4))
    with pytest.raises(InvalidInput, match="no value on any of 4 points"):
        LabelMean()(cloud(score=np.full(4, np.nan)))
    with pytest.raises(UnknownName, match="Did you mean 'score'"):
        LabelMean("scor")(cloud(score=np.ones(4)))


def test_a_network_that_learns_by_heart_knows_the_sums_it_saw_and_no_others() -> None:
    source = ModularAddition(modulus=7, weight_decay=0.0, steps=300, hidden=32, dimension=8)
    latents = source(np.random.default_rng(0))
    seen, unseen = (LabelMean(f"{side} accuracy")(latents).scalars["mean"].value for side in ("training", "test"))
    assert seen == 1
    assert unseen < 0.6
