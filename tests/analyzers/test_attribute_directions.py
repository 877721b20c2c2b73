"""Directions of attributes that were planted, among codes that make them hard to find."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tda_latent.analyzers.attributes import AttributeDirections
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.numerics.probes import held_out
from tda_latent.records import Factor, Latents
from tda_latent.registry import needs_of


def stream(seed=0):
    return np.random.default_rng(seed)


def directions(points, seed=1, **factors):
    return AttributeDirections(permutations=39)(Latents(points, factors=factors), stream(seed))


def cell(table, row, column):
    return float(table.values[list(table.rows).index(row), list(table.columns).index(column)])


CODES = stream(5).normal(size=(300, 6))


def test_a_planted_quantity_is_found_with_the_r2_that_its_noise_allows():
    direction = stream(6).normal(size=6)
    clean = CODES @ direction
    found = directions(CODES, size=Factor(clean + 0.5 * clean.std() * stream(7).normal(size=300)))
    assert found["R2, size"] == pytest.approx(1 / 1.25, abs=0.08)
    assert found["R2, size, p"] == 1 / 40
    assert found["R2, size (reference)"] < 0
    normal = found.tables["directions"].values[0]
    assert normal @ direction / np.linalg.norm(direction) > 0.99
    assert np.linalg.norm(normal) == pytest.approx(1)
    table = found.tables["alignment"]
    for column in ("support vectors", "pattern", "other half"):
        assert cell(table, "size", column) > 0.95
        assert cell(found.tables["alignment by chance"], "size", column) < 0.95
    assert cell(found.tables["alignment by chance"], "size", "other half") < 0.7


def test_three_classes_in_a_row_are_told_apart_though_no_regression_ever_ranks_the_middle_one_first():
    classes = np.arange(300) % 3
    codes = np.column_stack([4.0 * classes, stream(1).normal(size=300)]) + 0.3 * stream(2).normal(size=(300, 2))
    found = directions(codes, group=Factor(classes, "categorical"))
    assert found["balanced accuracy, group"] > 0.95
    assert found["balanced accuracy, group (reference)"] == pytest.approx(1 / 3, abs=0.06)
    assert list(found.tables["directions"].rows) == ["group = 0", "group = 1", "group = 2"]


def test_two_classes_have_one_direction_towards_the_second():
    classes = np.where(CODES[:, 2] > 0, "yes", "no")
    found = directions(CODES, smile=Factor(classes, "categorical"))
    assert list(found.tables["directions"].rows) == ["smile"]
    assert found.tables["directions"].values[0, 2] > 0.97
    assert cell(found.tables["alignment"], "smile", "support vectors") > 0.97


def test_a_quantity_of_two_values_has_support_vectors_whichever_is_more_frequent():
    for share in (0.3, 0.7):
        high = CODES[:, 1] > np.quantile(CODES[:, 1], 1 - share)
        found = directions(CODES, smile=Factor(high.astype(float)))
        assert cell(found.tables["alignment"], "smile", "support vectors") > 0.95


def test_a_rare_class_earns_nothing_by_always_naming_the_common_one():
    classes = (np.arange(300) % 30 == 0).astype(int)
    found = directions(CODES, rare=Factor(classes, "categorical"))
    assert found["balanced accuracy, rare"] == pytest.approx(0.5, abs=0.1)
    assert found["balanced accuracy, rare, p"] > 0.05


def test_an_angle_is_a_plane_with_a_roundness_and_no_quantity():
    angles = stream(3).uniform(0, 1, 400)
    turns = 2 * np.pi * angles
    codes = np.column_stack([np.cos(turns), 0.5 * np.sin(turns), stream(4).normal(size=(400, 3))])
    circular = directions(codes, angle=Factor(angles, "circular", 1.0))
    assert circular["R2, angle"] > 0.98
    assert circular["roundness, angle"] == pytest.approx(0.5, abs=0.06)
    assert list(circular.tables["directions"].rows) == ["angle (cosine)", "angle (sine)"]
    assert cell(circular.tables["alignment"], "angle (sine)", "other half") > 0.95
    assert np.isnan(cell(circular.tables["alignment"], "angle (sine)", "support vectors"))
    # read as a quantity, the same angle seems to be half there
    assert directions(codes, angle=Factor(angles, "real"))["R2, angle"] < 0.8


def test_an_angle_that_the_codes_do_not_know_has_no_roundness():
    found = directions(CODES, angle=Factor(stream(8).uniform(0, 1, 300), "circular", 1.0))
    assert found["R2, angle, p"] > 0.05
    assert np.isnan(found["roundness, angle"])


def test_among_correlated_codes_the_normal_is_not_the_way_the_attribute_moves():
    common = stream(1).normal(size=400)
    own = stream(2).normal(size=400)
    codes = np.column_stack([common + 0.1 * own, common])
    found = directions(codes, own=Factor(own))
    # the normal is (1, -1) up to length, while codes with a larger value have a larger first coordinate only
    np.testing.assert_allclose(np.abs(found.tables["directions"].values[0]), np.sqrt(0.5), atol=0.08)
    assert found["R2, own"] > 0.7
    pattern = np.array([np.cov(codes[:, k], own)[0, 1] for k in range(2)])
    expected = abs(pattern @ [1, -1]) / np.linalg.norm(pattern) / np.sqrt(2)
    assert cell(found.tables["alignment"], "own", "pattern") == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("change", [1.0, 1e3, 1e6])
def test_moving_all_codes_or_a_coordinate_that_never_varies_changes_nothing(change):
    factors = {
        "size": Factor(CODES @ np.arange(6) + stream(9).normal(size=300)),
        "kind": Factor(np.digitize(CODES[:, 1], [-0.5, 0.5]), "categorical"),
        "sign": Factor((CODES[:, 2] + 0.3 * stream(8).normal(size=300) > 0), "categorical"),
    }
    plain = directions(CODES, **factors)
    for codes in (CODES + change, np.column_stack([CODES, np.full(300, change)])):
        found = directions(codes, **factors)
        for name, scalar in plain.scalars.items():
            assert found[name] == pytest.approx(scalar.value, abs=1e-6), name
        columns = slice(0, 3)  # support vectors, pattern, other half
        np.testing.assert_allclose(
            found.tables["alignment"].values[:, columns], plain.tables["alignment"].values[:, columns], atol=1e-3
        )


def test_among_codes_that_repeat_each_other_directions_of_nothing_agree_and_chance_says_so():
    twin = CODES[:, :1] + 0.05 * stream(1).normal(size=(300, 1))
    codes = np.column_stack([twin, CODES])
    agreed, chance = [], []
    for seed in range(8):
        found = directions(codes, seed, nothing=Factor(stream(seed + 50).normal(size=300)))
        agreed.append(cell(found.tables["alignment"], "nothing", "other half"))
        chance.append(cell(found.tables["alignment by chance"], "nothing", "other half"))
    assert np.mean(chance) > 0.6  # random directions of seven dimensions: 0.32
    assert np.mean(agreed) == pytest.approx(np.mean(chance), abs=0.25)


def test_copies_of_points_are_neither_learnt_by_heart_nor_counted_as_points():
    twice = np.repeat(np.arange(40), 2)
    values, found_by_chance = [], []
    for seed in range(30):
        codes = stream(seed).normal(size=(40, 60))[twice]
        found = directions(codes, seed, nothing=Factor(stream(seed + 99).normal(size=40)[twice]))
        assert found["different points"] == 40
        values.append(found["R2, nothing"])
        found_by_chance.append(found["R2, nothing, p"] <= 0.05)
    assert np.mean(values) < 0.1  # 0.5 and more where copies are on both sides
    assert np.mean(found_by_chance) <= 0.17  # 0.05 and three deviations; 0.85 where copies are on both sides


def test_codes_of_a_few_steps_are_no_copies():
    steps = np.arange(120) % 3
    found = directions(np.eye(3)[steps], kind=Factor(steps, "categorical"))
    assert found["balanced accuracy, kind"] == 1.0
    assert found["balanced accuracy, kind, p"] == 1 / 40


def test_chance_is_called_chance_as_often_as_promised():
    values = []
    for seed in range(120):
        rng = stream(seed)
        latents = Latents(rng.normal(size=(45, 5)), factors={"nothing": Factor(rng.normal(size=45))})
        values.append(AttributeDirections(permutations=19)(latents, rng)["R2, nothing, p"])
    assert np.mean(np.array(values) <= 0.1) < 0.2  # 0.1 promised; 3.6 deviations above
    assert 0.35 < np.mean(values) < 0.7


def test_more_dimensions_than_points_give_no_false_find():
    found = directions(stream(1).normal(size=(60, 200)), nothing=Factor(stream(2).normal(size=60)))
    assert found["R2, nothing"] < 0.2
    assert found["R2, nothing, p"] > 0.05
    assert cell(found.tables["alignment"], "nothing", "other half") < 0.3


def test_labels_are_classes_when_there_are_few_values_and_quantities_when_there_are_many():
    labels = {
        "digit": np.arange(300) % 10,
        "number": np.arange(300),
        "value": CODES[:, 0],
        "name": np.array([f"file-{k}" for k in range(300)]),
        "same": np.full(300, "a"),
    }
    ask = AttributeDirections(columns="labels", permutations=19)
    assert needs_of(ask) == ("labels",)
    found = ask(Latents(CODES, labels=labels), stream())
    assert [name for name in found.scalars if "," in name and "(" not in name and ", p" not in name] == [
        "balanced accuracy, digit",
        "R2, number",
        "R2, value",
    ]
    assert found["R2, value"] > 0.99


def test_a_class_of_one_point_is_no_obstacle():
    found = directions(CODES, odd=Factor(np.array(["a"] * 150 + ["b"] * 149 + ["c"]), "categorical"))
    assert 0 <= found["balanced accuracy, odd"] <= 1


def test_what_cannot_be_probed_is_refused_with_the_reason():
    with pytest.raises(InvalidInput, match="no attribute varies among the factors"):
        directions(CODES, same=Factor(np.ones(300)))
    with pytest.raises(UnknownName, match="Did you mean 'size'"):
        AttributeDirections(attributes=("sise",))(Latents(CODES, factors={"size": Factor(CODES[:, 0])}), stream())
    with pytest.raises(InvalidInput, match="12 points that differ"):
        directions(np.ones((20, 2)), size=Factor(np.arange(20.0)))
    with pytest.raises(InvalidInput, match="12 points that differ"):
        directions(CODES[:5], size=Factor(np.arange(5.0)))


@pytest.mark.parametrize("exponent", [-900, -600, 600, 900])
def test_codes_of_any_size_have_the_same_directions_to_the_bit(exponent):
    """Directions have no unit, and neither squares nor slopes leave the range."""
    values = {
        "class": Factor((CODES[:, 0] > 0).astype(float), "categorical"),
        "size": Factor(CODES @ np.arange(6.0)),
        "angle": Factor(np.arctan2(CODES[:, 1], CODES[:, 2]), "circular", 2 * np.pi),
    }
    plain, moved = directions(CODES, **values), directions(np.ldexp(CODES, exponent), **values)
    assert plain["R2, size"] > 0.9
    for name, scalar in plain.scalars.items():
        np.testing.assert_equal(moved[name], scalar.value, name)
    for name, table in plain.tables.items():
        np.testing.assert_array_equal(moved.tables[name].values, table.values)


@pytest.mark.parametrize(("share", "shift"), [(0.02, 2.5), (0.05, 2.0)])
def test_a_rare_class_is_read_off_nearly_as_well_as_the_best_rule_does(share, shift):
    """Two shifted normals: the best rule cuts half-way and is right with probability Phi(shift / 2) on both sides."""
    found = []
    for seed in range(8):
        classes = (np.arange(1000) < 1000 * share).astype(int)
        codes = stream(seed).normal(size=(1000, 8))
        codes[:, 3] += shift * classes
        found.append(directions(codes, seed, rare=Factor(classes, "categorical")))
    assert np.mean([one["balanced accuracy, rare"] for one in found]) > norm.cdf(shift / 2) - 0.06
    assert np.mean([one["balanced accuracy, rare, p"] <= 0.05 for one in found]) == 1.0
    for column in ("support vectors", "other half"):
        assert np.mean([cell(one.tables["alignment"], "rare", column) for one in found]) > 0.7


def test_classes_of_equal_size_are_fitted_as_without_weights(monkeypatch):
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    classes = np.arange(270) % 3
    codes = CODES[:270] + np.eye(6)[classes]
    seed = next(s for s in range(999) if len(set(np.bincount(classes[held_out(codes, 3, stream(s))[0]]))) == 1)
    weighted = directions(codes, seed, group=Factor(classes, "categorical"))

    def plain(machine):
        return lambda class_weight, **options: machine(**options)

    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", plain(LogisticRegression))
    monkeypatch.setattr("sklearn.svm.LinearSVC", plain(LinearSVC))
    unweighted = directions(codes, seed, group=Factor(classes, "categorical"))
    assert {k: s.value for k, s in weighted.scalars.items()} == {k: s.value for k, s in unweighted.scalars.items()}
    for name in ("directions", "alignment"):
        np.testing.assert_allclose(weighted.tables[name].values, unweighted.tables[name].values, rtol=1e-9)
