"""Edits through decoders that follow, ignore or entangle a direction."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.attributes import AttributeEdits
from tda_latent.errors import InvalidInput
from tda_latent.models.network import encode_latents
from tda_latent.models.outer_layers import closed_form_directions, first_layer
from tda_latent.records import Factor, Latents, Model


def stream(seed=0):
    return np.random.default_rng(seed)


def linear(axes):
    """x -> x @ axes.T and back by @ axes."""
    axes = np.asarray(axes, dtype=np.float64)
    weights = {"mean": np.zeros(axes.shape[1]), "axes": axes, "deviations": np.ones(len(axes))}
    return Model("pca", {"inputs": axes.shape[1], "dimension": len(axes)}, weights)


def edits(points, factors, model, seed=1, **parameters):
    inputs = Latents(points, ids=np.arange(len(points)), factors=factors)
    return AttributeEdits(**parameters)(encode_latents(model, inputs), model, inputs, stream(seed))


def cell(found, row, column):
    table = found.tables["edits"]
    return float(table.values[list(table.rows).index(row), list(table.columns).index(column)])


PLANE = stream(5).normal(size=(900, 2))
AXES = {"across": Factor(PLANE[:, 0]), "along": Factor(PLANE[:, 1])}
TURN = np.linalg.qr(stream(6).normal(size=(2, 2)))[0]


@pytest.mark.parametrize("model", [linear(np.eye(2)), linear(TURN)], ids=["plain", "turned"])
def test_a_decoder_that_follows_achieves_what_was_promised_and_nothing_else(model):
    found = edits(PLANE, AXES, model)
    for name in AXES:
        assert found[f"readable in the data, {name} (reference)"] > 0.95
        assert cell(found, name, "promised") == pytest.approx(1, abs=0.01)
        assert found[f"achieved, {name}"] == pytest.approx(1, abs=0.1)
        assert abs(found[f"achieved, {name} (reference)"]) < 0.35
        assert found[f"selectivity, {name}"] > 0.85
        assert found[f"selectivity, {name} (reference)"] == pytest.approx(0.5, abs=0.1)
        assert cell(found, name, "survives encoding") == pytest.approx(1, abs=0.01)
        assert cell(found, name, "edit length") == pytest.approx(0.5, abs=0.05)  # one deviation over two


def test_a_direction_that_the_decoder_ignores_promises_much_and_achieves_nothing():
    found = edits(PLANE, AXES, linear(np.diag([1.0, 0.03])))
    assert cell(found, "along", "promised") == pytest.approx(1, abs=0.01)
    assert found["achieved, along"] < 0.05
    assert cell(found, "along", "survives encoding") < 0.01
    assert found["achieved, across"] > 0.9


def test_edits_of_entangled_attributes_take_the_other_along_unless_told_not_to():
    # the probe of "sum" moves both coordinates, the edit given the other holds "along" and moves only the first
    factors = {"sum": Factor(PLANE.sum(axis=1)), "along": Factor(PLANE[:, 1])}
    found = edits(PLANE, factors, linear(np.eye(2)))
    assert cell(found, "sum, given the others", "selectivity") > 0.85
    # the plain edit changes the sum by one deviation and one of its two parts by 1 / sqrt(2) of its own
    assert cell(found, "sum", "selectivity") == pytest.approx(1 / (1 + np.sqrt(0.5)), abs=0.05)
    assert cell(found, "sum, given the others", "achieved") > 0.7
    assert cell(found, "sum, given the others", "edit length") == pytest.approx(
        np.sqrt(2) * cell(found, "sum", "edit length"), rel=0.05
    )


def test_the_edit_given_the_others_is_the_normal_without_its_part_along_the_other_normal():
    slopes = stream(3).normal(size=(2, 5))
    first, second = slopes / np.linalg.norm(slopes, axis=1)[:, None]
    expected = first - (first @ second) * second
    shortest = np.linalg.pinv(slopes)[:, 0]
    assert shortest @ expected / np.linalg.norm(shortest) / np.linalg.norm(expected) == pytest.approx(1)


def test_an_attribute_that_cannot_be_read_gets_no_verdict():
    found = edits(PLANE, {**AXES, "nothing": Factor(stream(7).normal(size=900))}, linear(np.eye(2)))
    for name in ("achieved, nothing", "achieved, nothing (reference)", "selectivity, nothing"):
        assert np.isnan(found[name])
    # what cannot be read does not count as changed, since its reading is different for any two images
    for name in AXES:
        assert found[f"selectivity, {name}"] > 0.85
    # nor does it stand in the way of edits given the others
    assert cell(found, "across, given the others", "promised") == pytest.approx(1, abs=0.02)
    assert cell(found, "across, given the others", "achieved") == pytest.approx(1, abs=0.1)


def test_an_angle_is_turned_and_a_class_exchanged():
    angles = stream(8).uniform(0, 2 * np.pi, 900)
    corner = stream(9).integers(3, size=900)
    place = np.array([[0.0, 0], [6, 0], [0, 6]])[corner] + 0.3 * stream(10).normal(size=(900, 2))
    points = np.column_stack([3 * np.cos(angles), 3 * np.sin(angles), place])
    factors = {"angle": Factor(angles, "circular", 2 * np.pi), "corner": Factor(corner, "categorical")}
    found = edits(points, factors, linear(np.eye(4)))
    assert found["achieved, angle"] == pytest.approx(1, abs=0.15)
    assert found["achieved, corner"] > 0.85
    for name in factors:
        assert found[f"achieved, {name} (reference)"] < 0.4
        assert found[f"selectivity, {name}"] > 0.9


def test_edits_of_classes_are_as_long_as_the_way_between_them_though_no_probe_ever_reads_them_surely():
    # ten overlapping groups in two dimensions: a linear probe reads each with little more than a tenth
    corner = np.arange(900) % 10
    place = 4 * np.column_stack([np.cos(corner * np.pi / 5), np.sin(corner * np.pi / 5)])
    found = edits(
        place + 0.3 * stream(1).normal(size=(900, 2)), {"corner": Factor(corner, "categorical")}, linear(TURN)
    )
    assert found["achieved, corner"] > 0.75
    assert found["achieved, corner (reference)"] < 0.65
    # the middle one of nine equally likely chords, 8 sin(3 pi / 10), over the distance of two random points
    assert cell(found, "corner", "edit length") == pytest.approx(8 * np.sin(0.3 * np.pi) / np.sqrt(32.36), abs=0.15)


def test_twice_the_strength_is_twice_the_way():
    whole, half = (edits(PLANE, AXES, linear(np.eye(2)), strength=strength) for strength in (1.0, 0.5))
    assert cell(half, "across", "edit length") == pytest.approx(cell(whole, "across", "edit length") / 2)
    assert half["achieved, across"] == pytest.approx(0.5, abs=0.06)


def test_one_attribute_alone_has_no_selectivity():
    found = edits(PLANE, {"across": AXES["across"]}, linear(np.eye(2)))
    assert np.isnan(found["selectivity, across"])
    assert np.isnan(cell(found, "across, given the others", "achieved"))
    assert found["achieved, across"] > 0.9


def test_closed_form_directions_are_right_singular_vectors_of_the_first_layer():
    matrix = np.diag([3.0, 2.0]) @ TURN
    directions, stretch = closed_form_directions(matrix)
    np.testing.assert_allclose(np.abs((directions * TURN).sum(axis=1)), 1)
    np.testing.assert_allclose(stretch, [3, 2])
    layer = {"decoder.matrices.0": matrix}
    np.testing.assert_array_equal(first_layer(Model("autoencoder", {}, layer)), matrix)
    assert first_layer(Model("classifier", {}, {"trunk.matrices.0": matrix})) is None


def test_attributes_along_the_stretched_directions_are_found_in_closed_form():
    found = edits(PLANE, AXES, linear([[2.0, 0], [0, 1]]))
    table = found.tables["closed-form directions"]
    np.testing.assert_allclose(np.abs(table.values), [[1, 0, 2], [0, 1, 1]], atol=1e-12)
    near = found.tables["closed-form alignment"]
    np.testing.assert_allclose(near.values[:, 0], 1, atol=1e-3)
    assert near.values[:, 1].tolist() == [1, 2]


def test_a_decoder_that_stretches_all_directions_alike_has_no_closed_form_directions():
    assert "closed-form directions" not in edits(PLANE, AXES, linear(TURN)).tables


def test_too_few_points_or_equal_codes_are_refused():
    with pytest.raises(InvalidInput, match="24 points that differ"):
        edits(PLANE[:20], {"across": Factor(PLANE[:20, 0])}, linear(np.eye(2)))
    with pytest.raises(InvalidInput, match="24 points that differ"):
        edits(np.ones((30, 2)), {"across": Factor(PLANE[:30, 0])}, linear(np.eye(2)))
