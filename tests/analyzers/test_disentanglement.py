"""The analyzer `disentanglement` on codes whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mutual_info_score

from tda_latent.analyzers.disentanglement import Disentanglement
from tda_latent.analyzers.disentanglement.predictors import importances
from tda_latent.errors import InvalidInput, UnknownName
from tda_latent.numerics.disentanglement import code_modularity, information_gap, standardised, target_of
from tda_latent.numerics.mutual_information import binned, information_table
from tda_latent.records import Factor, Latents, Measures

SIZE = 600
RNG = np.random.default_rng(11)
FACTORS = RNG.uniform(size=(SIZE, 3))
NOISE = RNG.normal(size=(SIZE, 4))


def real(columns: np.ndarray) -> dict[str, Factor]:
    return {f"factor {k}": Factor(column, "real") for k, column in enumerate(columns.T)}


def measured(codes: np.ndarray, factors: dict[str, Factor] | None = None, **changes: object) -> Measures:
    settings = {"permutations": 1, "rotations": 0, "bins": 8, "predictor": "lasso"} | changes
    return Disentanglement(**settings)(Latents(codes, factors=factors or real(FACTORS)), np.random.default_rng(0))


def test_factors_beside_noise_score_one_and_turned_codes_score_less():
    found = measured(np.hstack([FACTORS, NOISE]), rotations=1, predictor="trees")
    for name in (
        "SAP",
        "DCI disentanglement",
        "DCI completeness",
        "DCI informativeness",
        "modularity",
        "FactorVAE score",
    ):
        assert found[name] == pytest.approx(1.0, abs=0.04), name
    assert found["MIG"] > 0.9
    assert found["explicitness"] > 0.95
    assert found["informative codes"] == 3
    for name in ("MIG", "SAP", "DCI disentanglement", "DCI completeness"):
        assert found[f"{name} (rotated codes)"] < 0.6, name
        assert found[f"{name} (permuted factors)"] < 0.1, name
    assert found.tables["permuted factors"].values.shape == (1, 8)


def test_noise_scores_no_more_than_permuted_factors():
    found = measured(NOISE, predictor="trees")
    for name in ("MIG", "SAP", "DCI disentanglement", "DCI completeness", "DCI informativeness"):
        assert found[name] < 0.06, name
        assert found[name] == pytest.approx(found[f"{name} (permuted factors)"], abs=0.1), name
    assert found["explicitness"] == pytest.approx(0.5, abs=0.04)
    assert found["FactorVAE score"] == pytest.approx(1 / 3, abs=0.12)
    assert found["informative codes"] == 0
    assert np.isnan(found["modularity"])


def test_codes_given_twice_have_no_gap():
    found = measured(np.hstack([FACTORS, FACTORS]))
    assert found["MIG"] == pytest.approx(0.0, abs=1e-12)
    assert found["SAP"] == pytest.approx(0.0, abs=1e-12)


def test_a_circle_in_two_codes_is_a_disentangled_circular_factor():
    angle = np.random.default_rng(3).uniform(0, 360, SIZE)
    turns = np.deg2rad(angle)
    codes = np.column_stack([np.cos(turns), FACTORS[:, 0], np.sin(turns), NOISE[:, 0]])
    size = Factor(FACTORS[:, 0], "real")
    circular = measured(codes, {"angle": Factor(angle, "circular", 360.0), "size": size})
    plain = measured(codes, {"angle": Factor(angle, "real"), "size": size})
    assert circular["MIG"] > 0.8
    assert circular["SAP"] > 0.95
    assert circular["DCI completeness"] > 0.95
    assert circular["DCI informativeness"] > 0.95
    assert plain["MIG"] < 0.6
    assert plain["SAP"] == pytest.approx((6 / np.pi**2 + 1) / 2, abs=0.05)  # a sine explains 6 / pi^2 of a sawtooth
    assert plain["DCI completeness"] < 0.95
    assert circular["MIG (single codes)"] == pytest.approx(plain["MIG"], abs=0.02)


def test_where_a_circular_factor_begins_makes_no_difference():
    angle = np.random.default_rng(3).uniform(0, 2 * np.pi, SIZE)
    codes = np.column_stack([np.cos(angle), np.sin(angle), NOISE[:, 0]])
    found = [
        measured(codes, {"angle": Factor(angle + start, "circular", 2 * np.pi)})
        for start in (0.0, 2.0, 2.0 - 4 * np.pi)
    ]
    for other in found[1:]:
        for name in ("MIG", "SAP", "DCI completeness", "DCI informativeness", "explicitness"):
            assert other[name] == pytest.approx(found[0][name], abs=0.05), name


def test_a_single_outlier_spoils_bins_of_equal_width_and_the_measures_say_so():
    spoilt = FACTORS.copy()
    spoilt[0] = 1e4
    width, mass = (measured(spoilt, binning=binning) for binning in ("width", "mass"))
    assert width["MIG"] < 0.05
    assert width["fewest bins in use"] < 1.1
    odd = FACTORS[:, 0].copy()
    odd[0] = 1e4
    assert measured(FACTORS, {"odd": Factor(odd), "even": Factor(FACTORS[:, 1])})["fewest bins in use (factors)"] < 1.1
    assert mass["MIG"] > 0.9
    assert mass["fewest bins in use"] > 7.9


def test_increasing_changes_of_codes_leave_bins_of_equal_mass_alone():
    plain, bent = (measured(codes, binning="mass") for codes in (FACTORS, np.exp(3 * FACTORS)))
    assert bent["MIG"] == pytest.approx(plain["MIG"], abs=1e-9)


def test_classes_in_an_arbitrary_order_of_one_code_are_separated():
    classes = np.random.default_rng(1).integers(0, 5, SIZE)
    codes = np.column_stack([np.array([3.0, 0, 4, 1, 2])[classes], NOISE[:, 0]])
    names = np.array(["ant", "bee", "cat", "dog", "eel"])[classes]
    found = measured(codes, {"kind": Factor(names, "categorical"), "size": Factor(FACTORS[:, 0], "real")})
    of_kind = dict(zip(found.tables["factors"].columns, found.tables["factors"].values[0], strict=True))
    assert of_kind["SAP"] > 0.9
    assert of_kind["MIG"] > 0.9
    assert of_kind["explicitness"] > 0.6  # five classes on a line, by straight cuts


@pytest.mark.parametrize("predictor", ["gradient-boosting", "lasso"])
def test_other_predictors_agree_on_what_is_clear(predictor):
    few = slice(0, 300)
    codes = np.hstack([FACTORS[few, :2], NOISE[few, :2]])
    found = measured(codes, real(FACTORS[few, :2]), predictor=predictor)
    assert found["DCI disentanglement"] > 0.9
    assert found["DCI completeness"] > 0.9
    assert found["DCI informativeness"] > 0.97


def test_constant_codes_and_constant_factors_count_for_nothing():
    factors = real(FACTORS) | {"flat": Factor(np.ones(SIZE), "real")}
    flat = measured(np.hstack([FACTORS, np.full((SIZE, 2), 7.0)]), factors)
    assert flat["DCI disentanglement"] == pytest.approx(1.0, abs=0.03)
    assert flat["modularity"] == pytest.approx(1.0, abs=0.03)
    assert flat["informative codes"] == 3
    assert "flat" not in flat.tables["factors"].rows.tolist()


STEPS = np.random.default_rng(7).integers(0, (3, 6, 40, 32, 32), (4000, 5))  # factors as dSprites has them


def published(codes: np.ndarray, steps: np.ndarray, bins: int = 20) -> tuple[float, float]:
    """MIG and modularity by scikit-learn's information of histogram bins with the steps as they are [locatello2019]."""
    binned = [np.digitize(code, np.histogram(code, bins)[1][:-1]) for code in codes.T]
    table = np.array([[mutual_info_score(step, code) for step in steps.T] for code in binned])
    ordered = np.sort(table, axis=0)
    entropies = np.array([mutual_info_score(step, step) for step in steps.T])
    squares = table**2
    rest = (squares.sum(axis=1) / squares.max(axis=1) - 1) / (steps.shape[1] - 1)
    return float(((ordered[-1] - ordered[-2]) / entropies).mean()), float((1 - rest).mean())


@pytest.mark.parametrize("kind", ["real", "categorical"])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_factors_of_uneven_steps_have_the_published_scores(kind, noise):
    rng = np.random.default_rng(8)
    codes = np.hstack([STEPS / STEPS.max(axis=0) + noise * rng.normal(size=(4000, 5)), rng.normal(size=(4000, 2))])
    factors = {f"factor {k}": Factor(STEPS[:, k], kind) for k in range(5)}
    targets = [target_of(factor.values, kind, None, 20, "width") for factor in factors.values()]
    wide = standardised(codes)
    information = information_table(
        np.stack([binned(code, 20) for code in wide.T], axis=1), [target.classes for target in targets]
    )
    gaps = [information_gap(wide, information[:, k], target) for k, target in enumerate(targets)]
    mig, modularity = published(codes, STEPS)
    assert np.mean(gaps) == pytest.approx(mig, abs=1e-3)
    assert np.nan_to_num(code_modularity(information)).mean() == pytest.approx(modularity, abs=1e-3)
    if noise == 0.0:  # 20 bins cannot tell 32 steps apart, so that even the factors themselves do not reach 1
        assert mig == pytest.approx(0.89, abs=0.01)


@pytest.mark.parametrize(("kind", "period"), [("real", None), ("circular", 1.0)])
def test_a_heap_at_one_value_makes_no_class_of_every_other_value(kind, period):
    rest = np.random.default_rng(3).uniform(0, 1, 150)
    plain = target_of(rest, kind, period, 20, "width")
    heaped = target_of(np.append(np.zeros(9900), rest), kind, period, 20, "width")
    assert len(np.unique(plain.classes)) <= 20
    assert len(np.unique(heaped.classes)) <= 20
    steps = np.repeat(
        np.arange(32) / 32, np.append(20, np.full(31, 60))
    )  # most steps occur often: classes of their own
    assert len(np.unique(target_of(steps, kind, period, 20, "width").classes)) == 32


@pytest.mark.parametrize("correlation", [0.5, 0.7, 0.9])
def test_factors_as_codes_are_disentangled_and_complete_however_correlated_they_are(correlation):
    """A tree that splits at random thresholds takes part of a factor from the code of the other."""
    rng = np.random.default_rng(11)
    codes = rng.multivariate_normal(np.zeros(2), [[1, correlation], [correlation, 1]], 1000)
    found = measured(codes, real(codes), predictor="trees")
    assert found["DCI disentanglement"] > 0.95
    assert found["DCI completeness"] > 0.95


def test_many_classes_read_from_noisy_codes_leave_no_importance_to_codes_that_know_nothing():
    rng = np.random.default_rng(9)
    steps = rng.integers(0, 32, (3000, 2))
    codes = np.hstack([steps / 31 + 0.05 * rng.normal(size=(3000, 2)), rng.normal(size=(3000, 4))])
    halves = np.arange(1500), np.arange(1500, 3000)
    found, share = importances(codes, np.eye(32)[steps[:, 0]], halves, "trees", 0)
    fine = RandomForestRegressor(30, min_samples_leaf=2, random_state=0).fit(codes[:1500], np.eye(32)[steps[:1500, 0]])
    assert found[0] > fine.feature_importances_[0] + 0.15  # the code itself; the five others know nothing
    assert found[1:].max() < 0.06
    assert share > 0.05


@pytest.mark.parametrize("predictor", ["trees", "lasso"])
def test_importances_of_a_useless_predictor_count_as_none(predictor):
    rng = np.random.default_rng(10)
    halves = np.arange(200), np.arange(200, 400)
    for _ in range(5):
        found, share = importances(rng.normal(size=(400, 6)), rng.normal(size=(400, 1)), halves, predictor, 0)
        assert not found.any()
        assert share < 0.03


def test_a_factor_that_no_code_knows_does_not_make_others_look_entangled():
    found = measured(FACTORS, real(FACTORS[:, :2]) | {"luck": Factor(NOISE[:, 0])}, predictor="trees")
    assert found["DCI disentanglement"] == pytest.approx(1.0, abs=0.03)
    assert found["DCI completeness"] == pytest.approx(2 / 3, abs=0.03)


def test_copies_of_points_make_noise_no_better_known():
    twice = np.repeat(np.arange(300), 2)
    informative = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        factors = real(rng.uniform(size=(300, 2))[twice])
        found = measured(rng.normal(size=(300, 3))[twice], factors, bins=20)
        informative.append(found["informative codes"] > 0)
        assert found["MIG"] == pytest.approx(found["MIG (permuted factors)"], abs=0.1)
    assert found["different points"] == 300
    assert np.mean(informative) <= 0.4  # once in twenty is promised; every time where copies are taken for points
    found = measured(NOISE[twice], real(FACTORS[twice]), predictor="trees")
    assert found["DCI informativeness"] < 0.0  # far above when one copy is learnt and the other asked for


def test_a_vote_on_one_factor_would_always_be_right_and_is_not_held():
    assert np.isnan(measured(NOISE, {"size": Factor(FACTORS[:, 0])})["FactorVAE score"])
    names = Factor(np.arange(SIZE) // 4, "categorical")
    assert np.isnan(
        measured(NOISE, {"half": Factor(np.arange(SIZE) % 2, "categorical"), "name": names})["FactorVAE score"]
    )


def test_one_factor_leaves_scores_between_factors_undefined():
    found = measured(FACTORS[:, :2], {"size": Factor(FACTORS[:, 0], "real")})
    assert np.isnan(found["modularity"])
    assert np.isnan(found["DCI disentanglement"])
    assert found["MIG"] > 0.9


def test_with_few_points_codes_seem_to_know_something_and_the_measures_say_how_much():
    few = slice(0, 100)
    found = measured(FACTORS[few], real(FACTORS[few]), bins=20)
    assert found["MIG"] < 0.6
    assert found["information share by chance"] == pytest.approx(19**2 / 200 / np.log(20), rel=0.3)
    assert measured(FACTORS)["information share by chance"] < 0.05


def test_large_clouds_are_sampled_and_the_number_is_told():
    found = measured(FACTORS, most_points=200)
    assert found["points"] == 200
    assert found["SAP"] > 0.95


def test_what_cannot_be_judged_is_refused_in_words():
    with pytest.raises(InvalidInput, match="at least 20"):
        measured(FACTORS[:10], {"size": Factor(FACTORS[:10, 0], "real")})
    with pytest.raises(InvalidInput, match="no factor varies"):
        measured(FACTORS, {"flat": Factor(np.ones(SIZE), "real")})
    with pytest.raises(InvalidInput, match="classes"):
        measured(FACTORS, {"name": Factor(np.arange(SIZE), "categorical")})
    with pytest.raises(UnknownName, match="Did you mean 'factor 1'"):
        measured(FACTORS, names=("factor1",))


def test_a_categorical_factor_that_some_points_lack_is_refused_and_makes_no_class_of_nothing():
    kinds = np.array(["a", "b", "nan"] * 1000, dtype=object)[: len(FACTORS)].astype(str)
    with pytest.raises(InvalidInput, match=r"'kind' has no value on \d+ of"):
        measured(FACTORS, {"kind": Factor(kinds, "categorical")} | real(FACTORS[:, :1]))
