"""Pictures of generation: what is drawn is what the decoder gives for the codes that the captions name."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import tda_latent as tl
from tda_latent.analyzers.attribute_sweep import AttributeSweep
from tda_latent.analyzers.code_mixing import CodeMixing
from tda_latent.analyzers.interpolation_strips import InterpolationStrips
from tda_latent.analyzers.prior_samples import PriorSamples, nearest_inputs
from tda_latent.analyzers.traversal_grid import TraversalGrid
from tda_latent.errors import InvalidInput, InvalidParameter, UnknownName
from tda_latent.models.linear import fit_linear
from tda_latent.models.network import encode_latents, network
from tda_latent.records import Factor, Latents
from tda_latent.sources.digits import Digits

SEEN = np.arange(1797) < 600
DIGITS = Digits()()
DATA = DIGITS.replace(split=np.where(SEEN, "train", "test"))
TRAINING = DATA.take(SEEN)
MODEL = fit_linear(TRAINING.points, 6)
CLOUD = encode_latents(MODEL, DATA.take(np.arange(1000, 1200)))
ASKED = network(MODEL)
OWN = DATA.matching(CLOUD.ids)


def stream(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def flat(gallery: tl.Gallery) -> np.ndarray:
    return gallery.images.reshape(*gallery.images.shape[:2], -1)


@pytest.mark.parametrize("path", ["linear", "spherical", "geodesic"])
def test_a_strip_begins_and_ends_with_the_reconstructions_of_its_inputs(path):
    ends = (("digit-1003", "digit-1100"), ("digit-1199", "digit-1000"))
    strips = InterpolationStrips(ends=ends, paths=(path,), steps=4)(CLOUD, MODEL, DATA, stream())
    rows = np.array([[3, 100], [199, 0]])
    pictures = flat(strips)
    assert pictures.shape == (2, 7, 64)
    for column, side in ((0, 0), (6, 1)):
        np.testing.assert_array_equal(pictures[:, column], OWN.points[rows[:, side]].astype(np.float32))
    for column, side in ((1, 0), (5, 1)):
        np.testing.assert_array_equal(pictures[:, column], ASKED.decode(CLOUD.points[rows[:, side]]).astype(np.float32))
    assert strips.captions[0, 0] == OWN.labels["digit"][3]


def test_a_straight_strip_crosses_the_hole_and_a_geodesic_one_goes_round():
    turn = np.linspace(0, 1.5 * np.pi, 80)
    arc = np.stack([np.cos(turn), np.sin(turn), 0.1 * turn, np.zeros(80)], axis=1)
    data = Latents(arc, ids=np.arange(80).astype(str))
    model = fit_linear(arc, 3)
    cloud = encode_latents(model, data)
    strips = InterpolationStrips(ends=(("0", "79"),), paths=("linear", "geodesic"), steps=6)(
        cloud, model, data, stream()
    )
    straight, round_about = (cdist(row[1:-1], arc).min(axis=1) for row in flat(strips).astype(float))
    np.testing.assert_allclose(flat(strips)[0, 4], (arc[0] + arc[79]) / 2, atol=1e-6)
    assert straight.max() > 0.25
    assert round_about.max() < 1.5 * np.pi / 79


def test_no_spherical_path_joins_opposite_codes_and_its_inner_cells_stay_empty():
    points = np.array([[1.0, 0, 0, 0], [-1, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 1]])
    data = Latents(points, ids=np.array(list("abcd")))
    model = fit_linear(points, 3)
    model = model.replace(weights={**model.weights, "mean": np.zeros(4)})
    codes = encode_latents(model, data)
    strips = InterpolationStrips(ends=(("a", "b"),), steps=2)(codes, model, data, stream())
    assert strips.shown.tolist() == [[True] * 5, [True, True, False, True, True], [True] * 5]


def test_a_code_is_joined_to_the_farthest_one_where_that_is_asked():
    strips = InterpolationStrips(pairs=6, partner="farthest", paths=("linear",))(CLOUD, MODEL, DATA, stream())
    apart = cdist(CLOUD.points, CLOUD.points)
    for row in flat(strips):
        first, last = (int(np.argmin(((OWN.points - side) ** 2).sum(axis=1))) for side in (row[0], row[-1]))
        assert apart[first, last] == pytest.approx(apart[first].max())


def test_unknown_ends_are_named():
    with pytest.raises(InvalidInput, match="'digit-3' is not in the cloud"):
        InterpolationStrips(ends=(("digit-3", "digit-1100"),))(CLOUD, MODEL, DATA, stream())


def test_traversals_move_one_coordinate_and_sort_by_activity():
    grid = TraversalGrid(steps=5, span=1.5, at="digit-1010")(CLOUD, MODEL, DATA)
    variances = CLOUD.points.var(axis=0)
    order = np.argsort(-variances)
    assert [row.split(":")[0] for row in grid.rows] == [f"z{k}" for k in order]
    np.testing.assert_allclose(flat(grid)[:, 2], np.repeat(ASKED.decode(CLOUD.points[[10]]), 6, axis=0), atol=1e-6)
    back = ASKED.encode(flat(grid)[1].astype(float)).mean - CLOUD.points[10]
    expected = np.zeros((5, 6))
    expected[:, order[1]] = np.linspace(-1.5, 1.5, 5) * np.sqrt(variances[order[1]])
    np.testing.assert_allclose(back, expected, atol=1e-5)


def test_a_coordinate_that_the_decoder_ignores_moves_nothing():
    axes = np.array(MODEL.weights["axes"])
    silent = MODEL.replace(weights={**MODEL.weights, "axes": np.vstack([axes[:5], 0 * axes[:1]])})
    codes = encode_latents(silent, OWN)
    grid = TraversalGrid(steps=3)(codes, silent, DATA)
    assert grid.rows[-1] == "z5: variance 0\nmoves 0.00"
    assert grid.scalars["active coordinates"].value == 5
    assert grid.scalars["coordinates (reference)"].value == 6


def test_a_row_without_a_middle_is_refused():
    with pytest.raises(InvalidParameter, match="odd number"):
        TraversalGrid(steps=4)
    assert TraversalGrid(steps=4, unit="range").steps == 4


def test_posterior_steps_use_the_posterior_and_range_steps_the_quantiles():
    wide = CLOUD.replace(scale=np.full(CLOUD.points.shape, 0.25))
    grid = TraversalGrid(steps=3, span=2, unit="posterior", at="digit-1010")(wide, MODEL, DATA)
    back = ASKED.encode(flat(grid)[0].astype(float)).mean - CLOUD.points[10]
    leading = int(np.argmax(CLOUD.points.var(axis=0)))
    np.testing.assert_allclose(back[:, leading], [-0.5, 0, 0.5], atol=1e-5)
    assert {"ids", "scale"} <= set(TraversalGrid(unit="posterior").needs)
    grid = TraversalGrid(steps=3, unit="range")(CLOUD, MODEL, DATA)
    back = ASKED.encode(flat(grid)[0].astype(float)).mean[:, leading]
    np.testing.assert_allclose(back[[0, 2]], np.quantile(CLOUD.points[:, leading], [0.01, 0.99]), atol=1e-5)
    assert grid.columns.tolist() == ["0 %", "50 %", "100 %"]


def test_the_nearest_training_input_is_that_of_brute_force():
    found = PriorSamples(samples=5)(CLOUD, MODEL, DATA, TRAINING, stream())
    pictures = flat(found).astype(float)
    for sample, nearest, captions in ((0, 1, found.captions[1]), (2, 3, found.captions[3])):
        gaps = np.sqrt(((pictures[sample][:, None] - TRAINING.points[None]) ** 2).sum(axis=2))
        np.testing.assert_allclose(pictures[nearest], TRAINING.points[gaps.argmin(axis=1)], atol=1e-6)
        np.testing.assert_allclose(captions.astype(float), gaps.min(axis=1), rtol=6e-3)
        assert (np.diff(gaps.min(axis=1)) > -1e-5).all()
    held_out = cdist(OWN.points, TRAINING.points).min(axis=1)
    assert found.scalars["held-out inputs (reference)"].value == pytest.approx(np.median(held_out))


def test_nearest_inputs_takes_the_first_of_equals():
    gaps, rows = nearest_inputs(np.zeros((1, 2)), np.array([[3.0, 4], [0, 5], [5, 0]]))
    assert (gaps.tolist(), rows.tolist()) == ([5.0], [0])


def test_low_density_samples_come_from_where_no_codes_are():
    found = PriorSamples(samples=8, neighbours=5)(CLOUD, MODEL, DATA, TRAINING, stream())
    reach = [
        np.sort(cdist(ASKED.encode(row.astype(float)).mean, CLOUD.points), axis=1)[:, 4] for row in flat(found)[[0, 2]]
    ]
    assert reach[1].min() > np.median(reach[0])


def test_without_held_out_inputs_there_is_no_reference():
    seen = encode_latents(MODEL, TRAINING)
    found = PriorSamples(samples=2)(seen, MODEL, DATA, TRAINING, stream())
    assert set(found.scalars) == {"prior samples", "low-density samples"}


def test_mixed_codes_take_the_rows_coordinates_from_the_row():
    mixed = CodeMixing(rows=2, columns=3, coordinates=(1, 4))(CLOUD, MODEL, DATA, stream())
    codes = ASKED.encode(flat(mixed).reshape(-1, 64).astype(float)).mean.reshape(3, 4, 6)
    np.testing.assert_allclose(codes[1:, 1:, [1, 4]], np.repeat(codes[1:, :1, [1, 4]], 3, axis=1), atol=1e-5)
    np.testing.assert_allclose(
        codes[1:, 1:, [0, 2, 3, 5]], np.repeat(codes[:1, 1:, [0, 2, 3, 5]], 2, axis=0), atol=1e-5
    )
    assert not mixed.shown[0, 0]
    assert mixed.shown.sum() == 11
    everything = CodeMixing(rows=2, columns=3, coordinates=(0, 1, 2, 3, 4, 5))(CLOUD, MODEL, DATA, stream())
    np.testing.assert_array_equal(flat(everything)[1:, 1], flat(everything)[1:, 0])
    with pytest.raises(InvalidInput, match="coordinate 6 does not exist"):
        CodeMixing(coordinates=(6,))(CLOUD, MODEL, DATA, stream())


def planted(seed: int = 0) -> tuple[Latents, np.ndarray]:
    """Data that move along one known direction with a real factor, and around a circle with an angle."""
    rng = stream(seed)
    axes = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    height, angle = rng.uniform(-1, 1, 300), rng.uniform(0, 8, 300)
    turned = np.stack([np.cos(np.pi * angle / 4), np.sin(np.pi * angle / 4)], axis=1)
    points = 3 * height[:, None] * axes[0] + 2 * turned @ axes[1:3] + rng.normal(scale=0.1, size=(300, 16))
    factors = {"height": Factor(height), "angle": Factor(angle, "circular", 8.0)}
    labels = {"side": np.where(height > 0.3, "up", "down")}
    return Latents(points, ids=np.arange(300).astype(str), factors=factors, labels=labels), axes


def test_a_sweep_reaches_the_values_that_its_captions_name():
    data, axes = planted()
    model = fit_linear(data.points, 5)
    codes = encode_latents(model, data)
    sweep = AttributeSweep(factor="height", starts=3, steps=5)(codes, model, data, stream())
    values = sweep.columns[1:]
    wanted = np.quantile(data.factors["height"].values, [0.05, 0.95])
    assert float(values[0].replace("\N{MINUS SIGN}", "-")) == pytest.approx(wanted[0], abs=5e-3)
    read = flat(sweep)[:, 1:].astype(float) @ axes[0] / 3
    np.testing.assert_allclose(read, np.tile(np.linspace(*wanted, 5), (3, 1)), atol=0.15)
    assert sweep.scalars["probe R2"].value > 0.95
    assert sweep.scalars["arrived"].value == pytest.approx(1, abs=1e-6)


def test_a_circular_factor_is_walked_around():
    data, axes = planted()
    model = fit_linear(data.points, 5)
    sweep = AttributeSweep(factor="angle", starts=2, steps=8)(encode_latents(model, data), model, data, stream())
    assert sweep.columns.tolist() == ["input", "0", "1", "2", "3", "4", "5", "6", "7"]
    plane = flat(sweep)[:, 1:].astype(float) @ axes[1:3].T / 2
    turns = np.pi * np.arange(8) / 4
    np.testing.assert_allclose(plane, np.tile(np.stack([np.cos(turns), np.sin(turns)], axis=1), (2, 1, 1)), atol=0.2)


def test_a_class_is_approached_from_other_classes_along_the_difference_of_means():
    data, _ = planted()
    model = fit_linear(data.points, 5)
    codes = encode_latents(model, data)
    sweep = AttributeSweep(value="up", starts=4, steps=5)(codes, model, data, stream())
    assert set(sweep.captions[:, 0]) == {"down"}
    up = data.labels["side"] == "up"
    step = codes.points[up].mean(axis=0) - codes.points[~up].mean(axis=0)
    moved = network(model).encode(flat(sweep)[0, 1:].astype(float)).mean
    np.testing.assert_allclose(np.diff(moved, axis=0), np.tile(step / 2, (4, 1)), atol=1e-5)
    with pytest.raises(UnknownName, match="class of side 'upp'"):
        AttributeSweep(value="upp")(codes, model, data, stream())


def test_a_label_of_numbers_is_swept_as_a_factor_is_and_points_without_one_are_left_out():
    data, _ = planted()
    model = fit_linear(data.points, 5)
    codes = encode_latents(model, data)
    height = data.factors["height"].values
    sweep = AttributeSweep(label="height", starts=2, steps=5)
    labelled = codes.replace(labels={"height": height})
    wanted = AttributeSweep(factor="height", starts=2, steps=5)(labelled, model, data, stream())
    assert sweep(labelled, model, data, stream()).digest == wanted.digest
    gaps = np.where(np.arange(300) % 3 == 0, np.nan, height)
    known = labelled.replace(labels={"height": gaps}).take(np.arange(300) % 3 > 0)
    expected = sweep(known, model, data, stream())
    assert sweep(codes.replace(labels={"height": gaps}), model, data, stream()).digest == expected.digest
    named = AttributeSweep(label="level", value="1.0", starts=2, steps=5)
    classes = named(codes.replace(labels={"level": (height > 0.3).astype(float)}), model, data, stream())
    assert "level = 1.0" in classes.title


def test_a_missing_label_is_no_class_to_sweep():
    data, _ = planted()
    model = fit_linear(data.points, 5)
    codes = encode_latents(model, data)
    side = np.where(np.arange(300) % 3 > 0, "nan", data.labels["side"])  # most points
    sweep = AttributeSweep(starts=4, steps=5)(codes.replace(labels={"side": side}), model, data, stream())
    assert sweep.title.startswith("Codes moved along side = down")
    assert set(sweep.captions[:, 0]) == {"up"}
    with pytest.raises(InvalidInput, match="no value on any of 300 points"):
        AttributeSweep()(codes.replace(labels={"side": np.full(300, "")}), model, data, stream())


def test_a_shuffled_attribute_has_no_probe():
    data, _ = planted()
    shuffled = data.replace(factors={"height": Factor(stream(1).permutation(data.factors["height"].values))})
    model = fit_linear(data.points, 5)
    sweep = AttributeSweep(factor="height")(encode_latents(model, shuffled), model, shuffled, stream())
    assert abs(sweep.scalars["probe R2"].value) < 0.1


def test_an_attribute_of_one_value_is_refused():
    data, _ = planted()
    flat_data = data.replace(factors={"height": Factor(np.ones(300))})
    model = fit_linear(data.points, 5)
    with pytest.raises(InvalidInput, match="height has one value"):
        AttributeSweep(factor="height")(encode_latents(model, flat_data), model, flat_data, stream())


def test_the_shape_of_the_pictures_can_be_said_and_is_checked():
    made = CodeMixing(shape=(4, 16))(CLOUD, MODEL, DATA, stream())
    assert made.images.shape[2:] == (4, 16)
    assert CodeMixing(shape="curve")(CLOUD, MODEL, DATA, stream()).is_curves
    with pytest.raises(InvalidParameter, match="holds 60 numbers, and an input has 64"):
        CodeMixing(shape=(6, 10))(CLOUD, MODEL, DATA, stream())


def test_activations_of_another_model_are_refused():
    with pytest.raises(InvalidInput, match="does not give these latents"):
        CodeMixing()(CLOUD.replace(points=CLOUD.points + 1), MODEL, DATA, stream())
