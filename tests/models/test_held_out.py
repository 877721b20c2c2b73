"""Codes are matched to inputs and models by what they are, not by what they are called."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.errors import InvalidInput
from tda_latent.models.held_out import held_out, held_out_codes
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import Latents
from tda_latent.sources.classifier import Classifier


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def inputs():
    points = stream(1).normal(size=(80, 5)) + 1000
    return Latents(points, ids=np.arange(80), labels={"class": np.arange(80) % 2})


def test_rows_are_put_beside_their_inputs_whatever_their_order(inputs):
    model = fit_linear(inputs.points[:40], 3)
    rows = stream(2).permutation(80)[:30]
    codes = encode_latents(model, inputs.take(rows))
    found = held_out(model, codes, inputs)
    np.testing.assert_array_equal(found.inputs.points, inputs.points[rows])
    assert found.layer == ""
    trained = held_out(model, codes, inputs, inputs.take(np.arange(40)))
    assert (trained.codes.ids >= 40).all()


@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_codes_that_were_stored_in_less_precision_are_still_the_models(inputs, precision):
    model = fit_linear(inputs.points[:40], 3)
    codes = encode_latents(model, inputs)
    rough = codes.replace(points=codes.points.astype(precision).astype(np.float64))
    assert held_out(model, rough, inputs).codes == rough


def test_another_model_scaled_codes_and_shuffled_rows_are_not(inputs):
    model, other = fit_linear(inputs.points[:40], 3), fit_linear(inputs.points[40:], 3)
    codes = encode_latents(model, inputs)
    for wrong in (encode_latents(other, inputs).points, 2 * codes.points, codes.points[::-1], codes.points[:, :2]):
        with pytest.raises(InvalidInput, match="does not give these latents"):
            held_out(model, codes.replace(points=wrong), inputs)


def test_an_inner_layer_is_found_by_its_activations_and_cannot_be_decoded(inputs):
    model = Classifier(hidden=(6, 6), epochs=1)(inputs, stream())
    cloud = encode_latents(model, inputs, layer="hidden-1")
    found = held_out(model, cloud, inputs)
    assert found.layer == "hidden-1"
    np.testing.assert_array_equal(found.encode(inputs).mean, cloud.points)
    assert found.errors(cloud.points, inputs) is None
    with pytest.raises(InvalidInput, match="the layer 'hidden-1', which cannot be decoded"):
        held_out_codes(model, cloud, inputs)


def test_errors_are_squared_distances_to_the_decoded_codes(inputs):
    model = fit_linear(inputs.points, 2)
    found = held_out(model, encode_latents(model, inputs), inputs)
    expected = ((found.asked.decode(found.codes.points) - inputs.points) ** 2).sum(axis=1)
    np.testing.assert_allclose(found.errors(found.codes.points, inputs), expected)
