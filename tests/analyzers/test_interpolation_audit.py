"""The interpolation audit where the geometry is known: identity decoders, rings and separate groups."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.interpolation_audit import InterpolationAudit
from tda_latent.errors import InvalidInput
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.records import Latents, Model

KINDS = ("linear", "spherical", "geodesic")


def stream(seed=0):
    return np.random.default_rng(seed)


def data(points, held_out):
    size = len(points)
    split = np.where(np.arange(size) < size - held_out, "train", "test")
    return Latents(points, ids=np.arange(size), split=split)


def identity(dimension):
    weights = {"mean": np.zeros(dimension), "axes": np.eye(dimension), "deviations": np.ones(dimension)}
    return Model("pca", {"inputs": dimension, "dimension": dimension}, weights)


def audit(model, inputs, seed=0, **parameters):
    training, unseen = (inputs.take(inputs.split == name) for name in ("train", "test"))
    return InterpolationAudit(**parameters)(encode_latents(model, unseen), model, inputs, training, stream(seed))


def ring(size, noise=0.0, seed=3):
    angles = stream(seed).uniform(0, 2 * np.pi, size)
    flat = np.column_stack([np.cos(angles), np.sin(angles)])
    return flat @ np.linalg.qr(stream(9).normal(size=(6, 6)))[0][:2] + noise * stream(seed + 1).normal(size=(size, 6))


def test_the_identity_decoder_of_normal_codes_has_the_known_energies():
    found = audit(identity(64), data(stream(1).normal(size=(350, 64)), 300), pairs=500)
    assert found["path energy, linear"] == pytest.approx(128, rel=0.04)
    assert found["path energy, spherical"] == pytest.approx(64 * (np.pi / 2) ** 2, rel=0.04)
    assert found["roughness, linear"] == pytest.approx(0, abs=1e-12)
    assert found["decoded length, linear"] == pytest.approx(found["decoded end distance (reference)"])
    assert found["explained variance (reference)"] == pytest.approx(1)


def test_straight_lines_cross_the_hole_of_a_ring_and_paths_along_neighbours_do_not():
    inputs = data(ring(900), 300)
    found = audit(fit_linear(inputs.points[:600], 2), inputs)
    assert found["off-manifold ratio, linear"] > 20
    assert found["off-manifold ratio, geodesic"] == pytest.approx(1, abs=0.25)
    assert found["worst off-manifold ratio, geodesic"] < 3 * found["worst off-manifold ratio by chance (reference)"]
    assert found["bridge scale"] < 0.2 < found["clearance, linear"]
    assert found["clearance, geodesic"] <= found["longest step, geodesic"] / 2 + 1e-12
    middle = found.curves["distance from data, linear"]
    assert middle.y[len(middle.y) // 2] > 10 * middle.y[0]


def test_in_a_full_disc_every_kind_of_path_stays_on_the_data():
    points = stream(1).uniform(-1, 1, (3000, 2))
    inputs = data(points[np.linalg.norm(points, axis=1) < 1], 500)
    found = audit(identity(2), inputs)
    for kind in KINDS:
        assert found[f"off-manifold ratio, {kind}"] == pytest.approx(1, abs=0.25)
    assert found["clearance, linear"] < 3 * found["neighbour distance (reference)"]


def test_between_two_groups_the_bridge_says_that_every_path_must_jump():
    points = stream(1).normal(0, 0.1, (400, 2)) + np.where(np.arange(400) % 2, 5.0, -5.0)[:, None] * [1, 0]
    found = audit(identity(2), data(points, 200), pairs=200)
    # about half of the pairs lie in different groups, about 9.5 apart
    assert 3 < found["bridge scale"] < 7
    assert found["bridge scale"] > 50 * found["neighbour distance (reference)"]
    assert found["longest step, geodesic"] >= found["bridge scale"]
    assert found["clearance, geodesic"] > 1.5


def test_blur_is_not_taken_for_being_on_the_data():
    # one direction of variance and much noise around it: reconstructions lose the noise and lie nearer to the data than
    # data do, and so does every path; the ratio must stay near one and not fall to what data would give
    points = np.column_stack([3 * stream(1).normal(size=800), stream(2).normal(size=(800, 20))])
    found = audit(fit_linear(points[:500], 1), data(points, 300))
    assert found["reconstruction distance (reference)"] < 0.8 * found["real data distance (reference)"]
    assert found["off-manifold ratio, linear"] == pytest.approx(1, abs=0.1)


def test_a_decoder_that_says_nothing_gets_no_ratio():
    inputs = data(ring(200), 100)
    weights = {"mean": inputs.points.mean(axis=0), "axes": 1e-3 * np.eye(6)[:2], "deviations": np.ones(2)}
    found = audit(Model("pca", {"inputs": 6, "dimension": 2}, weights), inputs)
    assert found["explained variance (reference)"] < 0.1
    for kind in KINDS:
        assert np.isnan(found[f"off-manifold ratio, {kind}"])
        assert np.isfinite(found[f"decoded length, {kind}"])


def test_codes_of_one_unit_have_no_spherical_paths():
    inputs = data(stream(1).normal(size=(60, 4)), 30)
    found = audit(fit_linear(inputs.points[:30], 1), inputs)
    assert np.isnan(found["off-manifold ratio, spherical"])
    assert np.isnan(found["clearance, spherical"])
    assert "distance from data, spherical" not in found.curves
    assert np.isfinite(found["off-manifold ratio, linear"])


def test_reconstructions_that_are_training_inputs_leave_ratios_of_one_or_infinity():
    corners = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    inputs = data(np.tile(corners, (10, 1)), 20)
    found = audit(identity(2), inputs)
    assert found["reconstruction distance (reference)"] == 0
    assert found["off-manifold ratio, linear"] == np.inf


def test_rows_that_were_trained_on_are_left_out():
    inputs = data(ring(300), 100)
    model = fit_linear(inputs.points[:200], 2)
    training, unseen = (inputs.take(inputs.split == name) for name in ("train", "test"))
    whole = InterpolationAudit()(encode_latents(model, inputs), model, inputs, training, stream())
    assert whole == InterpolationAudit()(encode_latents(model, unseen), model, inputs, training, stream())
    with pytest.raises(InvalidInput, match="every row of the cloud was trained on"):
        InterpolationAudit()(encode_latents(model, training), model, inputs, training, stream())


def test_what_does_not_belong_together_is_refused():
    inputs = data(ring(60), 30)
    model = fit_linear(inputs.points[:30], 2)
    training, unseen = (inputs.take(inputs.split == name) for name in ("train", "test"))
    codes = encode_latents(model, unseen)
    ask = InterpolationAudit()
    with pytest.raises(InvalidInput, match="does not give these latents"):
        ask(codes.replace(points=codes.points[::-1]), model, inputs, training, stream())
    with pytest.raises(InvalidInput, match="6 coordinates and the model takes 2"):
        ask(codes, identity(2), inputs, training, stream())
    with pytest.raises(InvalidInput, match="give ids"):
        ask(codes, model, inputs, training.replace(ids=None), stream())
    same = unseen.replace(points=np.ones((30, 6)))
    with pytest.raises(InvalidInput, match="all codes coincide"):
        ask(encode_latents(model, same), model, same, training, stream())
