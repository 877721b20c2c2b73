"""Fit regimes on models whose regime is known, and what must not be taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.fit_regimes import FitRegimes
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents, network
from tda_latent.models.outer_layers import last_layer
from tda_latent.records import Latents, Model
from tda_latent.sources.classifier import Classifier

QUICK = FitRegimes(size=60, permutations=39)


def stream(seed=0):
    return np.random.default_rng(seed)


def halves(points, labels=None, trained=None):
    """Inputs, of which the first ``trained`` are for training."""
    size = len(points)
    trained = size // 2 if trained is None else trained
    split = np.where(np.arange(size) < trained, "train", "test")
    inputs = Latents(points, ids=np.arange(size), labels={} if labels is None else {"class": labels}, split=split)
    return inputs, inputs.take(split == "train"), inputs.take(split == "test")


def judge(model, inputs, training, unseen, ask=QUICK, seed=1, layer=""):
    return ask(encode_latents(model, unseen, layer=layer), model, inputs, training, stream(seed))


def three_groups(size, seed):
    classes = np.arange(size) % 3
    return stream(seed).normal(size=(size, 4)) + 6 * np.eye(4)[classes], classes


TESTS = ("H0 distance", "H1 distance", "neighbour distance W1", "energy distance", "error gap", "accuracy gap")


def test_models_that_did_not_overfit_are_accused_no_more_often_than_chance_would():
    values = []
    for seed in range(10):
        points, classes = three_groups(400, seed)
        inputs, training, unseen = halves(points, classes)
        found = judge(fit_linear(training.points, 2), inputs, training, unseen, FitRegimes(size=30, permutations=19))
        values += [found[f"{name}, p"] for name in TESTS]
        assert found["k-NN accuracy, training"] > 0.95
        assert found["k-NN accuracy, held-out"] > 0.95
        assert found["majority share (reference)"] == pytest.approx(1 / 3, abs=0.01)
    # sixty tests, some of which look at the same thing: 6 expected
    assert np.count_nonzero(np.array(values) <= 0.1) <= 15


def test_a_model_that_fits_its_few_points_exactly_has_an_error_gap():
    points = stream(1).normal(size=(120, 60))
    inputs, training, unseen = halves(points, trained=20)
    found = judge(fit_linear(training.points, 19), inputs, training, unseen)
    assert found["training error (reference)"] < 1e-20
    assert found["error gap"] > 20
    assert found["error gap, p"] == 1 / 40
    assert abs(found["error gap (reference)"]) < 10


def test_codes_that_lie_elsewhere_for_training_inputs_are_seen_by_diagrams_and_baselines():
    ring = stream(1).uniform(0, 2 * np.pi, 100)
    points = np.concatenate([np.column_stack([np.cos(ring), np.sin(ring)]), stream(2).normal(0, 0.7, (100, 2))])
    inputs, training, unseen = halves(points)
    found = judge(fit_linear(training.points, 2), inputs, training, unseen)
    for name in ("H0 distance", "H1 distance", "neighbour distance W1"):
        assert found[f"{name}, p"] <= 0.05
        assert found[name] > found[f"{name} (reference)"]


def test_collapse_is_measured_on_both_sides_and_shuffled_labels_have_none():
    points, classes = three_groups(300, 3)
    inputs, training, unseen = halves(points, classes)
    found = judge(fit_linear(training.points, 4), inputs, training, unseen)
    for side in ("training", "held-out"):
        # two directions with 36 / 3 between, variance 1 within, three classes
        assert found[f"NC1 within-class variability, {side}"] == pytest.approx(2 / 12 / 3, rel=0.3)
        assert found[f"NC1 within-class variability, {side} (reference)"] > 3
        assert found[f"class-distance variance, {side} (reference)"] > 1
        assert found[f"NC2 angle error, {side} (reference)"] > found[f"NC2 angle error, {side}"]
        assert found[f"NC2 angle error, {side}"] < 0.1
        assert found[f"class-distance variance, {side}"] == pytest.approx(4 / 72, rel=0.3)
        assert found[f"effective rank, {side}"] <= 4
    assert "NC3 self-duality" not in found.scalars


def test_a_classifier_agrees_with_its_class_means_and_its_record_gives_its_answers():
    points, classes = three_groups(300, 4)
    names = np.array(["cat", "dog", "eel"])[classes]
    inputs, training, unseen = halves(points, names)
    model = Classifier(hidden=(16, 8), epochs=20)(training, stream())
    found = judge(model, inputs, training, unseen)
    assert found["NC3 self-duality"] < 1.2
    assert found["NC4 disagreement, training"] < 0.25  # 2 / 3 by chance
    assert found["NC4 disagreement, held-out"] < 0.25
    assert "error gap" not in found.scalars  # a classifier has no decoder
    layer = last_layer(model)
    codes = network(model).encode(unseen.points).mean
    np.testing.assert_array_equal(layer.predict(codes), network(model).predict(unseen.points))


def test_inner_layers_are_recognised_and_have_no_classifier_on_top():
    points, classes = three_groups(200, 5)
    inputs, training, unseen = halves(points, classes)
    model = Classifier(hidden=(16, 8), epochs=5)(training, stream())
    found = judge(model, inputs, training, unseen, layer="hidden-1")
    assert "NC3 self-duality" not in found.scalars
    assert np.isfinite(found["NC1 within-class variability, training"])


def test_without_classes_the_class_measures_are_left_out():
    inputs, training, unseen = halves(stream(1).normal(size=(60, 3)))
    found = judge(fit_linear(training.points, 2), inputs, training, unseen)
    assert not any("NC" in name or "accuracy" in name for name in found.scalars)


def test_a_class_with_one_point_is_not_called_collapsed():
    points, classes = three_groups(80, 6)
    classes[0] = 7
    inputs, training, unseen = halves(points, classes)
    model = fit_linear(training.points, 2)
    assert not any("NC" in name for name in judge(model, inputs, training, unseen).scalars)
    with pytest.raises(InvalidInput, match="has 4 values, the rarest 0 times on one side"):
        judge(model, inputs, training, unseen, FitRegimes(label="class"))


def test_rows_that_were_trained_on_are_left_out_of_the_held_out_side():
    points, classes = three_groups(120, 7)
    inputs, training, unseen = halves(points, classes)
    model = fit_linear(training.points, 2)
    everything = QUICK(encode_latents(model, inputs), model, inputs, training, stream(1))
    assert everything == judge(model, inputs, training, unseen)


def test_what_cannot_be_judged_is_refused_with_the_reason():
    points, classes = three_groups(60, 8)
    inputs, training, unseen = halves(points, classes)
    model = fit_linear(training.points, 2)
    with pytest.raises(UnknownName, match="Did you mean 'class'"):
        judge(model, inputs, training, unseen, FitRegimes(label="clas"))
    with pytest.raises(InvalidInput, match="5 held-out and 30 training"):
        judge(model, inputs, training, unseen.take(np.arange(5)))
    with pytest.raises(InvalidInput, match="does not give these latents"):
        QUICK(encode_latents(fit_linear(points, 2), unseen), model, inputs, training, stream())


def test_a_last_layer_exists_for_classifiers_only():
    assert last_layer(Model("pca", {}, {})) is None
