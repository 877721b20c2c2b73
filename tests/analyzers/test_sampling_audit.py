"""The sampling audit on generators whose vice is known: copies, noise, blur, a lost mode."""

from __future__ import annotations

import numpy as np
import pytest

from tda_latent.analyzers.sampling_audit import SamplingAudit
from tda_latent.errors import InvalidInput
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents
from tda_latent.numerics.prdc import expected_coverage
from tda_latent.records import Latents
from tda_latent.sources.digits import Digits

SIZE = 450


def stream(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits():
    """Training, held-out and fresh digits."""
    points = Digits()().points
    return np.split(points[stream(1).permutation(len(points))][: 3 * SIZE], 3)


def audit(generated, held_out, training):
    return SamplingAudit().measured(generated, held_out, training, stream(2))


def test_fresh_data_score_as_real_data_do(digits):
    training, held_out, fresh = digits
    found = audit(fresh, held_out, training)
    for name in ("precision", "recall", "coverage"):
        assert found[name] == pytest.approx(found[f"{name}, real against real (reference)"], abs=0.05)
    assert found["density"] == pytest.approx(1, abs=0.15)
    assert found["coverage"] == pytest.approx(found["coverage, expected (reference)"], abs=0.03)
    for name in ("data-copying Z", "neighbour ratio Z"):
        assert abs(found[name]) < 3.5
    assert abs(found["data-copying C"]) < 3.5 * found["data-copying C, deviation by chance (reference)"]
    assert found["authenticity"] == pytest.approx(found["authenticity, held-out (reference)"], abs=0.08)
    assert found["copied fraction"] == found["copied fraction, held-out (reference)"] == 0


def test_noisy_copies_reach_the_bottom_of_every_measure_of_copying(digits):
    training, held_out, _ = digits
    copies = training[stream(3).integers(SIZE, size=SIZE)]
    found = audit(copies + 0.01 * training.std() * stream(4).normal(size=copies.shape), held_out, training)
    # digits are integers, so that a few distances tie
    assert found["data-copying Z"] == pytest.approx(found["data-copying Z, least possible (reference)"], rel=1e-4)
    assert found["neighbour ratio Z"] == pytest.approx(found["data-copying Z, least possible (reference)"], rel=1e-4)
    assert found["authenticity"] == 0
    assert found["copied fraction"] == 1
    assert found["precision"] > 0.9  # precision alone would praise the copies


def test_white_noise_is_far_from_everything(digits):
    training, held_out, _ = digits
    found = audit(stream(5).uniform(0, training.max(), training.shape), held_out, training)
    assert found["data-copying Z"] == pytest.approx(-found["data-copying Z, least possible (reference)"], rel=1e-4)
    assert found["precision"] == found["coverage"] == 0
    assert found["authenticity"] == 1


def test_a_model_that_leaves_noise_out_is_nearer_to_the_data_and_no_copier():
    def law(size, noise, seed):
        rng = stream(seed)
        return np.column_stack([3 * rng.normal(size=(size, 2)), noise * rng.normal(size=(size, 30))])

    found = audit(law(SIZE, 0.0, 1), law(SIZE, 1.0, 2), law(SIZE, 1.0, 3))
    # the published measures alone would convict it ...
    assert found["data-copying Z"] < -20
    assert found["authenticity"] < 0.05
    # ... and these acquit it
    assert found["neighbour ratio Z"] > -3.5
    assert found["copied fraction"] == 0


def test_a_fifth_of_copies_among_good_points_is_counted(digits):
    training, held_out, fresh = digits
    mixed = np.concatenate([fresh[: SIZE - 90], training[:90]])
    found = audit(mixed, held_out, training)
    assert found["copied fraction"] == pytest.approx(0.2)
    assert found["neighbour ratio Z"] < -3.5


def test_repeated_training_points_do_not_hide_copies(digits):
    training, held_out, _ = digits
    doubled = np.concatenate([training, training])
    found = audit(training + 1e-3 * stream(6).normal(size=training.shape), held_out, doubled)
    assert found["copied fraction"] == 1
    assert found["authenticity"] == 0


def test_a_lost_mode_lowers_coverage_and_not_precision():
    def two_groups(size, seed):
        return stream(seed).normal(size=(size, 2)) + np.where(np.arange(size) % 2, 20.0, -20.0)[:, None]

    generated = stream(1).normal(size=(400, 2)) - 20
    found = audit(generated, two_groups(400, 2), two_groups(400, 3))
    assert found["precision"] > 0.95
    assert found["coverage"] < 0.55
    assert found["coverage, real against real (reference)"] > 0.93


def test_the_samples_come_from_the_model_and_their_number_from_the_held_out_inputs():
    points = stream(7).normal(size=(900, 4)) * [4, 3, 2, 1]
    inputs = Latents(points, ids=np.arange(900))
    training, unseen = inputs.take(np.arange(500)), inputs.take(np.arange(500, 900))
    model = fit_linear(training.points, 4)
    codes = encode_latents(model, unseen)
    found = SamplingAudit()(codes, model, inputs, training, stream())
    # a Gaussian model of Gaussian data is right
    assert found["points"] == 400
    assert found["coverage, expected (reference)"] == expected_coverage(400, 400, 5)
    assert found["coverage"] == pytest.approx(found["coverage, expected (reference)"], abs=0.05)
    assert abs(found["data-copying Z"]) < 3.5
    with_trained = SamplingAudit()(encode_latents(model, inputs), model, inputs, training, stream())
    assert with_trained == found


def test_too_few_points_are_refused():
    cloud = stream().normal(size=(6, 2))
    with pytest.raises(InvalidInput, match="has 5 points and neighbours is 5"):
        audit(cloud, cloud[:5], cloud)
    with pytest.raises(InvalidInput, match="training inputs coincide"):
        audit(cloud, cloud, np.ones((6, 2)))


def test_points_that_are_not_finite_are_refused_by_what_they_are():
    training, held_out, generated = (stream(seed).normal(size=(40, 3)) for seed in range(3))
    generated[3, 1] = np.nan
    with pytest.raises(InvalidInput, match="1 of 40 generated points have coordinates that are not finite"):
        audit(generated, held_out, training)


def test_a_decoder_that_collapsed_to_one_point_is_told_by_how_many_points_differ():
    training, held_out = (stream(seed).normal(size=(60, 3)) for seed in range(2))
    found = audit(np.repeat(stream(5).normal(size=(1, 3)), 60, axis=0), held_out, training)
    assert found["different generated points"] == 1
    assert found["different held-out points (reference)"] == found["points"] == 60
    assert found["coverage"] < 0.2


def test_neither_the_axes_nor_the_unit_nor_the_storage_of_bits_decides_anything():
    """Counts of different bits are integers: what is equal there stays equal, in balls, ranks, cells and copies."""
    rng = stream(5)
    chances, turn = np.linspace(0.1, 0.5, 16), np.linalg.qr(rng.normal(size=(16, 16)))[0]
    parts = [(rng.random((size, 16)) < chances) / 1.0 for size in (300, 300, 500)]
    plain = audit(*parts).scalars
    units = {"training distance", "training distance, held-out (reference)"}
    for unit, move in (
        (1.0, lambda part: part @ turn),
        (1.0, lambda part: part @ turn + 7.3),
        (1 / 0.3081, lambda part: (part - 0.1307) / 0.3081),
    ):
        for kinds in ("ddd", "fff", "dff"):
            moved = audit(*(move(part).astype(kind) for part, kind in zip(parts, kinds, strict=True))).scalars
            for name, scalar in plain.items():
                expected = scalar.value * (unit if name in units else 1.0)
                assert moved[name].value == pytest.approx(expected, rel=1e-5 if name in units else 1e-12), name


@pytest.mark.parametrize("exponent", [-900, 900])
def test_data_of_any_size_are_judged_alike(exponent):
    """Squares of such coordinates leave the range of float64: all would be copies, or none."""
    parts = [stream(seed).normal(size=(200, 4)) for seed in (6, 7, 8)]
    plain, moved = (audit(*(np.ldexp(part, power) for part in parts)) for power in (0, exponent))
    for name, scalar in plain.scalars.items():
        assert moved[name] == np.ldexp(scalar.value, exponent if scalar.unit == "data distance" else 0), name
