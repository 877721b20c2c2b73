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
    assert LabelMean("kind", "c")(clouds).scalars["mean"].value == 0
    assert LabelMean("number", "2")(clouds).scalars["mean"].value == 0.5
    with pytest.raises(InvalidParameter, match="no label is named"):
        LabelMean(value="a")


def test_texts_and_absent_labels_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no numbers"):
        LabelMean("kind")(cloud(kind=["a"] * 4))
    with pytest.raises(InvalidInput, match="no label is numeric"):
        LabelMean()(cloud(kind=["a"] * 4))
    with pytest.raises(InvalidInput, match="0 numbers"):
        LabelMean()(cloud(score=np.full(4, np.nan)))
    with pytest.raises(UnknownName, match="Did you mean 'score'"):
        LabelMean("scor")(cloud(score=np.ones(4)))


def test_a_network_that_learns_by_heart_knows_the_sums_it_saw_and_no_others() -> None:
    source = ModularAddition(modulus=7, weight_decay=0.0, steps=300, hidden=32, dimension=8)
    latents = source(np.random.default_rng(0))
    seen, unseen = (LabelMean(f"{side} accuracy")(latents).scalars["mean"].value for side in ("training", "test"))
    assert seen == 1
    assert unseen < 0.6
